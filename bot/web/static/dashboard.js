// The dashboard: asks for the figures every few seconds, and shows what has changed.

import { Chart } from "./charts.js";
import { h, patch } from "./patch.js";
import { atClock, atSecond, compact, dollars, number, onDay, onUtcDay, onWeekday, percent, seconds, span, spanIn } from "./format.js";

const PAUSE = 5_000; // milliseconds between two looks
const COUNTING = 100; // while older figures are still being counted
const PATIENCE = 15_000; // until an answer that does not come is given up
const HOUR = 3600;
const LONG_WAIT = 60; // seconds
const DAY = 86400;
const OTHERS = "others";
const SLOTS = Array.from({ length: 7 }, (_, n) => `slot${n + 1}`); // colours, in the style sheet

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
const charts = { turns: new Chart(page.turns), first: new Chart(page.first), whole: new Chart(page.whole), costs: new Chart(page.costs) };
const words = JSON.parse(page.words.textContent);
const plurals = new Intl.PluralRules(page.words.lang);
const figures = new Intl.NumberFormat(page.words.lang);
const timespan = spanIn(page.words.lang);
const looks = new Map(); // the colour of each name, kept while it is shown, by what is told apart
const chosen = { range: "day", split: "all", part: "p50", unit: "" };

// asking

let timer = 0;
let asking = null;
let shown = null;

async function refresh() {
  clearTimeout(timer);
  asking?.abort();
  asking = null;
  if (document.hidden) return; // nobody looks; when somebody does, this is called again
  const mine = (asking = new AbortController());
  const giveUp = setTimeout(() => mine.abort(), PATIENCE);
  try {
    const { range, split } = chosen;
    const response = await fetch(`/dashboard/data?${new URLSearchParams({ range, split })}`, { signal: mine.signal });
    const body = await response.json().catch(() => ({}));
    if (mine === asking) await take(response, body);
  } catch {
    if (mine === asking) say(`The connection is lost.${since()} Trying again…`);
  } finally {
    clearTimeout(giveUp);
  }
  if (mine === asking) timer = setTimeout(refresh, shown?.uncounted && !page.connection.textContent ? COUNTING : PAUSE);
}

function take(response, body) {
  if (response.ok) {
    say();
    page.sessions.hidden = response.headers.get("X-Session") !== "yes";
    show(body);
  } else if (response.status === 401) {
    say("You are logged out. ", h("a", { href: "/login?next=/dashboard" }, "Log in"));
  } else {
    say(`${body.error ?? `Something went wrong (${response.status}).`}${since()} Trying again…`);
  }
}

function since() {
  return shown ? ` What is shown is of ${atSecond(shown.now)}.` : "";
}

function say(...words) {
  patch(page.connection, words);
}

// showing

function show(data) {
  shown = data;
  document.querySelector("main").removeAttribute("aria-busy");
  const counting = data.uncounted > 0;
  patch(page.asof, [counting ? "still counting what is older…" : `as of ${atSecond(data.now)}`]);
  patch(page.news, news(data));
  patch(page.tiles, tiles(data));
  charts.turns.show({ ...overTime(data), kind: "bars", title: "Turns over time", series: turns(data), format: number, whole: true, more: (n) => failures(data, n) });
  charts.first.show({ ...overTime(data), kind: "lines", title: "Time to the first words", series: times(data, "first_words"), format: seconds });
  charts.whole.show({ ...overTime(data), kind: "lines", title: "Time to the whole answer", series: times(data, "took"), format: seconds });
  charts.costs.show(costs(data));
  page.part.hidden = data.split === "all";
  patch(page.errors, errors(data));
  page.quarantine.hidden = !data.put_aside.total;
  patch(page.aside, putAside(data));
  patch(page.fleet, fleet(data));
}

function overTime({ start, step, range, stretches, uncounted }) {
  return {
    start, step, counting: uncounted > 0, count: stretches,
    mark: (moment) => (step > HOUR ? onDay(moment) : isMidnight(moment) ? onWeekday(moment) : atClock(moment)),
    column: (n) => stretch(start + n * step, step, range),
  };
}

function isMidnight(moment) {
  const date = new Date(moment * 1000);
  return date.getHours() === 0 && date.getMinutes() === 0;
}

function stretch(from, step, range) {
  const time = step < 120 ? atClock(from) : `${atClock(from)} – ${atClock(from + step)}`;
  return range === "hour" || range === "day" ? time : `${onWeekday(from)}, ${time}`;
}

// What is wrong now, in words: trouble of ours first, and what is only worth knowing after it.
function news({ fleet: processes, backlog, put_aside: { total: aside }, stand_ins: standIns, now }) {
  const up = processes.filter((process) => !process.silent);
  const down = new Map(up.flatMap((process) => Object.entries(process.breakers)).filter(([, state]) => state !== "closed"));
  const about = (model, family) => model.startsWith(`${family.split("/")[0]}/`) && model.includes(family.split("/")[1] ?? "");
  const bad = [
    ...[...down].map(([family, state]) => tell(state === "open" ? "dashboard_down" : "dashboard_probing", { model: family, stands_in: inItsPlace(standIns.filter(({ asked }) => about(asked, family))) })),
    ...up.flatMap((process) => Object.entries(process.troubles).map(([part, why]) => tell("dashboard_trouble", { part, process: process.name, why }))),
    ...processes.filter((process) => process.silent).map((process) => tell("dashboard_silent", { process: process.name, span: timespan(now - process.seen) })),
    up.some((process) => process.workers) ? "" : tell("dashboard_nobody_works"),
    backlog.oldest && now - backlog.oldest > LONG_WAIT ? tell("dashboard_waiting", { span: timespan(now - backlog.oldest) }) : "",
  ].filter(Boolean);
  const known = [...down.keys()];
  const over = standIns.filter(({ asked }) => !known.some((family) => about(asked, family)));
  const notes = [
    ...over.map((each) => tell("dashboard_was_down", { model: each.asked, stands_in: inItsPlace([each]) })),
    aside ? tell("dashboard_aside", { turns: aside }) : "",
  ].filter(Boolean);
  if (!bad.length && !notes.length) return [h("p", { class: "well" }, tell("dashboard_well"))];
  return [h("ul", {}, [...bad.map((text) => h("li", { key: text, class: "bad" }, text)), ...notes.map((text) => h("li", { key: text }, text))])];
}

function inItsPlace(standIns) {
  if (!standIns.length) return tell("dashboard_nobody_yet");
  return standIns.map(({ by, answers, people, since }) => tell("dashboard_stands_in", { by, answers, people, time: atClock(since) })).join(" ");
}

// A sentence in the operator's language; a gap may choose its words by a number: {n:one=# answer|other=# answers}
function tell(key, gaps = {}) {
  return words[key].replace(/\{(\w+)(?::([^}]*))?\}/g, (_, gap, cases) => filledGap(gaps[gap], cases));
}

function filledGap(value, cases) {
  if (!cases) return value;
  const byNumber = Object.fromEntries(cases.split("|").map((one) => one.split("=")));
  return (byNumber[plurals.select(value)] ?? byNumber.other).replace("#", figures.format(value));
}

function tiles({ backlog, total, fleet: processes, costs: spent, now }) {
  const room = processes.filter((process) => !process.silent).reduce((sum, process) => sum + process.workers, 0);
  const [credits, cash] = [spent.credits, spent.dollars].map((models) => models.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0));
  return [
    tile("Waiting", number(backlog.waiting), backlog.oldest ? `the oldest for ${span(Math.max(0, now - backlog.oldest))}` : "on the queue"),
    tile("In work", number(backlog.in_work), room ? `of ${number(room)} at most` : "nobody works"),
    tile("Turns", number(total.turns), total.failed ? `${number(total.failed)} failed, ${percent(total.failed, total.turns)}` : "none failed"),
    tile("First words", seconds(total.first_words.p50), `p95 ${seconds(total.first_words.p95)}`),
    tile("Whole answer", seconds(total.took.p50), `p95 ${seconds(total.took.p95)}`),
    tile("Spent today", credits || !cash ? number(credits) : dollars(cash), credits && cash ? `credits and ${dollars(cash)}` : cash ? "UTC" : "credits"),
  ];
}

function tile(name, value, note) {
  return h("div", { key: name }, h("dt", {}, name), h("dd", {}, h("b", {}, value), h("span", {}, note)));
}

function turns({ split, groups }) {
  if (split !== "all") return groups.map((group) => ({ name: group.name, look: look(split, group.name, groups), values: group.turns }));
  return groups.flatMap(({ turns: all, failed }) => [
    { name: "went well", look: "slot1", values: all.map((value, n) => (value === null ? null : value - failed[n])) },
    { name: "failed", look: "failed", values: failed },
  ]);
}

function failures({ split, groups }, n) {
  if (split === "all") return [];
  const failed = groups.reduce((sum, group) => sum + (group.failed[n] ?? 0), 0);
  return failed ? [["failed, of all", number(failed)]] : [];
}

function times({ split, groups }, what) {
  const all = groups.flatMap((group) => split === "all"
    ? [{ name: "p50: half are faster", look: "slot1", values: group[what].p50 }, { name: "p95: 19 of 20 are faster", look: "slot2", values: group[what].p95 }]
    : [{ name: group.name, look: look(split, group.name, groups), values: group[what][chosen.part] }]);
  return all.filter(({ values }) => values.some((value) => value !== null));
}

function costs({ costs: { start, days, ...spent }, uncounted }) {
  const unit = chosen.unit || (spent.dollars.length && !spent.credits.length ? "dollars" : "credits");
  document.querySelector(`[name=unit][value=${unit}]`).checked = true;
  const models = spent[unit];
  const together = (n) => models.reduce((sum, { values }) => sum + (values[n] ?? 0), 0);
  return {
    kind: "bars", title: `Cost by day, in ${unit}`, start, step: DAY, count: days, utc: true, whole: unit === "credits", counting: uncounted > 0,
    format: unit === "credits" ? compact : dollars, mark: onUtcDay, column: (n) => onUtcDay(start + n * DAY),
    series: models.map(({ name, values }) => ({ name, look: look(unit, name, models), values })),
    more: (n) => [["together", (unit === "credits" ? number : dollars)(together(n))]],
  };
}

// A name keeps its colour as long as it is shown, whoever overtakes it.
function look(split, name, groups) {
  if (name === OTHERS) return "rest";
  if (!looks.has(split)) looks.set(split, new Map());
  const known = looks.get(split);
  const names = new Set(groups.map((group) => group.name));
  for (const old of [...known.keys()]) if (!names.has(old)) known.delete(old);
  if (!known.has(name)) {
    const used = new Set(known.values());
    const elsewhere = [...looks.values()].map((other) => other.get(name)); // better the colour that it has in another chart
    known.set(name, [...elsewhere, ...SLOTS].find((slot) => slot && !used.has(slot)) ?? "rest");
  }
  return known.get(name);
}

function errors({ errors: kinds, now, uncounted }) {
  if (!kinds.length) return [h("p", { class: "none" }, uncounted ? "still counting" : "None. Nice.")];
  const most = Math.max(...kinds.map((kind) => kind.turns));
  const row = ({ key, turns: many, last, sentence }) =>
    h("tr", { key },
      h("td", {}, sentence || "An error of another version of the bot.", h("code", {}, key)),
      h("td", { class: "count" }, h("b", {}, number(many)), h("svg", { class: "share", height: 4, "aria-hidden": "true" }, h("rect", { class: "fill failed", width: `${(100 * many) / most}%`, height: 4, rx: 2 }))),
      h("td", { class: "last", title: `${onWeekday(last)}, ${atSecond(last)}` }, `${span(now - last)} ago`));
  const heads = (title) => h("thead", {}, h("tr", {}, h("th", { scope: "col" }, title), h("th", { scope: "col" }, "Turns"), h("th", { scope: "col" }, "Last")));
  const part = (title, some) => some.length > 0 && h("table", { key: title }, heads(title), h("tbody", {}, some.map(row)));
  return [
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "errors-title" },
      part("Trouble of ours", kinds.filter((kind) => !kind.is_askers)),
      part("Questions and files that could not be answered", kinds.filter((kind) => kind.is_askers))),
  ];
}

function howOften(many) {
  return many === 1 ? "once" : many === 2 ? "twice" : `${number(many)} times`;
}

function putAside({ put_aside: { total, turns: aside }, now }) {
  const row = ({ turn, platform, at, stalls, crashes }) =>
    h("tr", { key: turn },
      h("td", {}, String(turn)),
      h("td", {}, platform),
      h("td", {}, [stalls && `the bot stood still ${howOften(stalls)}`, crashes && `it died ${howOften(crashes)}`].filter(Boolean).join(", ")),
      h("td", { class: "last", title: `${onWeekday(at)}, ${atSecond(at)}` }, `${span(now - at)} ago`),
      h("td", {}, h("button", { type: "button", "aria-label": `${tell("dashboard_release")} ${turn}`, onclick: (event) => letGo(turn, event.currentTarget) }, tell("dashboard_release"))));
  return [
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "aside-title" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Turn", "Platform", "Why", "When", ""].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, aside.map(row)))),
    h("p", { class: "note" }, `${number(total)} in all. To have one answered after all: `, h("code", {}, "python -m bot turns --release TURN")),
  ];
}

async function letGo(turn, button) {
  button.disabled = true;
  try {
    const response = await fetch(`/dashboard/turns/${turn}/release`, { method: "POST" });
    if (!response.ok && response.status !== 404) throw new Error(String(response.status)); // 404: somebody else did
  } catch {
    button.disabled = false;
    return say(tell("dashboard_not_released"));
  }
  refresh();
}

function fleet({ fleet: processes, now }) {
  if (!processes.length) return [h("p", { class: "none" }, "No process has told of itself yet.")];
  return [h("ul", { class: "processes" }, processes.map((process) => card(process, now)))];
}

function card(process, now) {
  const troubles = Object.entries(process.troubles);
  const breakers = Object.entries(process.breakers);
  const health = process.silent ? "silent" : troubles.length ? "trouble" : "well";
  const words = { silent: `silent for ${span(now - process.seen)}`, trouble: troubles.length > 1 ? `${troubles.length} troubles` : "in trouble", well: "all is well" };
  return h("li", { key: process.name, class: health },
    h("h3", {}, process.name, h("span", { class: "health" }, words[health])),
    h("p", {}, [
      process.listens.length ? `listens to ${process.listens.join(", ")}` : "does not listen",
      process.workers ? `${number(process.in_flight)} of ${number(process.workers)} in work` : "does not work",
      `up for ${span(now - process.started)}`,
    ].join(" · ")),
    troubles.length > 0 && h("ul", { class: "troubles" }, troubles.map(([part, why]) => h("li", {}, h("b", {}, part), ` ${why}`))),
    breakers.length > 0 && h("ul", { class: "breakers", "aria-label": "Breakers" }, breakers.map(([name, state]) => h("li", { key: name, class: state.replace(" ", "-") }, name, h("b", {}, state)))));
}

// choosing

function choose(name, value) {
  chosen[name] = value;
  const { range, split } = chosen;
  history.replaceState(null, "", `?${new URLSearchParams({ range, split })}`);
  if (name === "range" || name === "split") refresh();
  else if (shown) show(shown);
}

function begin() {
  const asked = new URLSearchParams(location.search);
  const { range, split } = page.controls.elements;
  if ([...range].some(({ value }) => value === asked.get("range"))) chosen.range = asked.get("range");
  if ([...split.options].some(({ value }) => value === asked.get("split"))) chosen.split = asked.get("split");
  range.value = chosen.range;
  split.value = chosen.split;
  document.querySelector(`[name=part][value=${chosen.part}]`).checked = true;
  document.addEventListener("change", ({ target }) => target.name in chosen && choose(target.name, target.value));
  page.controls.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("visibilitychange", refresh);
  refresh();
}

begin();
