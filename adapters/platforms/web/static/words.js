// The sentences of the page, in its language.

import { page } from "./dom.js";

const words = JSON.parse(page.words.textContent);

export const language = document.documentElement.lang;
export const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });

const numbers = new Intl.NumberFormat(language);
const plurals = new Intl.PluralRules(language);

export function say(key, gaps = {}) { // a gap may choose its words by a number: {n:one=# photo|other=# photos}
  return words[key].replace(/\{(\w+)(?::([^}]*))?\}/g, (_, gap, cases) => filledGap(gaps[gap], cases));
}

function filledGap(value, cases) {
  if (typeof value !== "number") return value;
  if (!cases) return numbers.format(value);
  const forms = Object.fromEntries(cases.split("|").map((one) => one.split("=")));
  return (forms[plurals.select(value)] ?? forms.other).replace("#", numbers.format(value));
}

export function inBytes(size) {
  const units = ["byte", "kilobyte", "megabyte"];
  const step = Math.min(Math.floor(Math.log10(size || 1) / 3), units.length - 1);
  const style = { style: "unit", unit: units[step], unitDisplay: step ? "short" : "long", maximumFractionDigits: step && 1 };
  return new Intl.NumberFormat(language, style).format(size / 1000 ** step);
}
