// The transcript follows what is new at its end, unless its reader has moved up.

import { page } from "./dom.js";

const NEAR = 80; // pixels from the bottom that still count as being there

let isStuck = true; // to the bottom
let place = {}; // where the transcript was when it was last looked at

function look() {
  const { scrollHeight: height, scrollTop: top, clientHeight: view } = page.transcript;
  place = { height, top, view };
}

export function toBottom() {
  isStuck = true;
  page.down.hidden = true;
  page.transcript.scrollTop = page.transcript.scrollHeight;
  look();
}

/** Put something above what is read, and leave that where it is. */
export function keepingPlace(work) {
  const anchor = [...page.entries.children].find((node) => node.getBoundingClientRect().bottom > 0);
  const before = anchor?.getBoundingClientRect().top;
  work();
  if (anchor && !isStuck) page.transcript.scrollTop += anchor.getBoundingClientRect().top - before;
  look();
}

// Content that grows, and a composer that shrinks, scroll too, and are told of some moments later, when there may be
// more below. So only a move upwards in a transcript that kept its size is a reader's, who wants to leave the end.
page.transcript.addEventListener("scroll", () => {
  const before = place;
  look();
  const isSame = place.height === before.height && place.view === before.view;
  if (place.height - place.top - place.view < NEAR) isStuck = true;
  else if (isSame && place.top < before.top) isStuck = false;
  else if (isStuck) toBottom();
  page.down.hidden = isStuck;
});
page.down.addEventListener("click", () => { toBottom(); page.text.focus(); });

const sizes = new ResizeObserver(() => isStuck && page.entries.childElementCount && toBottom());
for (const node of [page.entries, page.transcript, page.typing]) sizes.observe(node);
