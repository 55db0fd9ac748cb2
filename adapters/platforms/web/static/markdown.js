// Markdown to DOM nodes. Text only ever becomes text nodes, so nothing in an answer can turn into markup.

// Everything here takes time in proportion to the length of a text: no expression looks at the same stretch again and
// again, and what is nested deeper than DEEPEST is shown as it was written.

const DEEPEST = 16;
const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?=\s)([^]*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(?=\s)([^]*)$/;
const TABLE_CELL = /^:?-+:?$/;
const NOTICE = /^⚠\uFE0F?\s*/;

const SIGN = new RegExp([
  "\\\\(?<escaped>[\\\\`*_{}\\[\\]()#+\\-.!~|<>])",
  "(?<ticks>`+)",
  "(?<run>\\*+|_+|~~+)",
  "(?<opening>!?\\[)",
  "(?<closing>\\])",
  "(?<address>https?://[^\\s<>\"'`“”„«»]{1,2000})",
].join("|"), "gu");
const TARGET = /\(([^\s()]{1,2000}(?:\([^\s()]{0,500}\)[^\s()]{0,500}){0,5})\)/y;
const SPACE = /^\s?$/u;
const LETTER = /^[\p{L}\p{N}_]$/u;
const DIGIT = /^\d$/;
const STYLES = { "*": ["em", "strong"], "_": ["em", "strong"], "~": [null, "s"] }; // for one sign, and for two

/** Let `place` show the Markdown `text`. Blocks that read as before stay as they are, so a selection survives. */
export function render(text, place) {
  const wanted = blocks(text.split("\n"));
  wanted.forEach((block, n) => {
    const there = place.children[n];
    if (there?.source === block.source) return;
    const node = block.make();
    node.source = block.source;
    if (there) there.replaceWith(node);
    else place.append(node);
  });
  while (place.children.length > wanted.length) place.lastElementChild.remove();
}

export function element(name, attributes = {}, ...content) {
  return filled(name, attributes, content);
}

function filled(name, attributes, content) { // for content of any length: there may be only so many arguments
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  for (const part of content) node.append(part);
  return node;
}

// blocks: each reader looks at the line it is given and says how many lines it takes, or nothing

const READERS = [fence, heading, rule, quote, list, table];
const BEGINNINGS = [FENCE, HEADING, RULE, QUOTE, ITEM]; // of blocks that need no more than a line to be known

function blocks(lines, depth = 0) {
  const found = [];
  let n = 0;
  while (n < lines.length) {
    if (!lines[n].trim()) { n++; continue; }
    const block = (depth < DEEPEST && read(lines, n, depth)) || paragraph(lines, n, depth);
    found.push({ make: block.make, source: lines.slice(n, n + block.takes).join("\n") });
    n += block.takes;
  }
  return found;
}

function read(lines, n, depth) {
  for (const reader of READERS) {
    const block = reader(lines, n, depth);
    if (block) return block;
  }
  return null;
}

function takeWhile(lines, from, wanted) {
  let end = from;
  while (end < lines.length && wanted(lines[end], end)) end++;
  return lines.slice(from, end);
}

function fence(lines, n) {
  const opened = FENCE.exec(lines[n]);
  if (!opened) return null;
  const body = takeWhile(lines, n + 1, (line) => !line.trim().startsWith(opened[1]));
  const isClosed = n + 1 + body.length < lines.length;
  const make = () => element("pre", { tabindex: "0" }, element("code", {}, body.join("\n")));
  return { takes: body.length + (isClosed ? 2 : 1), make };
}

function heading(lines, n) {
  const match = HEADING.exec(lines[n]);
  // The page has h1 and h2 of its own.
  return match && { takes: 1, make: () => filled(`h${Math.min(6, match[1].length + 2)}`, {}, inline(title(match[2]))) };
}

function title(text) { // without the signs that may close it
  const trimmed = text.trim();
  let end = trimmed.length;
  while (trimmed[end - 1] === "#") end--;
  return !end || /\s/.test(trimmed[end - 1]) ? trimmed.slice(0, end).trim() : trimmed;
}

function rule(lines, n) {
  return RULE.test(lines[n]) ? { takes: 1, make: () => element("hr") } : null;
}

function quote(lines, n, depth) {
  const body = takeWhile(lines, n, (line) => QUOTE.test(line));
  if (!body.length) return null;
  return { takes: body.length, make: () => within("blockquote", body.map((line) => line.replace(QUOTE, "")), depth) };
}

function list(lines, n, depth) {
  const first = ITEM.exec(lines[n]);
  if (!first) return null;
  const isNumbered = /\d/.test(first[2]);
  const indent = first[1].length;
  const belongs = (line, at) => {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent + 1) return item[1].length >= indent && /\d/.test(item[2]) === isNumbered && !RULE.test(line);
    if (!line.trim()) return at + 1 < lines.length && (isIndented(lines[at + 1], indent) || ITEM.test(lines[at + 1]));
    return isIndented(line, indent) || (lines[at - 1].trim() !== "" && !startsBlock(lines, at));
  };
  const body = takeWhile(lines, n, belongs);
  return { takes: body.length, make: () => listNode(body, indent, isNumbered && Number.parseInt(first[2], 10), depth) };
}

function isIndented(line, indent) {
  return line.search(/\S/) > indent + 1;
}

function listNode(body, indent, start, depth) {
  const items = [];
  for (const line of body) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent + 1) items.push([item[3].trimStart()]);
    else items.at(-1).push(line.replace(/^\s{1,4}/, ""));
  }
  const nodes = items.map((lines) => within("li", lines, depth));
  return start === false ? filled("ul", {}, nodes) : filled("ol", { start }, nodes);
}

function table(lines, n) {
  if (!lines[n].includes("|") || !cells(lines[n + 1] ?? "").every((cell) => TABLE_CELL.test(cell))) return null;
  const body = takeWhile(lines, n + 2, (line) => line.includes("|"));
  const row = (line, name) => filled("tr", {}, cells(line).map((cell) => filled(name, {}, inline(cell))));
  const make = () => element("div", { class: "table", tabindex: "0" }, element("table", {},
    element("thead", {}, row(lines[n], "th")), filled("tbody", {}, body.map((line) => row(line, "td")))));
  return { takes: body.length + 2, make };
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function startsBlock(lines, n) {
  return BEGINNINGS.some((sign) => sign.test(lines[n])) || table(lines, n) !== null;
}

function paragraph(lines, n, depth) {
  const belongs = (line, at) => line.trim() !== "" && (depth >= DEEPEST || !startsBlock(lines, at));
  const rest = takeWhile(lines, n + 1, belongs);
  const text = [lines[n], ...rest].map((line) => line.trim()).join("\n");
  return { takes: rest.length + 1, make: () => paragraphNode(text) };
}

function paragraphNode(text) {
  return NOTICE.test(text)
    ? filled("p", { class: "notice" }, inline(text.replace(NOTICE, "")))
    : filled("p", {}, inline(text));
}

function within(name, lines, depth) {
  const made = blocks(lines, depth + 1).map((block) => block.make());
  const node = filled(name, {}, made);
  // The first words of a list item are a line, not a paragraph.
  if (name === "li" && made[0]?.localName === "p" && !made[0].className) {
    while (made[0].firstChild) made[0].before(made[0].firstChild);
    made[0].remove();
  }
  return node;
}

// inside a line: signs are read once, from left to right; a part is a text, a node, or a run of signs that may yet pair

const part = (node, depth = 0) => ({ node, depth });

function inline(text) {
  const line = { text, parts: [], brackets: [], ticks: tickRuns(text) };
  let last = 0;
  for (;;) {
    SIGN.lastIndex = last;
    const match = SIGN.exec(text);
    if (!match) break;
    line.parts.push(part(text.slice(last, match.index)));
    last = take(line, match);
  }
  line.parts.push(part(text.slice(last)));
  return nodesOf(paired(line.parts));
}

/** Take in a sign, and say where the text goes on. */
function take(line, match) {
  const { escaped, ticks, run, opening, closing } = match.groups;
  const address = line.brackets.length ? match.groups.address?.split("]", 1)[0] : match.groups.address;
  const end = match.index + (address ?? match[0]).length;
  if (ticks) return takeCode(line, ticks, end);
  if (closing) return takeLink(line, end);
  if (opening) line.brackets.push(line.parts.length);
  line.parts.push(run ? delimiter(line.text, match.index, run) : part(address ? addressed(address) : escaped ?? opening));
  return end;
}

/** The places of all runs of backticks by their length, the last ones first. */
function tickRuns(text) {
  const runs = new Map();
  for (const { 0: ticks, index } of [...text.matchAll(/`+/g)].reverse()) {
    if (!runs.has(ticks.length)) runs.set(ticks.length, []);
    runs.get(ticks.length).push(index);
  }
  return runs;
}

function takeCode(line, ticks, end) {
  const places = line.ticks.get(ticks.length) ?? [];
  while (places.length && places.at(-1) < end) places.pop();
  if (!places.length) {
    line.parts.push(part(ticks));
    return end;
  }
  const code = line.text.slice(end, places.at(-1)).replaceAll("\n", " ");
  line.parts.push(part(element("code", {}, code.trim() || code)));
  return places.at(-1) + ticks.length;
}

function takeLink(line, end) {
  const start = line.brackets.pop();
  TARGET.lastIndex = end;
  const target = start !== undefined && line.text[end] === "(" && TARGET.exec(line.text);
  if (!target || !isWeb(target[1])) {
    line.parts.push(part("]"));
    return end;
  }
  const label = paired(line.parts.splice(start)).slice(1).map(unlinked); // without the bracket
  const node = link(target[1], nodesOf(label));
  const depth = 1 + deepest(label);
  line.parts.push(depth > DEEPEST ? part(link(target[1], [node.textContent])) : part(node, depth));
  return end + target[0].length;
}

function unlinked(one) { // a link within a link would lead to two places
  const isLink = typeof one.node === "object" && (one.node.localName === "a" || one.node.querySelector("a"));
  return isLink ? part(one.node.textContent) : one;
}

function delimiter(text, at, run) {
  const before = text[at - 1] ?? "";
  const after = text[at + run.length] ?? "";
  const isInWord = (run[0] === "_" && LETTER.test(before) && LETTER.test(after)) || (run === "*" && DIGIT.test(before) && DIGIT.test(after));
  const isPair = run[0] !== "~" || run.length === 2;
  return { ...part(run), sign: run[0], left: run.length, opens: isPair && !isInWord && !SPACE.test(after), closes: isPair && !isInWord && !SPACE.test(before) };
}

/** Parts without runs: what stands between two that pair is put into a node, and other runs are text. */
function paired(parts) {
  const state = { done: [], open: [], waiting: { "*": 0, "_": 0, "~": 0 } }; // of each sign, how many may begin something
  for (const one of parts) {
    while (one.closes && one.left && state.waiting[one.sign]) close(state, one);
    if (!one.sign || one.left) push(state, one);
    if (!one.opens || !one.left) continue;
    state.open.push({ at: state.done.length - 1, inner: 0 });
    state.waiting[one.sign]++;
  }
  return state.done.map(settled);
}

function settled(one) {
  return one.sign ? part(one.sign.repeat(one.left)) : one;
}

function push({ done, open }, one) {
  done.push(one);
  if (open.length) open.at(-1).inner = Math.max(open.at(-1).inner, one.depth);
}

/** Forget the last run that may begin something; returns where it is and how deep the nodes behind it are. */
function pop({ done, open, waiting }) {
  const last = open.pop();
  waiting[done[last.at].sign]--;
  if (open.length) open.at(-1).inner = Math.max(open.at(-1).inner, last.inner);
  return last;
}

function close(state, closing) {
  let { at, inner } = pop(state);
  while (state.done[at].sign !== closing.sign) ({ at, inner } = pop(state));
  const opening = state.done[at];
  const width = Math.min(2, closing.left, opening.left);
  const isEmpty = at === state.done.length - 1;
  const isUneven = Math.abs(closing.left - opening.left) === 1 && width < 2; // one sign, and two
  if (inner >= DEEPEST || isEmpty || isUneven) return;
  const content = state.done.splice(at + 1).map(settled);
  opening.left -= width;
  closing.left -= width;
  if (opening.left) {
    state.open.push({ at, inner: 0 });
    state.waiting[opening.sign]++;
  } else state.done.pop();
  push(state, part(filled(STYLES[closing.sign][width - 1], {}, nodesOf(content)), inner + 1));
}

function deepest(parts) {
  return parts.reduce((depth, one) => Math.max(depth, one.depth), 0);
}

/** The nodes of parts; texts that meet become one, and their lines are broken. */
function nodesOf(parts) {
  const nodes = [];
  let text = "";
  for (const { node } of [...parts, part(document.createDocumentFragment())]) {
    if (typeof node === "string") { text += node; continue; }
    for (const piece of broken(text)) nodes.push(piece);
    text = "";
    nodes.push(node);
  }
  return nodes;
}

function broken(text) {
  return text.split("\n").flatMap((line, n) => (n ? [element("br"), line] : [line])).filter((piece) => piece !== "");
}

// links

function isWeb(target) {
  return /^https?:\/\/[^/]/i.test(target);
}

function link(target, label) {
  const node = filled("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, label);
  if (!node.textContent.trim()) node.append(target);
  const host = hiddenHost(node.textContent, node.hostname);
  if (host) node.append(` (${host})`);
  return node;
}

function addressed(source) {
  let end = source.length;
  while (".,;:!?)]*_~".includes(source[end - 1])) end--;
  const address = source.slice(0, end);
  const whole = document.createDocumentFragment();
  whole.append(isWeb(address) ? link(address, [address]) : address, source.slice(end));
  return whole;
}

/** Where a link leads if its text is the address of another host; else nothing. */
function hiddenHost(text, host) {
  const real = bare(host);
  const isOther = (named) => named !== real && !named.endsWith(`.${real}`) && !real.endsWith(`.${named}`);
  return text.slice(0, 500).split(/\s+/).map(namedHost).some((named) => named && isOther(named)) ? real : "";
}

function namedHost(word) {
  let address = word;
  while (address && !LETTER.test(address[0])) address = address.slice(1);
  try {
    const host = bare(new URL(address.includes("://") ? address : `https://${address}`).hostname);
    return /\.[^.\d]{2,}$/.test(host) ? host : "";
  } catch {
    return "";
  }
}

function bare(host) {
  return host.replace(/\.$/, "").replace(/^www\./, "");
}
