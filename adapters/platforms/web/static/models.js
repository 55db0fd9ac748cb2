// The model that answers, and a list to pick another one from: by name, with price, provider and whether it sees photos.

import { command } from "./composer.js";
import { element, page, unseen } from "./dom.js";
import { Listbox } from "./listbox.js";
import { say } from "./words.js";

const EYE = "👁";

let models = [];
let answering = ""; // the model that does, as the server says; empty: it does not know

const list = new Listbox(page.model_words, page.models, choose);

export function showModels(all) {
  models = all;
  page.picker.hidden = !models.length;
  showModel();
}

export function showModel(id = answering) {
  answering = id;
  const model = models.find((each) => each.id === id) ?? { id, name: id };
  page.model.value = id;
  page.answering.replaceChildren(model.name, ...(model.sees ? [eye()] : []));
}

function eye() {
  return element("span", { class: "eye", title: say("page_sees") }, element("span", { "aria-hidden": "true" }, ` ${EYE}`), unseen(`, ${say("page_sees")}`));
}

function option({ id, name, sees, price }) {
  const content = [element("span", { class: "name" }, name, ...(sees ? [eye()] : [])), element("small", { class: "price" }, price)];
  if (id !== `${id.split("/")[0]}/${name}`) content.push(element("small", { class: "exact" }, id));
  return { value: id, group: id.split("/")[0], isCurrent: id === answering, content };
}

function showFitting() {
  const words = page.model_words.value.toLowerCase().split(/\s+/);
  const fitting = models.filter(({ id, name }) => words.every((word) => `${id} ${name}`.toLowerCase().includes(word)));
  fitting.sort((a, b) => (b.sees ? 1 : 0) - (a.sees ? 1 : 0)); // those that see photos first, and else as they come
  const options = fitting.map(option);
  const ordered = [...new Set(models.map(({ id }) => id.split("/")[0]))].flatMap((name) => options.filter(({ group }) => group === name));
  list.show(ordered, Math.max(0, ordered.findIndex(({ isCurrent }) => isCurrent)));
  page.no_model.textContent = fitting.length ? "" : say("page_no_model");
}

async function choose(id) {
  page.model_picker.close();
  if (id !== answering) await command(`/model ${id}`);
}

page.model.addEventListener("click", () => {
  page.model_words.value = "";
  page.model_picker.showModal();
  showFitting();
  page.model_words.focus();
});
page.model_words.addEventListener("input", showFitting);
page.model_words.addEventListener("keydown", (event) => list.press(event));
page.model_picker.addEventListener("click", (event) => { if (event.target === page.model_picker) page.model_picker.close(); });
