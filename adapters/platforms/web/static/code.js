// Above each block of code: its language, and a button that copies it.

import { copyText } from "./copying.js";
import { button, element, unseen } from "./dom.js";
import { say } from "./words.js";

/** Put bars above the code of a whole answer; those of a text that still changes are taken away. */
export function showCodeBars(body, isWhole) {
  body.querySelectorAll(".codebar").forEach((bar) => bar.remove());
  if (isWhole) body.querySelectorAll("pre").forEach((code) => code.before(codeBar(code)));
}

function codeBar(code) {
  const copy = button({}, element("span", { "aria-hidden": "true" }, say("page_copy")), unseen(say("page_copy_code")));
  copy.addEventListener("click", () => copyText(copy, code.textContent));
  return element("div", { class: "codebar" }, element("span", {}, code.dataset.language ?? ""), copy);
}
