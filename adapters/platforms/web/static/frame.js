// The rectangle over a photo: drawn with the pointer, or moved and sized with the keyboard.

import { page } from "./dom.js";

const MIDDLE = [0.25, 0.25, 0.75, 0.75]; // left, top, right, bottom, in shares of the photo
const STEP = 0.02;
const SMALLEST = 0.02;
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

let box = [...MIDDLE];
let start = null; // where the pointer went down

export function showFrame() {
  box = [...MIDDLE];
  page.frame.hidden = false;
  draw();
  page.frame.focus();
}

export function clearFrame() {
  page.frame.hidden = true;
  start = null;
}

export function framedPart() {
  return box;
}

function draw() {
  const [left, top, right, bottom] = box.map((share) => share * 100);
  page.frame.style.inset = `${top}% ${100 - right}% ${100 - bottom}% ${left}%`;
}

function placeOf({ clientX, clientY }) {
  const { left, top, width, height } = page.picture.getBoundingClientRect();
  return [within((clientX - left) / width), within((clientY - top) / height)];
}

function within(share) {
  return Math.min(1, Math.max(0, share));
}

page.sheet.addEventListener("pointerdown", (event) => {
  if (page.frame.hidden || !event.isPrimary) return;
  event.preventDefault();
  start = placeOf(event);
  page.sheet.setPointerCapture(event.pointerId);
  page.frame.focus();
});
page.sheet.addEventListener("pointermove", (event) => {
  if (!start || !event.isPrimary) return;
  const [x, y] = placeOf(event);
  box = [Math.min(start[0], x), Math.min(start[1], y), Math.max(start[0], x, start[0] + SMALLEST), Math.max(start[1], y, start[1] + SMALLEST)].map(within);
  draw();
});
page.sheet.addEventListener("pointerup", () => { start = null; });

page.frame.addEventListener("keydown", (event) => {
  const move = MOVES[event.key];
  if (!move) return;
  event.preventDefault();
  const [left, top, right, bottom] = box;
  const [x, y] = move;
  if (event.shiftKey) box = [left, top, Math.max(left + SMALLEST, within(right + x)), Math.max(top + SMALLEST, within(bottom + y))];
  else {
    const [dx, dy] = [Math.max(-left, Math.min(1 - right, x)), Math.max(-top, Math.min(1 - bottom, y))];
    box = [left + dx, top + dy, right + dx, bottom + dy];
  }
  draw();
});
