// The transcript: messages and answers, in the order in which they were said.

import { showActions } from "./actions.js";
import { edit } from "./editing.js";
import { showCodeBars } from "./code.js";
import { copyText } from "./copying.js";
import { PENCIL, button, element, icon, page, replaces, unseen } from "./dom.js";
import { entries, finished, isGrowing, newestId } from "./entries.js";
import { fileNode, messageFile } from "./files.js";
import { render } from "./markdown.js";
import { clock, say } from "./words.js";

const GROUP = 20; // older entries, at least

let isTyping = false;
let list = page.entries; // that entries are put into
let lastPlaced = null;

export function show(data) {
  const before = entries.get(data.id);
  const node = before?.node ?? (data.kind === "post" ? postNode(data) : messageNode(data));
  entries.set(data.id, { data, node });
  showPress(data.reply_to);
  if (!before) insert(node, data.id);
  if (before && data.kind === "message" && before.data.text !== data.text) showWords(node, data);
  if (data.kind === "post") {
    fill(node, data);
    showFiles(node, data);
    showActions(node, data);
  }
  page.empty.hidden = true;
}

/** Take away what the server no longer has: `all` are its newest entries, and there are none before them unless `more`.
 * Where some between them and those that are shown were missed, all are taken away. Returns whether any were. */
export function dropMissing(all, more) {
  const oldest = more ? Number(all[0].id) : 0;
  const isGap = more && entries.size > 0 && newestId() < oldest;
  const ids = new Set(all.map(({ id }) => id));
  const gone = [...entries.keys()].filter((id) => isGap || (!ids.has(id) && Number(id) >= oldest));
  gone.forEach(drop);
  return gone.length > 0;
}

function drop(id) {
  let { node } = entries.get(id);
  entries.delete(id);
  do { // also what it was the last one in
    const around = node.parentNode.closest("li");
    node.remove();
    node = around;
  } while (node && !node.querySelector("li"));
}

/** Show entries that were said before all others. They stand in groups, which the browser lays out when they are near:
 * thousands of single ones would keep it busy while it scrolls. */
export function showOlder(all) {
  for (let start = 0, end; start < all.length; start = end) {
    end = start + GROUP;
    while (all[end]?.kind === "post") end += 1; // answers stay with their question
    const group = element("ol");
    place(element("li", { class: "far", "data-id": all[start].id }, group), all[start].id);
    list = group;
    all.slice(start, end).forEach(show);
    list = page.entries;
  }
}

export function clear() {
  entries.clear();
  page.entries.replaceChildren();
  page.log.replaceChildren();
  page.empty.hidden = false;
}

const COMPARE = "/compare";
const VOTE = "/vote ";

function insert(node, id) {
  node.dataset.id = id;
  const { data } = entries.get(id);
  const asked = entries.get(data.reply_to)?.data;
  const isCompared = asked?.text.split(" ")[0] === COMPARE && data.kind === "post";
  if (isCompared && !isVote(data)) return insertLane(node, asked.id);
  place(node, id);
  if (isCompared) node.classList.add("votes");
  else quoteQuestion(node);
}

/** Tell whether a post asks which of compared answers is best: it stands below them. */
function isVote({ buttons }) {
  return buttons.length > 0 && buttons.every(({ command }) => command.startsWith(VOTE));
}

/** Put an answer beside the others to the same comparison. */
function insertLane(node, question) {
  let lanes = page.entries.querySelector(`.lanes[data-question="${question}"] > ol`);
  if (!lanes) {
    lanes = element("ol", { "aria-label": say("page_lanes"), tabindex: "0" });
    const row = element("li", { class: "lanes", "data-question": question, "data-id": node.dataset.id }, lanes);
    place(row, node.dataset.id);
  }
  const after = [...lanes.children].find((other) => Number(other.dataset.id) > Number(node.dataset.id));
  lanes.insertBefore(node, after ?? null);
}

function place(node, id) { // most are the last one, the first one, or stand behind the one that was placed before
  const { firstElementChild: first, lastElementChild: last } = list;
  const isBefore = (other) => Number(other.dataset.id) < Number(id);
  let after = first && !isBefore(first) ? null : last;
  if (lastPlaced?.parentNode === list && isBefore(lastPlaced) && !isBefore(lastPlaced.nextElementSibling ?? node)) after = lastPlaced;
  while (after && !isBefore(after)) after = after.previousElementSibling;
  if (after) after.after(node);
  else list.prepend(node);
  lastPlaced = node;
}

function messageNode({ text, time, photos, about, label, revised }) {
  if (about) return pressNode(label || text, text, time);
  const isCommand = text.startsWith("/") && !photos.length;
  const node = element("li", { class: isCommand ? "command" : "message" }, unseen(say("page_you_said")));
  const files = photos.map((photo) => element("li", {}, messageFile(photo)));
  if (photos.length) node.append(element("ul", { class: "thumbs" }, ...files));
  node.append(element("p", { class: "said", dir: "auto", title: clock.format(time * 1000), hidden: "" }));
  if (!isCommand) node.append(editButton(node));
  showWords(node, { text, revised });
  return node;
}

function showWords(node, { text, revised }) {
  const said = node.querySelector(".said");
  said.textContent = text;
  said.hidden = !text;
  if (revised && !node.querySelector(".edited")) node.append(element("small", { class: "edited" }, say("page_edited")));
  node.querySelector(".edit")?.toggleAttribute("hidden", !text);
}

function editButton(node) {
  const pencil = button({ class: "edit", title: say("page_edit"), "aria-label": say("page_edit") }, icon(PENCIL));
  pencil.addEventListener("click", () => edit(node.dataset.id));
  return pencil;
}

function pressNode(label, text, time) {
  const said = element("p", { class: "said", dir: "auto", title: `${text} · ${clock.format(time * 1000)}` }, label);
  return element("li", { class: "command pressed", hidden: "" }, unseen(say("page_you_pressed")), said);
}

function showPress(id) { // what a post answers is worth a line; what only changed the post that was pressed is not
  const node = entries.get(id)?.node;
  if (node) node.hidden = false;
}

function postNode({ time }) {
  const copy = button({ class: "copy" }, element("span", { "aria-hidden": "true" }, say("page_copy")), unseen(say("page_copy_what")));
  const node = element("li", { class: "post" }, element("h3", { class: "unseen" }, say("page_answer")), element("div", { class: "body" }),
    element("ul", { class: "thumbs", "aria-label": say("page_files"), hidden: "" }),
    element("div", { class: "actions", role: "group", "aria-label": say("page_actions"), hidden: "" }),
    element("div", { class: "foot" }, element("time", { datetime: new Date(time * 1000).toISOString() }, clock.format(time * 1000)), copy));
  copy.addEventListener("click", () => copyText(copy, finished(entries.get(node.dataset.id).data.text)));
  return node;
}

function fill(node, data) {
  const body = node.querySelector(".body");
  node.classList.toggle("growing", isGrowing(data));
  node.setAttribute("aria-busy", isGrowing(data));
  try {
    render(data.tree ?? finished(data.text), body);
    for (const block of body.children) block.dir = "auto"; // each in the direction of its own words
    showCodeBars(body, !isGrowing(data));
  } catch (error) { // an answer that the renderer cannot take is still an answer
    console.error(error);
    body.replaceChildren(element("p", {}, data.text));
  }
}

function showFiles(node, { photos }) {
  const list = node.querySelector(".thumbs");
  if (!replaces(list, photos)) return;
  list.replaceChildren(...photos.map((file) => element("li", {}, fileNode(file))));
  list.hidden = !photos.length;
}

function quoteQuestion(node) {
  const { data } = entries.get(node.dataset.id);
  const asked = entries.get(data.reply_to)?.data;
  let above = node.previousElementSibling;
  while (above?.hidden) above = above.previousElementSibling;
  if (!asked || above?.dataset.id === data.reply_to) return;
  const question = asked.label || asked.text || asked.photos.map((photo) => photo.name).join(", ");
  node.prepend(element("p", { class: "replied", dir: "auto" }, unseen(say("page_in_reply")), question));
}

export function showTyping(on = isTyping) {
  isTyping = on;
  page.typing.hidden = !on || page.entries.querySelector(".growing") !== null;
}

/** Tell whether an answer grows, or is about to: the last word is a question. */
export function isAnswering() {
  const isAwaited = isTyping && !page.entries.lastElementChild?.matches(".post, .lanes, [hidden]");
  return isAwaited || page.entries.querySelector(".growing") !== null;
}

const LONGEST_SPOKEN = 3000; // characters

function spokenText(block) { // of a formula, the line that says it in letters
  if (!block.querySelector("math, .codebar")) return block.textContent;
  const copy = block.cloneNode(true);
  copy.querySelectorAll("math").forEach((math) => math.replaceWith(math.querySelector("annotation").textContent));
  copy.querySelectorAll(".codebar").forEach((bar) => bar.remove());
  return copy.textContent;
}

/** Let a screen reader read an answer out. */
export function announce({ id }) {
  const body = entries.get(id).node.querySelector(".body");
  const blocks = body.querySelector(":scope > .spoiler") ? [element("p", {}, say("page_spoiler"))] : [...body.children].filter((block) => !block.matches(".codebar"));
  let words = "";
  for (const block of blocks) if (words.length < LONGEST_SPOKEN) words += `${spokenText(block)}\n`;
  page.log.append(element("p", {}, words.slice(0, LONGEST_SPOKEN).trimEnd()));
  while (page.log.children.length > 3) page.log.firstElementChild.remove();
}
