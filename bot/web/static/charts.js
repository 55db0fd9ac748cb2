// Bars and lines over time, drawn by hand: an SVG that a pointer and the arrow keys can ask, and the same as a table.

import { h, patch } from "./patch.js";
import { tell } from "./words.js";

const HEIGHT = 220;
const LEFT = 52; // pixels for what stands beside the axis, and more for long figures
const LETTER = 7;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 26;
const LABEL = 64; // pixels that a moment on the axis needs
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const PACES = [5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY];

// What it shows, to be told anew with each `show`:
//   kind: "bars" (stacked) or "lines"; title; start, step: of the columns, in seconds; mark(seconds): what stands below
//   series: [{ name, look, values: [number or null, ...] }]; format(value): one of them; column(n): what it is called
//   more(n): [[name, value], ...] that is told besides; whole: only whole numbers; utc: days begin there
export class Chart {
  constructor(host) {
    this.host = host;
    this.at = null; // the column that is asked about
    this.only = null; // the series that stands out
    this.width = 0;
    this.table = false; // whether it is shown
    new ResizeObserver(() => this.#measure()).observe(host);
    this.#measure();
  }

  show(model) {
    this.model = model;
    this.#draw();
  }

  #measure() {
    const width = Math.floor(this.host.clientWidth);
    if (width === this.width) return;
    this.width = width;
    if (this.model) this.#draw();
  }

  #ask(at) {
    this.at = at;
    this.#draw();
  }

  #draw() {
    const { model, width } = this;
    if (!width) return;
    const height = HEIGHT - TOP - BOTTOM;
    const top = scale(highest(model), height, model.whole);
    const left = Math.max(LEFT, 12 + LETTER * Math.max(...steps(top).map((value) => model.format(value).length)));
    const plot = { x: left, y: TOP, width: Math.max(40, width - left - RIGHT), height, count: columns(model) };
    if (this.at !== null) this.at = Math.min(this.at, plot.count - 1);
    if (!model.series.some(({ name }) => name === this.only)) this.only = null;
    patch(this.host, [
      this.#legend(),
      h("div", { class: "plot" }, this.#svg(plot, top), this.#tooltip(plot)),
      this.#details(),
    ]);
  }

  #svg(plot, top) {
    const { model, width } = this;
    const empty = !model.series.some((series) => series.values.some((value) => value));
    return h(
      "svg",
      {
        width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, tabindex: 0, role: "slider", "aria-label": model.title,
        "aria-valuemin": 1, "aria-valuemax": plot.count, "aria-valuenow": (this.at ?? plot.count - 1) + 1,
        "aria-valuetext": this.#sentence(this.at ?? plot.count - 1),
        onpointermove: (event) => this.#point(event, plot), onpointerdown: (event) => this.#point(event, plot),
        onpointerleave: () => this.#ask(null), onfocus: (event) => event.target.matches(":focus-visible") && this.#ask(plot.count - 1),
        onblur: () => this.#ask(null), onkeydown: (event) => this.#walk(event, plot),
      },
      levels(plot, top, model.format),
      moments(plot, model),
      uncounted(plot, model),
      this.at !== null && h("rect", { class: "asked", key: "asked", ...box(plot, this.at) }),
      model.kind === "bars" ? bars(plot, top, model, this.only) : lines(plot, top, model, this.only),
      empty && h("text", { class: "nothing", key: "nothing", x: plot.x + plot.width / 2, y: plot.y + plot.height / 2 }, tell(model.counting ? "dashboard_still_counting" : "dashboard_nothing_yet")),
    );
  }

  #point(event, plot) {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    const at = Math.floor(((x - plot.x) / plot.width) * plot.count);
    const within = at >= 0 && at < plot.count ? at : null;
    if (within !== this.at) this.#ask(within);
  }

  #walk(event, plot) {
    const now = this.at ?? plot.count - 1;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, ArrowDown: now - 1, ArrowUp: now + 1, Home: 0, End: plot.count - 1, PageUp: now + 10, PageDown: now - 10 }[event.key];
    if (event.key === "Escape") this.#ask(null);
    if (next === undefined) return;
    event.preventDefault();
    this.#ask(Math.min(Math.max(next, 0), plot.count - 1));
  }

  #told(at) {
    const { model } = this;
    const own = model.series.map((series) => [series.name, series.values[at] === null ? null : model.format(series.values[at]), series.look, series.values[at]]);
    return [...own, ...(model.more?.(at) ?? [])].filter(([, value, look, amount]) => value !== null && (!look || model.series.length < 4 || amount));
  }

  #sentence(at) {
    const told = this.#told(at).map(([name, value]) => `${name}: ${value}`);
    return `${this.model.column(at)}. ${told.join(", ") || tell("dashboard_nothing")}`;
  }

  #tooltip(plot) {
    const { model, at } = this;
    if (at === null) return h("div", { class: "tooltip", hidden: "" });
    const middle = plot.x + ((at + 0.5) / plot.count) * plot.width;
    const onTheLeft = middle > plot.x + plot.width / 2;
    const told = this.#told(at);
    return h(
      "div",
      { class: `tooltip ${onTheLeft ? "before" : "after"}`, "aria-hidden": "true", style: { "--at": `${middle}px` } },
      h("b", {}, model.column(at)),
      told.length ? told.map(([name, value, look]) => h("p", {}, look && swatch(look), h("span", {}, name), h("span", { class: "amount" }, value))) : h("p", {}, tell("dashboard_nothing")),
    );
  }

  #legend() {
    const item = ({ name, look }) => h("li", { key: name },
      h("button", { type: "button", "aria-pressed": String(this.only === name), onclick: () => this.#single(name) }, swatch(look), name));
    return h("ul", { class: "legend" }, this.model.series.map(item));
  }

  #single(name) {
    this.only = this.only === name ? null : name;
    this.#draw();
  }

  #details() {
    const { model } = this;
    return h(
      "details",
      { hidden: model.series.length ? null : "", ontoggle: (event) => { this.table = event.target.open; this.#draw(); } },
      h("summary", {}, tell("dashboard_as_table")),
      this.table && h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": tell("dashboard_chart_table", { title: model.title }) }, table(model)),
    );
  }
}

function columns(model) {
  return model.series[0]?.values.length ?? model.count;
}

function swatch(look) {
  return h("svg", { class: "swatch", width: 14, height: 10, "aria-hidden": "true" }, h("rect", { class: `fill ${look}`, width: 14, height: 10, rx: 2 }));
}

function highest({ kind, series }) {
  if (kind === "lines") return Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return Math.max(0, ...(series[0]?.values ?? []).map((_, n) => series.reduce((sum, { values }) => sum + (values[n] ?? 0), 0)));
}

// The axis: from zero to a round number, in round steps.
function scale(most, height, whole) {
  const rough = (most || 1) / Math.max(2, Math.round(height / 50));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 5, 10].find((each) => each * power >= rough * 0.999) * power, whole ? 1 : 0);
  const count = Math.max(1, Math.ceil((most / step) * 0.999) || 1);
  return { step, count, end: step * count };
}

function box(plot, n) {
  return { x: round(plot.x + (n / plot.count) * plot.width), y: plot.y, width: round(plot.width / plot.count), height: plot.height };
}

const round = (value) => Math.round(value * 10) / 10;
const height = (plot, top, value) => (value / top.end) * plot.height;

function steps(top) {
  return Array.from({ length: top.count + 1 }, (_, n) => Number((n * top.step).toPrecision(10)));
}

function levels(plot, top, format) {
  return steps(top).map((value, n) => {
    const y = round(plot.y + plot.height - height(plot, top, value));
    return h("g", { key: `level ${n}` },
      h("line", { class: n ? "grid" : "ground", x1: plot.x, x2: plot.x + plot.width, y1: y, y2: y }),
      h("text", { class: "level", x: plot.x - 8, y: y + 4 }, format(value)));
  });
}

function moments(plot, model) {
  return marks(plot, model).map(([seconds, text]) => {
    const x = round(plot.x + ((seconds - model.start) / (model.step * plot.count)) * plot.width);
    return h("g", { key: `moment ${seconds}` },
      h("line", { class: "tick", x1: x, x2: x, y1: plot.y + plot.height, y2: plot.y + plot.height + 4 }),
      h("text", { class: "moment", x, y: plot.y + plot.height + 18 }, text));
  });
}

// The moments below the axis: where clocks and calendars have round ones, and no closer than they can be read.
function marks(plot, { start, step, mark, utc }) {
  const end = start + step * plot.count;
  const pace = PACES.find((each) => each >= (step > HOUR ? DAY : 0) && (each / (end - start)) * plot.width >= LABEL) ?? PACES.at(-1);
  const found = [];
  for (let moment = utc ? start : before(start, pace); moment < end; moment = after(moment, pace, utc)) {
    const shown = utc ? moment + step / 2 : moment;
    const x = ((shown - start) / (end - start)) * plot.width;
    if (x >= 0 && x <= plot.width - 14) found.push([shown, mark(moment)]);
  }
  return found;
}

function before(seconds, pace) {
  const date = new Date(seconds * 1000);
  date.setHours(pace < HOUR ? date.getHours() : 0, 0, 0, 0);
  return date.getTime() / 1000;
}

function after(seconds, pace, utc) {
  if (utc || pace < DAY) return seconds + pace;
  const date = new Date(seconds * 1000);
  date.setDate(date.getDate() + pace / DAY); // a day may have 23 or 25 hours
  return date.getTime() / 1000;
}

// What the bars do not know yet is the older part; lines have gaps anyway, where nobody was answered.
function uncounted(plot, { kind, series }) {
  const known = series[0]?.values.findIndex((value) => value !== null) ?? 0;
  if (kind !== "bars" || known <= 0) return [];
  return [h("rect", { class: "uncounted", key: "uncounted", ...box(plot, 0), width: round((known / plot.count) * plot.width) })];
}

const faded = (name, only) => (only !== null && name !== only ? " faded" : "");

function bars(plot, top, { series, start, step }, only) {
  const room = plot.width / plot.count;
  const gap = room > 5 ? Math.min(4, room * 0.2) : 0.5;
  const grown = new Array(plot.count).fill(0);
  return series.flatMap(({ name, look, values }) =>
    values.map((value, n) => {
      if (!value) return null;
      const from = grown[n];
      grown[n] += value;
      const y = round(plot.y + plot.height - height(plot, top, grown[n]));
      const foot = round(plot.y + plot.height - height(plot, top, from));
      return h("rect", {
        key: `${name} ${start + n * step}`, class: `bar fill ${look}${faded(name, only)}`, x: round(plot.x + n * room + gap / 2), y,
        width: round(Math.max(0.5, room - gap)), height: round(Math.max(0.5, foot - y)), "data-name": name, "data-value": value,
      });
    }),
  );
}

function lines(plot, top, { series }, only) {
  const x = (n) => round(plot.x + ((n + 0.5) / plot.count) * plot.width);
  const y = (value) => round(plot.y + plot.height - height(plot, top, value));
  return series.flatMap(({ name, look, values }) => {
    const style = `${look}${faded(name, only)}`;
    const known = values.flatMap((value, n) => (value === null ? [] : [n]));
    const path = known.map((n) => `${known.includes(n - 1) ? "L" : "M"}${x(n)} ${y(values[n])}`).join("");
    const gaps = known.map((n, i) => (i && known[i - 1] !== n - 1 ? `M${x(known[i - 1])} ${y(values[known[i - 1]])}L${x(n)} ${y(values[n])}` : "")).join("");
    const alone = known.filter((n) => !known.includes(n - 1) && !known.includes(n + 1));
    return [
      h("path", { key: `gaps ${name}`, class: `line gaps stroke ${style}`, d: gaps }),
      h("path", { key: `line ${name}`, class: `line stroke ${style}`, d: path, "data-name": name }),
      ...alone.map((n) => h("circle", { key: `${name} ${n}`, class: `fill ${style}`, cx: x(n), cy: y(values[n]), r: 2.5, "data-name": name })),
    ];
  });
}

function table(model) {
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col" }, tell("dashboard_when")), model.series.map(({ name }) => h("th", { scope: "col", key: name }, name))));
  const rows = Array.from({ length: columns(model) }, (_, n) => n).reverse().filter((n) => model.series.some(({ values }) => values[n]));
  return h("table", {}, h("caption", { class: "unseen" }, model.title), head, h("tbody", {}, rows.map((n) =>
    h("tr", { key: model.start + n * model.step }, h("th", { scope: "row" }, model.column(n)), model.series.map(({ values }) => h("td", {}, values[n] === null ? "–" : model.format(values[n])))))));
}
