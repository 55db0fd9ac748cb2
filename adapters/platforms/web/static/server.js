// Requests to the server. None waits for ever: a network may freeze without breaking off.

import { say } from "./words.js";

export const channel = location.pathname.split("/").pop();
export const api = `/api/channels/${channel}`;

const PATIENCE = 15_000; // milliseconds
const underway = new Set(); // what can be aborted

export class Trouble extends Error {} // its message is a sentence for people

export async function call(path, options = {}) {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), PATIENCE);
  try {
    return await untilDone(end, ask(path, options, end.signal));
  } finally {
    clearTimeout(timer);
  }
}

async function ask(path, options, signal) {
  const response = await fetch(path, { ...options, signal }).catch(() => {
    throw new Trouble(say("page_unreachable"));
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Trouble(sentence(response.status, body));
  return body;
}

/** Let a request be aborted by `giveUp` until it is done. */
export async function untilDone(request, result) {
  underway.add(request);
  try {
    return await result;
  } finally {
    underway.delete(request);
  }
}

/** End all requests that are under way, because nothing comes through any more. */
export function giveUp() {
  for (const request of underway) request.abort();
}

export function sentence(status, body) {
  if (status === 401) return say("page_logged_out");
  return body.error ?? say("page_wrong", { status });
}

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function send(method, path, body) {
  return call(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}

function spokenLanguage() { // the one that was chosen, else that of the browser, with its region
  return document.cookie.includes("language=") ? document.documentElement.lang : navigator.language;
}

/** Say something in the channel. The same key again is the same message. */
export function post(text, { uploads = [], key = newKey(), about = null } = {}) {
  return send("POST", `${api}/messages`, { text, uploads, key, about, language: spokenLanguage() });
}
