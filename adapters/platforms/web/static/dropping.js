// Files that are dropped anywhere on the page: from elsewhere, or from an earlier question or answer.

import { page } from "./dom.js";
import { addFiles, addKept } from "./draft_photos.js";
import { DRAGGED } from "./files.js";

const holdsFiles = ({ dataTransfer }) => dataTransfer?.types.some((type) => type === "Files" || type === DRAGGED);

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
  const dragged = event.dataTransfer.getData(DRAGGED);
  if (dragged) addKept(JSON.parse(dragged));
  else addFiles([...event.dataTransfer.files]);
});
