// A photo by itself, over everything else: zoomed, beside another one, or asked about in part.

import { page } from "./dom.js";
import { addKept } from "./draft_photos.js";
import { clearFrame, framedPart, showFrame } from "./frame.js";
import { complain } from "./problem.js";
import { Trouble, api, send } from "./server.js";
import { say } from "./words.js";

const STEP = 1.5;
const CLOSEST = 12; // times the size that fits

let files = []; // all pictures of the transcript, in its order
let at = 0;
let beside = null; // the place of the photo that this one is compared with
let scale = 1;

/** Open the viewer with the picture of a thumbnail. */
export function view(opener) {
  const openers = [...page.entries.querySelectorAll(".thumb")];
  files = openers.map(({ file }) => file);
  if (!page.viewer.open) page.viewer.showModal();
  show(openers.indexOf(opener));
}

function show(n) {
  at = (n + files.length) % files.length;
  endCompare();
  endPart();
  const { name, about, file } = files[at];
  page.picture.src = sourceOf(files[at]);
  page.picture.alt = about || name;
  page.caption.textContent = name;
  page.save.href = file;
  page.save.download = name;
  for (const node of [page.previous, page.next, page.compare]) node.hidden = files.length < 2;
  zoom(1);
}

function sourceOf({ url, preview }) {
  return url ?? preview;
}

// zoom

function zoom(to) {
  scale = Math.min(CLOSEST, Math.max(1, to));
  const { naturalWidth: width, naturalHeight: height } = page.picture;
  if (!width) return;
  const fit = Math.min(page.stage.clientWidth / width, page.stage.clientHeight / height, 1);
  page.picture.style.width = `${Math.max(1, width * fit * scale)}px`;
}

/** Zoom, and leave the point of the picture at `x` and `y` on the screen where it is. */
function zoomBy(factor, { x, y } = middle()) {
  const { stage, sheet } = page;
  const before = sheet.getBoundingClientRect();
  const [across, down] = [(x - before.left) / before.width, (y - before.top) / before.height];
  zoom(scale * factor);
  const after = sheet.getBoundingClientRect();
  stage.scrollLeft += after.left + across * after.width - x;
  stage.scrollTop += after.top + down * after.height - y;
}

function middle() {
  const { left, top, width, height } = page.stage.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}

function placeOf({ clientX: x, clientY: y }) {
  return { x, y };
}

page.picture.addEventListener("load", () => zoom(scale));
addEventListener("resize", () => page.viewer.open && zoom(scale));
page.closer.addEventListener("click", () => zoomBy(STEP));
page.farther.addEventListener("click", () => zoomBy(1 / STEP));
page.sheet.addEventListener("dblclick", (event) => zoomBy(scale > 1 ? 1 / scale : 2 * STEP, placeOf(event)));
page.stage.addEventListener("wheel", (event) => {
  if (!event.ctrlKey) return; // two fingers on a touchpad
  event.preventDefault();
  zoomBy(Math.exp(-event.deltaY / 200), placeOf(event));
}, { passive: false });

let fingers = null; // how far two of them are apart, and the point between them

function fingersOf([a, b]) {
  return { apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY), x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2 };
}

// Pointers would be taken away as soon as the browser scrolls, which it does with two fingers, too.
function touch(event) {
  if (event.touches.length !== 2) { fingers = null; return; }
  if (event.cancelable) event.preventDefault();
  const now = fingersOf(event.touches);
  if (fingers) {
    zoomBy(now.apart / fingers.apart, fingers);
    page.stage.scrollLeft -= now.x - fingers.x;
    page.stage.scrollTop -= now.y - fingers.y;
  }
  fingers = now;
}
for (const kind of ["touchstart", "touchmove", "touchend", "touchcancel"]) page.stage.addEventListener(kind, touch, { passive: false });

// the next one, or one beside it

function turn(step) {
  if (files.length < 2) return;
  if (beside === null) show(at + step);
  else compareWith(beside + step);
}

function compareWith(n) {
  beside = (n + files.length) % files.length;
  if (beside === at) beside = (beside + 1) % files.length;
  const other = files[beside];
  page.other.src = sourceOf(other);
  page.other.alt = other.about || other.name;
  page.caption.textContent = `${files[at].name} ↔ ${other.name}`;
}

function setCompare(on) {
  page.compare.setAttribute("aria-pressed", on);
  page.other.hidden = page.slider.hidden = !on;
}

function endCompare() {
  beside = null;
  setCompare(false);
}

function slide() {
  page.other.style.clipPath = `inset(0 0 0 ${page.slider.value}%)`;
}

page.compare.addEventListener("click", () => {
  if (beside !== null) { show(at); return; }
  endPart();
  zoom(1);
  setCompare(true);
  page.slider.value = 50;
  slide();
  compareWith(at + 1);
  page.slider.focus();
});
page.slider.addEventListener("input", slide);
page.previous.addEventListener("click", () => turn(-1));
page.next.addEventListener("click", () => turn(1));

// ask about it

function endPart() {
  page.part.setAttribute("aria-pressed", "false");
  page.viewer_hint.textContent = "";
  clearFrame();
}

async function askAboutPart() {
  const box = framedPart();
  page.part.disabled = true;
  try {
    addKept(await send("POST", `${api}/parts`, { upload: files[at].id, box }));
    leaveForDraft();
  } catch (trouble) {
    if (!(trouble instanceof Trouble)) throw trouble;
    page.viewer_hint.textContent = trouble.message;
  } finally {
    page.part.disabled = false;
  }
}

function leaveForDraft() {
  page.viewer.close();
  complain("");
  page.text.focus();
}

function frameOrAsk() {
  if (page.part.getAttribute("aria-pressed") === "true") return askAboutPart();
  endCompare();
  page.caption.textContent = files[at].name;
  page.part.setAttribute("aria-pressed", "true");
  page.viewer_hint.textContent = say("page_part_how");
  return showFrame();
}

page.part.addEventListener("click", frameOrAsk);
page.ask_whole.addEventListener("click", () => { addKept(files[at]); leaveForDraft(); });

// keys, and the way out

page.viewer.addEventListener("keydown", (event) => {
  if (event.target === page.frame || event.target === page.slider) {
    if (event.key === "Enter" && event.target === page.frame) { event.preventDefault(); askAboutPart(); }
    return;
  }
  const work = { ArrowLeft: () => turn(isRtl() ? 1 : -1), ArrowRight: () => turn(isRtl() ? -1 : 1), "+": () => zoomBy(STEP), "=": () => zoomBy(STEP), "-": () => zoomBy(1 / STEP), 0: () => zoom(1) }[event.key];
  if (!work || (scale > 1 && event.target === page.stage && event.key.startsWith("Arrow"))) return;
  event.preventDefault();
  work();
});

function isRtl() {
  return getComputedStyle(document.body).direction === "rtl";
}

page.viewer.addEventListener("cancel", (event) => {
  if (page.part.getAttribute("aria-pressed") !== "true") return;
  event.preventDefault();
  endPart();
  page.part.focus();
});
page.stage.addEventListener("click", (event) => { if (event.target === page.stage) page.viewer.close(); });
page.viewer.addEventListener("close", () => {
  page.picture.removeAttribute("src");
  page.other.removeAttribute("src");
  files = [];
});
