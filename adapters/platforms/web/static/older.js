// Older entries, which are fetched a page at a time when their reader comes near.

import { page } from "./dom.js";
import { attempt } from "./problem.js";
import { keepingPlace } from "./scrolling.js";
import { api, call } from "./server.js";
import { showOlder } from "./transcript.js";

let isFetching = false;

export function showWhetherMore(more) {
  page.older.hidden = !more;
}

async function fetchOlder() {
  const oldest = page.entries.firstElementChild?.dataset.id;
  if (isFetching || !oldest) return;
  isFetching = true;
  await attempt(async () => {
    const { entries, more } = await call(`${api}/entries?before=${oldest}`);
    keepingPlace(() => showOlder(entries));
    showWhetherMore(more);
  });
  isFetching = false;
}

page.older.addEventListener("click", fetchOlder);
new IntersectionObserver(([seen]) => seen.isIntersecting && fetchOlder(), { root: page.transcript, rootMargin: "600px" })
  .observe(page.older);
