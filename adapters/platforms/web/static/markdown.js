// Markdown to DOM nodes. Text only ever becomes text nodes, so nothing in an answer can turn into markup.

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const NOTICE = /^⚠\uFE0F?\s*/;

const INLINE = new RegExp([
  "\\\\(?<escaped>[\\\\`*_{}\\[\\]()#+\\-.!~|<>])",
  "(?<ticks>`+)(?<code>[^]{1,2000}?)\\k<ticks>(?!`)",
  "(?<strong>\\*\\*|__)(?=\\S)(?<bold>[^]{1,2000}?\\S?)\\k<strong>(?![*_])",
  "~~(?=\\S)(?<struck>[^]{1,2000}?)~~",
  "\\*(?=[^\\s*])(?<italic>[^]{0,2000}?[^\\s*])\\*(?!\\*)",
  "(?<![\\p{L}\\p{N}_])_(?=[^\\s_])(?<slanted>[^]{0,2000}?[^\\s_])_(?![\\p{L}\\p{N}_])",
  "!?\\[(?<label>[^\\[\\]]{1,500})\\]\\((?<target>[^\\s()]{1,2000}(?:\\([^\\s()]{0,500}\\)[^\\s()]{0,500}){0,5})\\)",
  "(?<address>https?://[^\\s<>\"'`“”„«»]{1,2000})",
].join("|"), "gu");

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
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...content);
  return node;
}

// blocks: each reader looks at the line it is given and says how many lines it takes, or nothing

const READERS = [fence, heading, rule, quote, list, table];

function blocks(lines) {
  const found = [];
  let n = 0;
  while (n < lines.length) {
    if (!lines[n].trim()) { n++; continue; }
    const block = read(lines, n) ?? paragraph(lines, n);
    found.push({ make: block.make, source: lines.slice(n, n + block.takes).join("\n") });
    n += block.takes;
  }
  return found;
}

function read(lines, n) {
  for (const reader of READERS) {
    const block = reader(lines, n);
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
  return match && { takes: 1, make: () => element(`h${Math.min(6, match[1].length + 2)}`, {}, ...inline(match[2])) };
}

function rule(lines, n) {
  return RULE.test(lines[n]) ? { takes: 1, make: () => element("hr") } : null;
}

function quote(lines, n) {
  const body = takeWhile(lines, n, (line) => QUOTE.test(line));
  if (!body.length) return null;
  return { takes: body.length, make: () => within("blockquote", body.map((line) => line.replace(QUOTE, ""))) };
}

function list(lines, n) {
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
  return { takes: body.length, make: () => listNode(body, indent, isNumbered && Number.parseInt(first[2], 10)) };
}

function isIndented(line, indent) {
  return line.search(/\S/) > indent + 1;
}

function listNode(body, indent, start) {
  const items = [];
  for (const line of body) {
    const item = ITEM.exec(line);
    if (item && item[1].length <= indent + 1) items.push([item[3]]);
    else items.at(-1).push(line.replace(/^\s{1,4}/, ""));
  }
  const nodes = items.map((lines) => within("li", lines));
  if (start === false) return element("ul", {}, ...nodes);
  return element("ol", { start }, ...nodes);
}

function table(lines, n) {
  if (!lines[n].includes("|") || !TABLE_RULE.test(lines[n + 1] ?? "") || !lines[n + 1].includes("-")) return null;
  const body = takeWhile(lines, n + 2, (line) => line.includes("|"));
  const row = (line, name) => element("tr", {}, ...cells(line).map((cell) => element(name, {}, ...inline(cell))));
  const make = () => element("div", { class: "table", tabindex: "0" }, element("table", {},
    element("thead", {}, row(lines[n], "th")), element("tbody", {}, ...body.map((line) => row(line, "td")))));
  return { takes: body.length + 2, make };
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function startsBlock(lines, n) {
  return READERS.some((reader) => reader !== list && reader(lines, n)) || ITEM.test(lines[n]);
}

function paragraph(lines, n) {
  const rest = takeWhile(lines, n + 1, (line, at) => line.trim() !== "" && !startsBlock(lines, at));
  const text = [lines[n], ...rest].map((line) => line.trim()).join("\n");
  return { takes: rest.length + 1, make: () => paragraphNode(text) };
}

function paragraphNode(text) {
  return NOTICE.test(text)
    ? element("p", { class: "notice" }, ...inline(text.replace(NOTICE, "")))
    : element("p", {}, ...inline(text));
}

function within(name, lines) {
  const made = blocks(lines).map((block) => block.make());
  const node = element(name, {}, ...made);
  // The first words of a list item are a line, not a paragraph.
  if (name === "li" && made[0]?.localName === "p" && !made[0].className) made[0].replaceWith(...made[0].childNodes);
  return node;
}

// inside a line

function inline(text) {
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(...broken(text.slice(last, match.index)), marked(match.groups, match[0]));
    last = match.index + match[0].length;
  }
  nodes.push(...broken(text.slice(last)));
  return nodes;
}

function broken(text) {
  return text.split("\n").flatMap((line, n) => (n ? [element("br"), line] : [line])).filter((part) => part !== "");
}

function marked(found, source) {
  if (found.escaped) return found.escaped;
  if (found.code) return element("code", {}, found.code.replaceAll("\n", " ").trim() || found.code);
  if (found.bold) return element("strong", {}, ...inline(found.bold));
  if (found.struck) return element("s", {}, ...inline(found.struck));
  if (found.italic ?? found.slanted) return element("em", {}, ...inline(found.italic ?? found.slanted));
  if (found.label) return link(found.target, inline(found.label)) ?? source;
  const address = found.address.replace(/[.,;:!?)\]*_~]+$/, "");
  const node = link(address, [address]);
  if (!node) return source;
  const whole = document.createDocumentFragment();
  whole.append(node, found.address.slice(address.length));
  return whole;
}

function link(target, label) {
  if (!/^https?:\/\/[^/]/i.test(target)) return null;
  return element("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, ...label);
}
