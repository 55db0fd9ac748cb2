// The buttons below an answer. A press is a message with the button's command.

import { button, page, replaces } from "./dom.js";
import { entries, isGrowing } from "./entries.js";
import { complain } from "./problem.js";
import { toBottom } from "./scrolling.js";
import { Trouble, post } from "./server.js";
import { isAnswering } from "./transcript.js";

const MANY = 5; // buttons that say the same command in other words: a list to pick from
const STOP = "/stop"; // the composer has a button for it
const UNANSWERED = 5_000; // milliseconds after which a press that nothing came of may be made again
const pressed = new Map(); // by post and command: the id of the message that says it, or null while that is on its way

export function showActions(node, { id, buttons }) {
  const row = node.querySelector(".actions");
  const shown = buttons.filter(({ command }) => command !== STOP);
  if (replaces(row, shown)) {
    const focused = [...row.children].indexOf(document.activeElement);
    row.replaceChildren(...shown.map((each) => actionNode(id, each)));
    row.hidden = !shown.length;
    row.classList.toggle("choices", isList(shown));
    if (focused >= 0) (row.children[focused] ?? row.lastElementChild ?? page.text).focus();
  }
  for (const each of row.children) { // not `disabled`: that would lose the focus
    each.setAttribute("aria-disabled", pressed.has(`${id} ${each.dataset.command}`));
  }
}

function isList(buttons) {
  const names = buttons.map(({ command }) => command.split(" ")[0]);
  return names.some((name) => names.filter((other) => other === name).length >= MANY);
}

function actionNode(id, { label, command }) {
  const node = button({ "data-command": command }, label);
  node.addEventListener("click", () => press(id, command));
  return node;
}

function refreshActions(id) {
  const entry = entries.get(id);
  if (entry) showActions(entry.node, entry.data); // it may have been forgotten meanwhile
}

export async function press(id, command) {
  const which = `${id} ${command}`;
  if (pressed.has(which)) return;
  complain("");
  pressed.set(which, null);
  refreshActions(id);
  try {
    const said = await post(command, { about: id });
    if (pressed.has(which)) pressed.set(which, said.id);
    const early = [...entries.values()].filter(({ data }) => data.reply_to === said.id); // they overtook the reply
    if (early.length) toBottom();
    early.forEach(({ data }) => release(data));
    setTimeout(() => giveBack(which, id), UNANSWERED);
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    complain(trouble.message);
    pressed.delete(which);
    refreshActions(id);
  }
}

function giveBack(which, id) { // the bot takes a second press for the first one if it comes at once
  if (isAnswering()) setTimeout(() => giveBack(which, id), UNANSWERED);
  else if (pressed.delete(which)) refreshActions(id);
}

export function isStopping(id) {
  return pressed.has(`${id} ${STOP}`);
}

export function stop(id) {
  return press(id, STOP);
}

export function isAwaited({ reply_to }) {
  return reply_to !== null && [...pressed.values()].includes(reply_to);
}

export function release(data) { // the buttons of a post that has changed, and the one that it answers
  if (isGrowing(data)) return;
  for (const [which, said] of pressed) {
    const [id] = which.split(" ");
    if (id !== data.id && (said === null || said !== data.reply_to)) continue;
    pressed.delete(which);
    refreshActions(id);
  }
}

export function releaseAll() {
  pressed.clear();
}
