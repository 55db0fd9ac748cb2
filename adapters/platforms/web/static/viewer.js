// A photo by itself, over everything else.

import { page } from "./dom.js";

export function view({ url, name, about }) {
  page.picture.src = url;
  page.picture.alt = about || name;
  page.caption.textContent = name;
  page.viewer.showModal();
}

page.viewer.addEventListener("click", (event) => {
  if (event.target === page.viewer) page.viewer.close();
});
page.viewer.addEventListener("close", () => page.picture.removeAttribute("src"));
