// Commands are suggested while one is typed.

import { element, page } from "./dom.js";
import { Listbox } from "./listbox.js";
import { call } from "./server.js";

const BEGUN = /^\/([a-z]*)$/;

let commands = null; // fetched with the first slash
const list = new Listbox(page.text, page.suggestions, choose);

function choose(name) {
  page.text.value = `/${name} `;
  list.hide();
  page.text.dispatchEvent(new Event("input"));
}

async function suggest() {
  const typed = BEGUN.exec(page.text.value);
  if (!typed) return list.hide();
  commands ??= call("/api/commands");
  const known = await commands.catch(() => { commands = null; return []; });
  if (page.text.value !== typed[0]) return;
  list.show(known.filter(({ name }) => name.startsWith(typed[1])).map(({ name, help }) => (
    { value: name, content: [element("b", {}, `/${name}`), " ", element("small", {}, help)] })));
}

/** Take a key of the message box; tells whether it was one for the suggestions. */
export function pressInSuggestions(event) {
  if (event.key === "Escape" && list.isOpen) {
    list.hide();
    event.preventDefault();
    return true;
  }
  if (event.key === "Enter" && list.values.includes(BEGUN.exec(page.text.value)?.[1])) list.hide(); // it is complete
  return list.press(event);
}

page.text.addEventListener("input", suggest);
page.text.addEventListener("blur", () => list.hide());
