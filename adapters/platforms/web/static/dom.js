// Nodes of the page, and how they are made: from names, attributes and texts, never from markup.

/** The nodes of the page that have an id, by it. */
export const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));

export function element(name, attributes = {}, ...content) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...content);
  return node;
}

export function button(attributes, ...content) {
  return element("button", { type: "button", ...attributes }, ...content);
}

export function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

export const PENCIL = "M4 16h3L16 7a2 2 0 0 0-3-3L4 13z";

const SVG = "http://www.w3.org/2000/svg";

/** A picture of lines, as in `d` of a path. */
export function icon(lines) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 20 20");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", lines);
  picture.append(path);
  return picture;
}

/** Tell whether the node shows other data than before. What stays the same is left alone: it may have the focus. */
export function replaces(node, data) {
  const shows = JSON.stringify(data);
  const isNew = (node.dataset.shows ?? "[]") !== shows;
  node.dataset.shows = shows;
  return isNew;
}
