// Files that are dropped anywhere on the page.

import { page } from "./dom.js";
import { addFiles } from "./draft_photos.js";

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  page.drop.hidden = false;
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) page.drop.hidden = true; });
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  page.drop.hidden = true;
  addFiles([...event.dataTransfer.files]);
});
