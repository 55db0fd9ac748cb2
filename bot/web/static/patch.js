// What a page shows is described anew each time, and only what differs is changed: nothing flickers, focus stays.

const SVG = "http://www.w3.org/2000/svg";

// A description: a tag, attributes (with `key`, what it is about; `style`, an object; `on...`, a function), children.
export function h(tag, attributes = {}, ...children) {
  return { tag, attributes, children: children.flat(2).filter((child) => child !== null && child !== undefined && child !== false) };
}

// Let `parent` hold what is described, and nothing else.
export function patch(parent, wanted) {
  const known = new Map([...parent.childNodes].filter((node) => node.shownKey !== undefined).map((node) => [node.shownKey, node]));
  const keys = new Set(wanted.map((each) => each.attributes?.key));
  let at = parent.firstChild;
  for (const each of wanted) {
    while (at?.shownKey !== undefined && !keys.has(at.shownKey)) at = drop(at);
    const node = reused(each, at, known) ?? made(each, parent);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    fill(node, each);
  }
  while (at) at = drop(at);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function reused(each, at, known) {
  const node = each.attributes?.key === undefined ? at : known.get(each.attributes.key);
  if (!node || node.shownKey !== each.attributes?.key) return null;
  return node.nodeName.toLowerCase() === (each.tag ?? "#text").toLowerCase() ? node : null;
}

function made(each, parent) {
  if (!each.tag) return document.createTextNode("");
  const node = document.createElementNS(each.tag === "svg" ? SVG : parent.namespaceURI, each.tag);
  node.shownKey = each.attributes.key;
  return node;
}

function fill(node, each) {
  if (!each.tag) {
    if (node.data !== String(each)) node.data = String(each);
    return;
  }
  dress(node, each.attributes);
  patch(node, each.children);
}

function dress(node, attributes) {
  const before = node.shown ?? {};
  for (const name of Object.keys(before)) if (!(name in attributes)) node.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "key" || name === "style") continue;
    if (name.startsWith("on")) node[name] = value;
    else if (value === null || value === false) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
  for (const [name, value] of Object.entries(attributes.style ?? {})) node.style.setProperty(name, value);
  node.shown = attributes;
}
