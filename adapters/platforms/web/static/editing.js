// An own question can be edited, and is then asked again: its answer gets another version.

import { page } from "./dom.js";
import { entries } from "./entries.js";
import { api, send } from "./server.js";
import { say } from "./words.js";

let edited = null; // { id, before }: the question that is edited, and the draft that it took the place of

export function isEditing() {
  return edited !== null;
}

/** Begin to edit a question in the message box. */
export function edit(id) {
  edited = { id, before: edited?.before ?? page.text.value };
  page.editing.hidden = false;
  page.editing_what.textContent = say("page_editing");
  setWords(entries.get(id).data.text);
  page.text.select();
}

/** End editing, with the draft as it was before. */
export function endEditing() {
  if (!edited) return;
  const { before } = edited;
  edited = null;
  page.editing.hidden = true;
  setWords(before);
}

export async function saveEdit(text) {
  const { id } = edited;
  if (text !== entries.get(id)?.data.text) await send("POST", `${api}/messages/${id}`, { text });
}

function setWords(text) {
  page.text.value = text;
  page.text.focus();
  page.text.dispatchEvent(new Event("input"));
}

page.unedit.addEventListener("click", endEditing);
