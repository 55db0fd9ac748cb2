// What the server takes, as it says itself.

import { page } from "./dom.js";
import { say } from "./words.js";

export const limits = { most_bytes: Infinity, most_photos: 10, most_text: Infinity };

export function learnLimits({ most_bytes, most_photos, most_text }) {
  Object.assign(limits, { most_bytes, most_photos, most_text });
  const known = say("page_limits", { most: most_photos, limit: megabytes(most_bytes) });
  page.pick.title = `${say("page_add")} (${known})`;
}

export function megabytes(bytes) {
  return Math.floor(bytes / 1024 / 1024);
}
