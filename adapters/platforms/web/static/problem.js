// The sentence above the composer that says what went wrong.

import { page } from "./dom.js";
import { Trouble } from "./server.js";

export function complain(sentence) {
  page.problem.textContent = sentence;
}

/** Do something, and say what kept it from being done. Returns whether it was done. */
export async function attempt(work) {
  complain("");
  try {
    await work();
    return true;
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    complain(trouble.message);
    return false;
  }
}
