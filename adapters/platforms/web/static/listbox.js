// A list of options that is driven from a text box: arrows move, Enter chooses, the focus stays in the box.

import { element } from "./dom.js";

export class Listbox {
  #box; #list; #choose; #active = -1; #values = new WeakMap();

  /** `choose` is called with the value of an option. */
  constructor(box, list, choose) {
    this.#box = box;
    this.#list = list;
    this.#choose = choose;
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.#take(option);
    });
  }

  get options() {
    return [...this.#list.querySelectorAll("[role=option]")];
  }

  get values() {
    return this.options.map((option) => this.#values.get(option));
  }

  get isOpen() {
    return !this.#list.hidden && this.options.length > 0;
  }

  /** Show options, `{ value, content, isCurrent }`, in groups by their `group`, if they have one. */
  show(all, active = 0) {
    const groups = grouped(all);
    this.#list.replaceChildren(...[...groups].flatMap(([name, members]) => {
      const options = members.map((each) => this.#option(each));
      if (!name) return options;
      const title = element("li", { role: "presentation", class: "group", "aria-hidden": "true" }, name);
      return [element("li", { role: "presentation" }, element("ul", { role: "group", "aria-label": name }, title, ...options))];
    }));
    this.options.forEach((option, n) => { option.id = `${this.#list.id}-${n}`; });
    this.#list.hidden = !all.length;
    this.#mark(all.length ? active : -1);
  }

  hide() {
    this.#list.hidden = true;
    this.#mark(-1);
  }

  /** Take a key of the box; tells whether it was one for the list. */
  press(event) {
    if (!this.isOpen || event.isComposing) return false;
    const { options } = this;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && this.#active >= 0) this.#take(options[this.#active]);
    else if (step) this.#mark((this.#active + step + options.length) % options.length);
    else return false;
    event.preventDefault();
    return true;
  }

  #option({ value, content, isCurrent }) {
    const option = element("li", { role: "option", "aria-selected": "false" }, ...content);
    if (isCurrent) option.classList.add("current");
    this.#values.set(option, value);
    return option;
  }

  #take(option) {
    this.#choose(this.#values.get(option));
  }

  #mark(n) {
    this.#active = n;
    this.options.forEach((option, at) => option.setAttribute("aria-selected", at === n));
    const active = this.options[n];
    if (active) this.#box.setAttribute("aria-activedescendant", active.id);
    else this.#box.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }
}

function grouped(all) {
  const groups = new Map();
  for (const each of all) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return groups;
}
