// The draft: its words, and how it is sent.

import { isStopping, stop } from "./actions.js";
import { pressInSuggestions } from "./commands.js";
import { page } from "./dom.js";
import { addFiles, begin, draftPhotos, onPhotosChanged, removePhoto, restorePhotos } from "./draft_photos.js";
import { loadWords, saveWords } from "./draft_store.js";
import { endEditing, isEditing, saveEdit } from "./editing.js";
import { entries, growingAnswer } from "./entries.js";
import { limits } from "./limits.js";
import { attempt, complain } from "./problem.js";
import { toBottom } from "./scrolling.js";
import { Trouble, newKey, post } from "./server.js";
import { isAnswering } from "./transcript.js";
import { say } from "./words.js";

let isSending = false;
let lastTry = null; // { content, key } of a message of which nobody knows whether it arrived

async function send() {
  const text = page.text.value.trim();
  const photos = draftPhotos();
  if (isSending || (!text && (isEditing() || !photos.length))) return;
  if (text.length > limits.most_text) { complain(say("page_too_long", { most: limits.most_text })); return; }
  hold(true);
  const isSent = await attempt(() => isEditing() ? saveEdit(text) : sendWhole(text, photos));
  if (isSent && isEditing()) endEditing();
  else if (isSent) {
    [...photos].forEach(removePhoto);
    page.text.value = "";
    toBottom();
  }
  hold(false);
  grow();
}

async function sendWhole(text, photos) {
  photos.forEach((photo) => begin(photo));
  const uploads = await Promise.all(photos.map((photo) => photo.uploading.then(({ id }) => id, (trouble) => {
    throw new Trouble(say("page_not_sent", { name: photo.name, reason: trouble.message }));
  })));
  // The same draft again has the same key, so that it is said once even if only the answer was lost on the way.
  const content = JSON.stringify([text, uploads]);
  if (lastTry?.content !== content) lastTry = { content, key: newKey() };
  keepDraft();
  await post(text, { uploads, key: lastTry.key });
  lastTry = null;
}

function hold(on) {
  isSending = on;
  page.composer.setAttribute("aria-busy", on);
  page.text.readOnly = on;
  showReadiness();
}

/** Let the button say what it does: send what there is; without anything, stop the answer that grows. */
export function showReadiness() {
  const isEmpty = !page.text.value.trim() && !draftPhotos().length;
  const stops = isEmpty && isAnswering();
  const growing = growingAnswer();
  const isIdle = stops ? Boolean(growing && isStopping(growing.id)) : isEmpty || isSending;
  const wasStop = page.send.classList.contains("stop");
  page.send.classList.toggle("stop", stops);
  page.send.title = page.send.querySelector(".unseen").textContent = say(stops ? "page_stop" : "page_send");
  page.send.setAttribute("aria-disabled", isIdle); // not `disabled`: that would lose the focus
  if (wasStop && !stops && document.activeElement === page.send) page.text.focus();
}

/** Stop the answer that grows, or is about to. */
export async function stopAnswer() {
  const growing = growingAnswer();
  if (growing) {
    const stopping = stop(growing.id);
    showReadiness();
    await stopping;
  } else if (isAnswering()) await attempt(() => post("/stop"));
  showReadiness();
}

export function grow() {
  keepDraft();
  page.text.style.height = "auto";
  page.text.style.height = `${page.text.scrollHeight}px`;
  showReadiness();
}

function keepDraft() {
  if (!isEditing()) saveWords({ text: page.text.value, lastTry });
}

/** Put the last question into the empty box, to be asked in other words. */
function recallQuestion() {
  const said = [...entries.values()].reverse().find(({ data }) => data.kind === "message" && data.text && !data.about);
  if (!said) return false;
  page.text.value = said.data.text;
  grow();
  return true;
}

/** Send a command. */
export async function command(text) {
  if (await attempt(() => post(text))) toBottom();
}

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  if (page.send.classList.contains("stop")) stopAnswer();
  else send();
});
page.text.addEventListener("input", grow);
page.text.addEventListener("keydown", (event) => {
  if (pressInSuggestions(event)) return;
  if (event.key === "ArrowUp" && !page.text.value && recallQuestion()) event.preventDefault();
  if (event.key === "Escape" && isEditing()) { endEditing(); event.preventDefault(); }
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  send();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) stopAnswer();
});
onPhotosChanged(showReadiness);

/** Bring back the draft from before a reload. */
export function restoreDraft() {
  const draft = loadWords();
  page.text.value = draft.text ?? "";
  lastTry = draft.lastTry ?? null;
  grow();
  restorePhotos();
}

// files

for (const [opener, box] of [[page.pick, page.files], [page.shoot, page.camera], [page.record, page.microphone]]) {
  opener.addEventListener("click", () => box.click());
  box.addEventListener("change", () => { addFiles([...box.files]); box.value = ""; });
}
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  // Office programs put a picture of the text beside the text.
  if (!files.length || event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  addFiles(files);
});

for (const example of page.empty.querySelectorAll("button")) {
  example.addEventListener("click", () => {
    page.text.value = example.textContent;
    grow();
    page.text.focus();
  });
}
