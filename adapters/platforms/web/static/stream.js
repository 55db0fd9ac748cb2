// The stream of events. The server says something every few seconds, so silence means that the network is frozen.

import { page } from "./dom.js";
import { newestId } from "./entries.js";
import { api, call, giveUp } from "./server.js";
import { say } from "./words.js";

const SILENCE = 12_000; // milliseconds in which the server has said something at least twice
const LOOK = 1_000; // milliseconds
const RESTART = 2_500; // milliseconds in which a server that starts anew is back, so that nobody need know
const PATIENCE = 10_000; // milliseconds until a hidden tab gives its connection back: browsers have only six for a host
const NEWS = 20_000; // milliseconds between two looks for answers of a tab without a connection

let source = null;
let lastHeard = 0;
let hideTimer = null;
let noticeTimer = null;
let handlers = {};
let isBack = () => {};
let isAwaited = () => false;

/** Let each handler have the data of the events of its name. `back` is called whenever the connection is there again;
 * a hidden tab keeps it while it `awaits` an answer. */
export function listen(handlersByName, back, awaits) {
  handlers = handlersByName;
  isBack = back;
  isAwaited = awaits;
  connect();
  setInterval(() => source && performance.now() - lastHeard > SILENCE && thaw(), LOOK);
}

function connect() {
  source?.close();
  const mine = source = new EventSource(`${api}/events`);
  lastHeard = performance.now();
  for (const [name, handle] of Object.entries(handlers)) {
    mine.addEventListener(name, (event) => {
      if (mine !== source) return;
      lastHeard = performance.now();
      if (name === "snapshot") restore();
      handle(JSON.parse(event.data));
    });
  }
  mine.addEventListener("error", () => mine === source && lose(mine));
}

function restore() {
  clearTimeout(noticeTimer);
  noticeTimer = null;
  page.connection.textContent = "";
  isBack();
}

function lose(which) {
  noticeTimer ??= setTimeout(() => { page.connection.textContent = say("page_lost"); }, RESTART);
  if (which.readyState === EventSource.CLOSED) setTimeout(() => which === source && connect(), 3000);
}

function thaw() { // nothing comes through, and nothing has broken off
  clearTimeout(noticeTimer);
  page.connection.textContent = say("page_lost");
  giveUp();
  connect();
}

function hide() {
  clearTimeout(hideTimer);
  hideTimer = setTimeout(() => {
    if (isAwaited()) { hide(); return; }
    source?.close();
    source = null;
    lookForNews();
  }, PATIENCE);
}

/** Ask from time to time, without holding a connection, whether there is an answer; only then connect for a while. */
function lookForNews() {
  hideTimer = setTimeout(async () => {
    const { news } = await call(`${api}/news?after=${newestId()}`).catch(() => ({ news: false }));
    if (source || !document.hidden) return;
    if (news) { connect(); hide(); } else lookForNews();
  }, NEWS);
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hideTimer);
  if (document.hidden) hide();
  else if (!source || performance.now() - lastHeard > SILENCE) connect();
});
addEventListener("online", () => source && connect());
document.addEventListener("resume", connect); // of a tab that the browser had frozen
addEventListener("pageshow", ({ persisted }) => persisted && connect());
