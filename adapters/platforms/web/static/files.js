// Files of messages and answers: pictures as thumbnails, sounds with a player, all else as tiles and links.

import { button, element } from "./dom.js";
import { view } from "./viewer.js";
import { inBytes, say } from "./words.js";

export function fileNode(file) {
  if (file.plays) return player(file);
  return file.url ? thumb(file) : fileLink(file);
}

export function messageFile(file) {
  return file.plays ? player(file) : thumb(file);
}

function thumb(file) {
  const { name, url, about, spoiler } = file;
  const blank = tile(name);
  if (!url) return blank;
  const picture = element("img", { src: url, alt: about || name, decoding: "async" });
  const opener = button({ class: "thumb", title: say("page_open", { name }) }, picture);
  opener.classList.toggle("spoiler", Boolean(spoiler));
  picture.addEventListener("error", () => opener.replaceWith(blank));
  opener.addEventListener("click", () => view(file));
  return opener;
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
