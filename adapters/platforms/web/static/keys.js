// Keys that work anywhere on the page; `?` lists them.

import { showSide, startNew } from "./conversations.js";
import { page } from "./dom.js";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = event.target.matches("input, textarea, select");
  const key = event.key.toLowerCase();
  if (isCommand && !event.shiftKey && key === "k") findConversation();
  else if (isCommand && event.shiftKey && key === "o") startNew();
  else if (isCommand || event.altKey || isTyping) return;
  else if (key === "?") page.keys.showModal();
  else if (key === "/") page.text.focus();
  else return;
  event.preventDefault();
});

function findConversation() {
  if (getComputedStyle(page.side).display === "none") showSide(true);
  else page.find.focus();
}
