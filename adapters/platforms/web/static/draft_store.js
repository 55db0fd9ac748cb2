// The draft of each conversation, as the browser keeps it: it survives a reload and a crash. Files that the server has
// not taken yet are kept whole. A browser that keeps nothing is no reason to refuse a word.

import { channel } from "./server.js";

const KEY = `draft ${channel}`;
const DAY = 24 * 3600 * 1000; // after which the server no longer has files that were never sent
const FILES = "files";

export function loadWords() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export function saveWords(draft) {
  try {
    if (draft.text) localStorage.setItem(KEY, JSON.stringify(draft));
    else localStorage.removeItem(KEY);
  } catch { /* full, or switched off */ }
}

const opening = new Promise((done, failed) => {
  const request = indexedDB.open("snapthread", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(FILES, { keyPath: "key" });
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});
opening.catch(() => {});

async function store(mode, work) {
  try {
    const files = (await opening).transaction(FILES, mode).objectStore(FILES);
    return await new Promise((done, failed) => {
      const request = work(files);
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  } catch {
    return undefined;
  }
}

/** Keep a file of the draft, and the key of its `upload`, so that it goes on where it was; `kept` is what the server
 * says of it, once it has it. */
export function saveFile({ key, upload, name, file, kept }) {
  return store("readwrite", (files) => files.put({ key, upload, name, channel, file: kept ? null : file, kept: kept ?? null, time: Date.now() }));
}

export function forgetFile({ key }) {
  return store("readwrite", (files) => files.delete(key));
}

/** Keep no draft on this device any more: whoever logs out may leave it to others. */
export function forgetDrafts() {
  try {
    Object.keys(localStorage).filter((key) => key.startsWith("draft ")).forEach((key) => localStorage.removeItem(key));
  } catch { /* as above */ }
  return store("readwrite", (files) => files.clear());
}

/** Keep no words of the draft of a conversation that is deleted. */
export function forgetWords(id) {
  try {
    localStorage.removeItem(`draft ${id}`);
  } catch { /* as above */ }
}

/** The files of this conversation's draft, as they were added. */
export async function loadFiles() {
  const all = await store("readonly", (files) => files.getAll()) ?? [];
  for (const old of all.filter(({ time }) => Date.now() - time > DAY)) forgetFile(old);
  return all.filter((each) => each.channel === channel && Date.now() - each.time <= DAY).sort((a, b) => a.key.localeCompare(b.key));
}
