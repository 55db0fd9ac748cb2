// The dashboard: asks for the figures every few seconds, and shows what has changed.

import { Chart } from "./charts.js";
import { h, patch } from "./patch.js";
import { ago, atClock, atSecond, compact, dollars, number, onDay, onUtcDay, onWeekday, percent, seconds, span } from "./format.js";
import { isolated, tell } from "./words.js";

const PAUSE = 5_000; // milliseconds between two looks
const COUNTING = 100; // while older figures are still being counted
const PATIENCE = 15_000; // until an answer that does not come is given up
const HOUR = 3600;
const LONG_WAIT = 60; // seconds
const DAY = 86400;
const OTHERS = "others";
const NAMES = { [OTHERS]: "dashboard_others", "no model": "dashboard_no_model" }; // of groups that no model and no platform is
const TIMES = ["", "dashboard_once", "dashboard_twice"];
const STATES = { closed: "dashboard_closed", "half open": "dashboard_half_open", open: "dashboard_open" };
const SLOTS = Array.from({ length: 7 }, (_, n) => `slot${n + 1}`); // colours, in the style sheet

const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
const charts = { turns: new Chart(page.turns), first: new Chart(page.first), whole: new Chart(page.whole), costs: new Chart(page.costs) };
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
    if (mine === asking) say(stillTrying(tell("dashboard_lost")));
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
    say(`${tell("dashboard_logged_out")} `, h("a", { href: "/login?next=/dashboard" }, tell("dashboard_log_in")));
  } else {
    say(stillTrying(tell(response.status === 503 ? "dashboard_no_store" : "dashboard_wrong", { status: response.status })));
  }
}

function stillTrying(sentence) {
  const since = shown && tell("dashboard_shown_of", { time: atSecond(shown.now) });
  return [sentence, since, tell("dashboard_trying")].filter(Boolean).join(" ");
}

function say(...words) {
  patch(page.connection, words);
}

// showing

function show(data) {
  shown = data;
  document.querySelector("main").removeAttribute("aria-busy");
  const counting = data.uncounted > 0;
  patch(page.asof, [counting ? tell("dashboard_counting") : tell("dashboard_as_of", { time: atSecond(data.now) })]);
  patch(page.news, news(data));
  patch(page.tiles, tiles(data));
  charts.turns.show({ ...overTime(data), kind: "bars", title: tell("dashboard_turns_chart"), series: turns(data), format: number, whole: true, more: (n) => failures(data, n) });
  charts.first.show({ ...overTime(data), kind: "lines", title: tell("dashboard_first_words"), series: times(data, "first_words"), format: seconds });
  charts.whole.show({ ...overTime(data), kind: "lines", title: tell("dashboard_whole_answer"), series: times(data, "took"), format: seconds });
  charts.costs.show(costs(data));
  page.part.hidden = data.split === "all";
  patch(page.errors, errors(data));
  page.comparisons.hidden = !data.scores.length;
  patch(page.wins, wins(data));
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
    ...processes.filter((process) => process.silent).map((process) => tell("dashboard_silent", { process: process.name, span: span(now - process.seen) })),
    up.some((process) => process.workers) ? "" : tell("dashboard_nobody_works"),
    backlog.oldest && now - backlog.oldest > LONG_WAIT ? tell("dashboard_waiting", { span: span(now - backlog.oldest) }) : "",
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

function tiles({ backlog, total, fleet: processes, costs: spent, now }) {
  const room = processes.filter((process) => !process.silent).reduce((sum, process) => sum + process.workers, 0);
  const [credits, cash] = [spent.credits, spent.dollars].map((models) => models.reduce((sum, { values }) => sum + (values.at(-1) ?? 0), 0));
  return [
    tile(tell("dashboard_tile_waiting"), number(backlog.waiting), backlog.oldest ? tell("dashboard_oldest", { span: span(now - backlog.oldest) }) : tell("dashboard_queue")),
    tile(tell("dashboard_tile_in_work"), number(backlog.in_work), room ? tell("dashboard_at_most", { most: number(room) }) : tell("dashboard_nobody")),
    tile(tell("dashboard_turns"), number(total.turns), total.failed ? tell("dashboard_some_failed", { failed: number(total.failed), percent: percent(total.failed, total.turns) }) : tell("dashboard_none_failed")),
    tile(tell("dashboard_tile_first"), seconds(total.first_words.p50), `p95 ${isolated(seconds(total.first_words.p95))}`),
    tile(tell("dashboard_tile_whole"), seconds(total.took.p50), `p95 ${isolated(seconds(total.took.p95))}`),
    tile(tell("dashboard_tile_spent"), credits || !cash ? number(credits) : dollars(cash), credits && cash ? tell("dashboard_credits_and", { amount: dollars(cash) }) : cash ? "UTC" : tell("dashboard_in_credits")),
  ];
}

function tile(name, value, note) {
  return h("div", { key: name }, h("dt", {}, name), h("dd", {}, h("b", {}, value), h("span", {}, note)));
}

function turns({ split, groups }) {
  if (split !== "all") return groups.map((group) => ({ name: named(group.name), look: look(split, group.name, groups), values: group.turns }));
  return groups.flatMap(({ turns: all, failed }) => [
    { name: tell("dashboard_went_well"), look: "slot1", values: all.map((value, n) => (value === null ? null : value - failed[n])) },
    { name: tell("dashboard_failed"), look: "failed", values: failed },
  ]);
}

function failures({ split, groups }, n) {
  if (split === "all") return [];
  const failed = groups.reduce((sum, group) => sum + (group.failed[n] ?? 0), 0);
  return failed ? [[tell("dashboard_failed_of_all"), number(failed)]] : [];
}

function times({ split, groups }, what) {
  const all = groups.flatMap((group) => split === "all"
    ? [{ name: tell("dashboard_half"), look: "slot1", values: group[what].p50 }, { name: tell("dashboard_most"), look: "slot2", values: group[what].p95 }]
    : [{ name: named(group.name), look: look(split, group.name, groups), values: group[what][chosen.part] }]);
  return all.filter(({ values }) => values.some((value) => value !== null));
}

function costs({ costs: { start, days, ...spent }, uncounted }) {
  const unit = chosen.unit || (spent.dollars.length && !spent.credits.length ? "dollars" : "credits");
  document.querySelector(`[name=unit][value=${unit}]`).checked = true;
  const models = spent[unit];
  const together = (n) => models.reduce((sum, { values }) => sum + (values[n] ?? 0), 0);
  return {
    kind: "bars", title: tell(`dashboard_costs_in_${unit}`), start, step: DAY, count: days, utc: true, whole: unit === "credits", counting: uncounted > 0,
    format: unit === "credits" ? compact : dollars, mark: onUtcDay, column: (n) => onUtcDay(start + n * DAY),
    series: models.map(({ name, values }) => ({ name: named(name), look: look(unit, name, models), values })),
    more: (n) => [[tell("dashboard_together"), (unit === "credits" ? number : dollars)(together(n))]],
  };
}

function named(name) {
  return NAMES[name] ? tell(NAMES[name]) : name;
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
  if (!kinds.length) return [h("p", { class: "none" }, tell(uncounted ? "dashboard_still_counting" : "dashboard_no_errors"))];
  const most = Math.max(...kinds.map((kind) => kind.turns));
  const row = ({ key, turns: many, last, sentence }) =>
    h("tr", { key },
      h("td", {}, sentence || tell("dashboard_other_version"), h("code", {}, key)),
      h("td", { class: "count" }, h("b", {}, number(many)), h("svg", { class: "share", height: 4, "aria-hidden": "true" }, h("rect", { class: "fill failed", width: `${(100 * many) / most}%`, height: 4, rx: 2 }))),
      h("td", { class: "last", title: `${onWeekday(last)}, ${atSecond(last)}` }, ago(now - last)));
  const heads = (title) => h("thead", {}, h("tr", {}, h("th", { scope: "col" }, title), h("th", { scope: "col" }, tell("dashboard_turns")), h("th", { scope: "col" }, tell("dashboard_last"))));
  const part = (title, some) => some.length > 0 && h("table", { key: title }, heads(title), h("tbody", {}, some.map(row)));
  return [
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "errors-title" },
      part(tell("dashboard_ours"), kinds.filter((kind) => !kind.is_askers)),
      part(tell("dashboard_askers"), kinds.filter((kind) => kind.is_askers))),
  ];
}

// How often each model wins comparisons; the bar is the interval in which the true share lies with 95%.
function wins({ scores }) {
  const columns = ["dashboard_by_model", "dashboard_share", "dashboard_votes", "dashboard_whole_answer", "dashboard_price"];
  const row = ({ model, won, votes, low, high, took, credits, dollars: cash }) =>
    h("tr", { key: model },
      h("td", {}, model),
      h("td", { class: "count" }, h("b", {}, percent(won, votes)), ` ${percent(low, 1)} – ${percent(high, 1)}`,
        h("svg", { class: "share", height: 4, "aria-hidden": "true" }, h("rect", { class: "fill slot1", x: `${100 * low}%`, width: `${100 * (high - low)}%`, height: 4, rx: 2 }))),
      h("td", {}, number(votes)),
      h("td", {}, seconds(took)),
      h("td", {}, [credits !== null && `${number(Math.round(credits))} ${tell("dashboard_in_credits")}`, cash !== null && dollars(cash)].filter(Boolean).join(", ") || "–"));
  return [
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "wins-title" },
      h("table", {}, h("thead", {}, h("tr", {}, columns.map((key) => h("th", { scope: "col" }, tell(key))))), h("tbody", {}, scores.map(row)))),
    h("p", { class: "note" }, tell("dashboard_wins_note")),
  ];
}

function howOften(many) {
  return tell(TIMES[many] ?? "dashboard_times", { times: many });
}

function putAside({ put_aside: { total, turns: aside }, now }) {
  const row = ({ turn, platform, at, stalls, crashes }) =>
    h("tr", { key: turn },
      h("td", {}, String(turn)),
      h("td", {}, platform),
      h("td", {}, [stalls && tell("dashboard_stalls", { times: howOften(stalls) }), crashes && tell("dashboard_crashes", { times: howOften(crashes) })].filter(Boolean).join(", ")),
      h("td", { class: "last", title: `${onWeekday(at)}, ${atSecond(at)}` }, ago(now - at)),
      h("td", {}, h("button", { type: "button", "aria-label": `${tell("dashboard_release")} ${turn}`, onclick: (event) => letGo(turn, event.currentTarget) }, tell("dashboard_release"))));
  return [
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "aside-title" },
      h("table", {}, h("thead", {}, h("tr", {}, ["dashboard_turn", "dashboard_platform", "dashboard_why", "dashboard_when"].map((key) => h("th", { scope: "col" }, tell(key))), h("td", {}))), h("tbody", {}, aside.map(row)))),
    h("p", { class: "note" }, `${tell("dashboard_in_all", { total: number(total) })} `, h("code", {}, "python -m bot turns --release TURN")),
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
  if (!processes.length) return [h("p", { class: "none" }, tell("dashboard_no_process"))];
  return [h("ul", { class: "processes" }, processes.map((process) => card(process, now)))];
}

function card(process, now) {
  const troubles = Object.entries(process.troubles);
  const breakers = Object.entries(process.breakers);
  const health = process.silent ? "silent" : troubles.length ? "trouble" : "well";
  const words = { silent: tell("dashboard_silent_for", { span: span(now - process.seen) }), trouble: tell("dashboard_troubles", { count: troubles.length }), well: tell("dashboard_process_well") };
  return h("li", { key: process.name, class: health },
    h("h3", {}, process.name, h("span", { class: "health" }, words[health])),
    h("p", {}, [
      process.listens.length ? tell("dashboard_listens", { platforms: process.listens.join(", ") }) : tell("dashboard_deaf"),
      process.workers ? tell("dashboard_busy", { busy: number(process.in_flight), workers: number(process.workers) }) : tell("dashboard_idle"),
      tell("dashboard_up", { span: span(now - process.started) }),
    ].join(" · ")),
    troubles.length > 0 && h("ul", { class: "troubles" }, troubles.map(([part, why]) => h("li", {}, h("b", {}, part), ` ${why}`))),
    breakers.length > 0 && h("ul", { class: "breakers", "aria-label": tell("dashboard_breakers") }, breakers.map(([name, state]) => h("li", { key: name, class: state.replace(" ", "-") }, name, h("b", {}, STATES[state] ? tell(STATES[state]) : state)))));
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
