// One file on its way to the server. What broke off goes on where it ended.

import { Trouble, api, call, sentence, untilDone } from "./server.js";
import { say } from "./words.js";

const STALL = 20_000; // milliseconds without a single byte more, after which an upload has broken off

/** Upload a file; `progress` is told which part of it, from 0 to 1, has been sent. Resolves to what the server keeps. */
export async function upload(photo, progress, started) {
  const from = photo.isBegun ? (await call(`${api}/uploads/${photo.upload}`)).received : 0;
  photo.isBegun = true;
  return sendRest(photo, from, progress, started);
}

function isRefusal(status) { // it would be refused again; where another request was faster, it would not
  return status >= 400 && status < 500 && status !== 409;
}

function sendRest({ file, name, upload: key }, from, progress, started) {
  const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
  started(request);
  return untilDone(request, new Promise((done, failed) => {
    let timer = null;
    const wait = () => { clearTimeout(timer); timer = setTimeout(() => request.abort(), STALL); };
    request.open("POST", `${api}/uploads?name=${encodeURIComponent(name)}&key=${key}&offset=${from}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded }) => { wait(); progress((from + loaded) / (file.size || 1)); });
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      if (request.status === 201) done(request.response);
      else if (request.status) failed(Object.assign(new Trouble(sentence(request.status, request.response ?? {})), { isRefusal: isRefusal(request.status) }));
      else failed(new Trouble(say("page_broke_off")));
    });
    request.send(from ? file.slice(from) : file);
    wait();
  }));
}
