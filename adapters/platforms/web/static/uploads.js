// One file on its way to the server.

import { Trouble, api, sentence } from "./server.js";
import { say } from "./words.js";

/** Upload a file; `progress` is told which part of it, from 0 to 1, has been sent. Resolves to what the server keeps. */
export function upload({ file, name }, progress, started) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest(); // fetch does not tell how much has been sent
    started(request);
    request.open("POST", `${api}/uploads?name=${encodeURIComponent(name)}`);
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.addEventListener("error", () => failed(new Trouble(say("page_broke_off"))));
    request.addEventListener("abort", () => failed(new Trouble(say("page_removed"))));
    request.addEventListener("load", () => {
      if (request.status === 201) done(request.response);
      else failed(new Trouble(sentence(request.status, request.response ?? {})));
    });
    request.send(file);
  });
}
