// Sentences in the operator's language, which the page brings along.

const page = document.getElementById("words");
const sentences = JSON.parse(page.textContent);
const spoken = page.lang;
const chosen = spoken === "en" ? (navigator.language.startsWith("en") ? navigator.language : "en-GB") : spoken;

export const isEnglish = spoken === "en";
export const language = `${chosen}-u-ca-gregory`; // days are those of the charts, whatever the calendar at home

const plurals = new Intl.PluralRules(language);
const figures = new Intl.NumberFormat(language);

// A sentence; a gap may choose its words by a number: {n:one=# answer|other=# answers}
export function tell(key, gaps = {}) {
  return sentences[key].replace(/\{(\w+)(?::([^}]*))?\}/g, (_, gap, cases) => filledGap(gaps[gap], cases));
}

// Where people write from right to left, keep a name or a figure together.
export function isolated(text) {
  return document.dir === "rtl" ? `\u2068${text}\u2069` : text;
}

function filledGap(value, cases) {
  if (!cases) return typeof value === "string" ? isolated(value) : value;
  const byNumber = Object.fromEntries(cases.split("|").map((one) => one.split("=")));
  return (byNumber[plurals.select(value)] ?? byNumber.other).replace("#", figures.format(value));
}
