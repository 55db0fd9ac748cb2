// The list of conversations, which all devices share: find, open, name, delete, and begin a new one.

import { PENCIL, button, element, icon, page, unseen } from "./dom.js";
import { forgetWords } from "./draft_store.js";
import { entries } from "./entries.js";
import { attempt } from "./problem.js";
import { Trouble, call, channel, send } from "./server.js";
import { say } from "./words.js";

const TYPING = 200; // milliseconds after the last letter until what is sought is sought
const BIN = "M4 6h12 M8 6V4h4v2 M6 6l1 10h6l1-10";
const CHAIN = "M8 12l4-4 M9 6l2-2a3.2 3.2 0 0 1 5 5l-2 2 M11 14l-2 2a3.2 3.2 0 0 1-5-5l2-2";

let timer = null;
let asked = 0;

/** Fetch the list anew, a moment later: several changes at once are one. */
export function refreshConversations(wait = 50) {
  clearTimeout(timer);
  timer = setTimeout(fetchList, wait);
}

async function fetchList() {
  const words = page.find.value.trim();
  const turn = ++asked;
  try {
    const found = await call(`/api/conversations?q=${encodeURIComponent(words)}`);
    if (turn === asked) showList(found, words);
  } catch (trouble) { // the stream tells that the connection is lost; an old list is better than none
    if (!(trouble instanceof Trouble)) throw trouble;
  }
}

function showList(found, words) {
  const focused = page.conversations.contains(document.activeElement) && document.activeElement.closest("li")?.dataset;
  const which = focused && document.activeElement.className;
  if (page.conversations.querySelector("form")) return; // a title is being written
  page.conversations.replaceChildren(...found.map(listItem));
  if (focused) (page.conversations.querySelector(`[data-channel="${focused.channel}"] .${which}`) ?? page.find).focus();
  page.nothing.textContent = found.length ? "" : say(words ? "page_none_found" : "page_none_yet");
}

function listItem(conversation) {
  const { channel: id, photo, linked } = conversation;
  const title = conversation.title || say("page_untitled");
  const link = element("a", { class: "open", href: `/c/${id}`, title }, pictureOf(photo), element("span", { dir: "auto" }, title));
  if (id === channel) link.setAttribute("aria-current", "page");
  if (linked.length) {
    const places = linked.join(", ");
    link.append(element("span", { class: "linked", title: say("page_linked", { places }) }, icon(CHAIN), unseen(say("page_linked", { places }))));
  }
  const rename = tool("rename", PENCIL, say("page_rename", { title }));
  const remove = tool("delete", BIN, say("page_delete", { title }));
  const item = element("li", { "data-channel": id }, link, rename, remove);
  rename.addEventListener("click", () => editTitle(item, conversation));
  remove.addEventListener("click", () => confirmDeletion(id, title));
  return item;
}

function tool(name, lines, what) {
  return button({ class: name, title: what, "aria-label": what }, icon(lines));
}

function pictureOf(photo) {
  if (!photo) return element("span", { class: "blank", "aria-hidden": "true" });
  const picture = element("img", { src: photo, alt: "", loading: "lazy", decoding: "async" });
  picture.addEventListener("error", () => picture.replaceWith(pictureOf(null)));
  return picture;
}

function editTitle(item, { channel: id, title }) {
  const box = element("input", { type: "text", maxlength: "120", "aria-label": say("page_title"), dir: "auto" });
  const form = element("form", { class: "title" }, box);
  box.value = title;
  item.replaceChildren(form);
  box.select();
  let isOver = false;
  const finish = async (isChosen) => {
    if (isOver) return;
    isOver = true; // removing what has the focus is a blur
    form.remove();
    if (isChosen && box.value.trim() !== title) await attempt(() => send("POST", `/api/channels/${id}/title`, { title: box.value }));
    await fetchList();
    page.conversations.querySelector(`[data-channel="${id}"] .rename`)?.focus();
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); finish(true); });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    finish(false);
  });
  box.addEventListener("blur", () => finish(true));
}

function confirmDeletion(id, title) {
  page.sure.textContent = say("page_delete_sure", { title });
  page.deletion.dataset.channel = id;
  page.deletion.showModal();
}

page.erase.addEventListener("click", async () => {
  const id = page.deletion.dataset.channel;
  page.deletion.close();
  await attempt(async () => {
    await send("DELETE", `/api/channels/${id}`, {});
    forgetWords(id);
    if (id !== channel) location.assign(`/c/${id}`); // where the bot says what it could delete
  });
});

// a new one

export async function startNew() {
  if (!entries.size) return page.text.focus();
  await attempt(async () => {
    const { channel: fresh } = await send("POST", "/api/conversations", { like: channel });
    location.assign(`/c/${fresh}`);
  });
}

page.new.addEventListener("click", startNew);
page.find.addEventListener("input", () => refreshConversations(TYPING));
page.find.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") page.conversations.querySelector(".open")?.focus();
});
page.conversations.addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!step || event.target.localName === "input") return;
  event.preventDefault();
  (event.target.closest("li")[step]?.querySelector(".open") ?? (event.key === "ArrowUp" ? page.find : null))?.focus();
});

// on narrow screens the list lies over the transcript

export function showSide(on) {
  document.body.classList.toggle("aside", on);
  page.menu.setAttribute("aria-expanded", on);
  (on ? page.find : page.menu).focus();
}

page.menu.addEventListener("click", () => showSide(!document.body.classList.contains("aside")));
page.shade.addEventListener("click", () => showSide(false));
page.side.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("aside")) { event.stopPropagation(); showSide(false); }
});
