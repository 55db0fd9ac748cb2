// The model that answers, and the choice of another one.

import { command } from "./composer.js";
import { element, page } from "./dom.js";
import { say } from "./words.js";

let models = [];
let answering = ""; // the model that does, as the server says; empty: it does not know

export function showModels(all) {
  all.forEach(addModel);
  page.picker.hidden = !models.length;
  showModel();
}

export function showModel(id = answering) {
  answering = id;
  if (!models.length || !answering) return;
  if (!models.some((model) => model.id === answering)) addModel({ id: answering, name: answering });
  page.model.value = answering;
}

function addModel(model) {
  models.push(model);
  const provider = model.id.split("/")[0];
  let group = [...page.model.children].find(({ label }) => label === provider);
  if (!group) {
    group = element("optgroup", { label: provider });
    page.model.append(group);
  }
  group.append(element("option", { value: model.id }, model.sees ? say("page_sees", { model: model.name }) : model.name));
}

page.model.addEventListener("change", async () => {
  await command(`/model ${page.model.value}`);
  showModel();
});
