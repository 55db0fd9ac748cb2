// Copying texts.

import { element } from "./dom.js";
import { say } from "./words.js";

/** Copy a text, and let the button say for a moment whether that went well. */
export async function copyText(pressed, text) {
  const before = [...pressed.childNodes];
  let outcome = say("page_copied");
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyTheOldWay(text);
  } catch {
    outcome = say("page_not_copied");
  }
  pressed.replaceChildren(outcome);
  setTimeout(() => pressed.replaceChildren(...before), 1500);
}

function copyTheOldWay(text) { // navigator.clipboard is missing on plain http
  const area = element("textarea", { class: "unseen" });
  area.value = text;
  document.body.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  if (!worked) throw new Error("not allowed");
}
