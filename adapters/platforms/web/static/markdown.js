// The elements of an answer, which the server read from its Markdown, as DOM nodes. Text only ever becomes text nodes,
// and only names and attributes that are listed here become elements, so nothing in an answer can turn into markup.

const NAMES = new Set(["p", "h3", "h4", "h5", "h6", "blockquote", "details", "summary", "ul", "ol", "li", "pre", "code", "hr", "br", "div", "span",
  "table", "thead", "tbody", "tr", "th", "td", "a", "strong", "em", "s", "u", "mark", "kbd", "sub", "sup"]);
const MATH = new Set(["math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msup", "msub", "msubsup", "mover",
  "munder", "munderover", "mtable", "mtr", "mtd", "semantics", "annotation"]);
const MATHML = "http://www.w3.org/1998/Math/MathML";
const ATTRIBUTES = new Set(["class", "start", "tabindex", "data-language", "display", "encoding", "accent", "linethickness", "stretchy", "width"]);
const ADDRESS = /^(https?:\/\/|mailto:)/i;

/** Let `place` show these blocks. Those that read as before stay as they are, so a selection survives. */
export function render(blocks, place) {
  const wanted = typeof blocks === "string" ? [["p", blocks]] : blocks;
  const shown = [...place.children].filter((node) => "source" in node);
  wanted.forEach((block, n) => {
    const there = shown[n];
    const source = JSON.stringify(block);
    if (there?.source === source) return;
    const node = build(block);
    node.source = source;
    if (there?.open && node.localName === "details") node.open = true; // a reader has opened it
    const isFocused = there && there === document.activeElement; // a reader looks behind a spoiler that still grows
    if (there) there.replaceWith(node);
    else place.append(node);
    if (isFocused) node.focus();
  });
  shown.slice(wanted.length).forEach((node) => node.remove());
}

function build(part) {
  if (typeof part === "string") return document.createTextNode(part);
  const [name, ...content] = part;
  if (!NAMES.has(name) && !MATH.has(name)) return document.createTextNode("");
  const node = MATH.has(name) ? document.createElementNS(MATHML, name) : document.createElement(name);
  const hasAttributes = content.length && typeof content[0] === "object" && !Array.isArray(content[0]);
  if (hasAttributes) setAttributes(node, content.shift());
  for (const inner of content) node.append(build(inner));
  return node;
}

function setAttributes(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) {
    if (ATTRIBUTES.has(key)) node.setAttribute(key, value);
  }
  if (node.localName !== "a" || !ADDRESS.test(attributes.href ?? "")) return;
  node.href = attributes.href;
  node.target = "_blank";
  node.rel = "noopener noreferrer";
}
