// Files of messages and answers: pictures as thumbnails, sounds with a player, all else as tiles and links.

import { button, element } from "./dom.js";
import { view } from "./viewer.js";
import { inBytes, say } from "./words.js";

export const DRAGGED = "application/x-snapthread-file"; // the type of a file that is dragged from the transcript
const PAGES = /\.pdf$/i;
let numbers = {};

export function fileNode(file) {
  if (file.plays) return player(file);
  return file.thumb || file.url ? thumb(file, fileLink(file), file.url ?? file.preview) : fileLink(file);
}

export function messageFile(file) {
  if (file.plays) return player(file);
  return file.thumb || file.url ? thumb(file, tile(file.name)) : tile(file.name);
}

/** A picture that opens the viewer; where there is none after all, what else stands for the file. */
function thumb(file, otherwise, source = file.thumb ?? file.url) {
  const { id, name, url, about, spoiler } = file;
  const picture = element("img", { src: source, alt: about || name, decoding: "async", draggable: "false" });
  const opener = button({ class: "thumb", title: say("page_open", { name }), "data-file": id, draggable: "true" }, picture);
  opener.classList.toggle("spoiler", Boolean(spoiler));
  if (PAGES.test(name)) opener.append(element("span", { class: "label" }, name)); // one looks like the other
  opener.file = file;
  picture.addEventListener("error", () => {
    if (url && picture.getAttribute("src") !== url) picture.src = url;
    else opener.replaceWith(otherwise);
  });
  opener.addEventListener("click", () => view(opener));
  opener.addEventListener("dragstart", ({ dataTransfer }) => dataTransfer.setData(DRAGGED, JSON.stringify(file)));
  showNumber(opener);
  return opener;
}

/** Show the numbers of photos, by which they may be called: "photo 2". */
export function showNumbers(byId) {
  numbers = byId;
  document.querySelectorAll("[data-file]").forEach(showNumber);
}

function showNumber(opener) {
  const number = numbers[opener.dataset.file];
  const badge = opener.querySelector(".number");
  if (!number || badge) return;
  opener.append(element("span", { class: "number", title: say("page_number", { number: `${number}` }) }, `${number}`));
}

export function tile(name) {
  return element("span", { class: "tile", title: name }, element("b", {}, extension(name)), element("span", {}, name));
}

function player({ name, url, about }) {
  return element("audio", { src: url, controls: "", preload: "metadata", "aria-label": about || name, title: name });
}

function fileLink({ name, size, file }) {
  return element("a", { class: "file", href: file, download: name, title: say("page_save", { name }) },
    element("b", {}, extension(name)), element("span", {}, name), element("small", {}, inBytes(size)));
}

function extension(name) {
  return /\.(\w{1,5})$/.exec(name)?.[1].toUpperCase() ?? say("page_file");
}
