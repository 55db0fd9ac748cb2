// The files of the draft: each is uploaded as soon as it is added.

import { button, element, page } from "./dom.js";
import { tile } from "./files.js";
import { forgetFile, loadFiles, saveFile } from "./draft_store.js";
import { limits, megabytes } from "./limits.js";
import { complain } from "./problem.js";
import { newKey } from "./server.js";
import { upload } from "./uploads.js";
import { say } from "./words.js";

const AGAIN = 3_000; // milliseconds until an upload that broke off is tried again
const LONGEST_PAUSE = 30_000;

let photos = [];
let changed = () => {};

export function draftPhotos() {
  return photos;
}

/** Let `work` be called whenever a file was added or removed. */
export function onPhotosChanged(work) {
  changed = work;
}

export function addFiles(files) {
  complain("");
  for (const file of files) {
    if (photos.length >= limits.most_photos) {
      complain(say("page_left_out", { most: limits.most_photos, name: file.name }));
      return;
    }
    if (file.size > limits.most_bytes) complain(say("page_large", { name: file.name, limit: megabytes(limits.most_bytes) }));
    else addFile(file);
  }
  page.text.focus();
}

function addFile(file) {
  const photo = { key: `${Date.now()} ${newKey()}`, upload: newKey(), file, name: file.name || say("page_photo"), url: URL.createObjectURL(file) };
  addPhoto(photo);
  saveFile(photo);
  begin(photo);
}

/** Add a file that the server has already. */
export function addKept(kept, key = `${Date.now()} ${newKey()}`) {
  if (photos.length >= limits.most_photos) {
    complain(say("page_left_out", { most: limits.most_photos, name: kept.name }));
    return;
  }
  const photo = { key, name: kept.name, url: kept.url, kept };
  addPhoto(photo);
  photo.uploading = Promise.resolve(kept);
  arrive(photo, kept);
}

function addPhoto(photo) {
  photo.node = draftNode(photo);
  photos.push(photo);
  page.photos.append(photo.node);
  changed();
}

/** Bring back the files that were there before a reload. */
export async function restorePhotos() {
  for (const { key, upload = newKey(), name, file, kept } of await loadFiles()) {
    if (kept) addKept(kept, key);
    else {
      const photo = { key, upload, isBegun: true, name, file, url: URL.createObjectURL(file) };
      addPhoto(photo);
      begin(photo);
    }
  }
}

/** Upload again what broke off. */
export function retryUploads() {
  photos.filter(({ node }) => node.classList.contains("failed")).forEach((photo) => begin(photo));
}

function draftNode(photo) {
  const removal = say("page_remove", photo);
  const remove = button({ class: "remove", title: removal, "aria-label": removal }, "×");
  remove.addEventListener("click", () => { removePhoto(photo); page.text.focus(); });
  const progress = element("progress", { max: "1", value: "0", "aria-label": say("page_upload", photo) });
  return element("li", { title: photo.name }, tile(photo.name), progress, remove);
}

/** Upload it, unless that is done or under way. What broke off goes on by itself, later and later. */
export function begin(photo, tries = 1) {
  if (photo.uploading) return;
  clearTimeout(photo.timer);
  photo.node.classList.remove("failed");
  const progress = photo.node.querySelector("progress");
  photo.uploading = upload(photo, (part) => { progress.value = part; }, (request) => { photo.request = request; });
  photo.uploading.then((kept) => arrive(photo, kept), (trouble) => {
    if (!photos.includes(photo)) return;
    photo.uploading = null;
    photo.node.classList.add("failed");
    if (tries === 1) complain(`${photo.name}: ${trouble.message}`);
    if (!trouble.isRefusal) photo.timer = setTimeout(() => begin(photo, tries + 1), Math.min(tries * AGAIN, LONGEST_PAUSE));
  });
}

function arrive(photo, kept) {
  if (page.problem.textContent.startsWith(`${photo.name}: `)) complain(""); // it broke off before
  photo.node.classList.add("uploaded");
  photo.node.querySelector("progress").remove();
  // The server has looked at its size: a small file can unpack to more than a browser can bear.
  if ((kept.url || kept.thumb) && !kept.plays) showPicture(photo, kept);
  saveFile({ ...photo, kept });
  changed();
}

function showPicture(photo, { thumb, url }) {
  const blank = photo.node.querySelector(".tile");
  const picture = element("img", { src: (url && photo.url) || thumb, alt: photo.name });
  picture.addEventListener("error", () => picture.replaceWith(blank));
  blank.replaceWith(picture);
}

export function removePhoto(photo) {
  clearTimeout(photo.timer);
  photo.request?.abort();
  if (photo.file) URL.revokeObjectURL(photo.url);
  forgetFile(photo);
  photo.node.remove();
  photos = photos.filter((other) => other !== photo);
  complain("");
  changed();
}
