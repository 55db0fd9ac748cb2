// What somebody chose for this device: colours and language; and what can be done with the whole conversation.

import { command } from "./composer.js";
import { showSide } from "./conversations.js";
import { page } from "./dom.js";

const YEAR = 365 * 24 * 3600; // seconds

page.theme.value = document.documentElement.dataset.theme ?? "";
page.theme.addEventListener("change", () => {
  document.documentElement.dataset.theme = page.theme.value;
  try {
    localStorage.setItem("theme", page.theme.value);
  } catch { /* until the next reload, then */ }
});

page.language.value = /(?:^|; )language=([\w-]+)/.exec(document.cookie)?.[1] ?? "";
page.language.addEventListener("change", () => {
  const { value } = page.language;
  document.cookie = `language=${value}; path=/; samesite=lax; max-age=${value ? YEAR : 0}`;
  location.reload();
});

page.settings_open.addEventListener("click", () => page.settings.showModal());
page.keys_open.addEventListener("click", () => { page.settings.close(); page.keys.showModal(); });
page.print.addEventListener("click", () => { page.settings.close(); leaveSide(); print(); });
page.export.addEventListener("click", () => { page.settings.close(); leaveSide(); command("/export"); });

function leaveSide() {
  if (document.body.classList.contains("aside")) showSide(false);
}

for (const dialog of [page.settings, page.keys, page.deletion]) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
