// Figures as people read them, in the operator's language.

import { isEnglish, language, tell } from "./words.js";

const whole = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(isEnglish ? "en" : language, { notation: "compact", maximumSignificantDigits: 3 });
const hour = new Intl.DateTimeFormat(language, { hour: "numeric" }).resolvedOptions().hour12 ? "numeric" : "2-digit";
const clock = new Intl.DateTimeFormat(language, { hour, minute: "2-digit" });
const second = new Intl.DateTimeFormat(language, { hour, minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" });
const utcDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });
const past = new Intl.RelativeTimeFormat(language);

const SYMBOLS = { second: "s", minute: "min", hour: "h" }; // English has longer ones in Intl

const date = (seconds) => new Date(seconds * 1000);

export const number = (value) => (Math.abs(value) < 100_000 ? whole : short).format(value);
export const compact = (value) => short.format(value);
export const atClock = (seconds) => clock.format(date(seconds));
export const atSecond = (seconds) => second.format(date(seconds));
export const onDay = (seconds) => day.format(date(seconds));
export const onUtcDay = (seconds) => utcDay.format(date(seconds));
export const onWeekday = (seconds) => weekday.format(date(seconds));

export function percent(part, of) {
  const share = of ? part / of : 0;
  const write = (value, digits) => new Intl.NumberFormat(language, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
  if (!share) return write(0, 0);
  if (share < 0.001) return tell("dashboard_under", { amount: write(0.001, 1) });
  return share < 0.1 ? write(share, 1) : write(share, 0);
}

// How long something took.
export function seconds(value) {
  if (value === null) return "–";
  if (value < 60) return measure(Number(value.toPrecision(2)), "second", "short");
  const minutes = Math.floor(value / 60);
  const rest = Math.round(value - minutes * 60);
  return [measure(minutes, "minute", "short"), rest && measure(rest, "second", "short")].filter(Boolean).join(" ");
}

// How long something has been.
export function span(value) {
  return measure(...inUnits(value), "long");
}

// How long ago something was.
export function ago(value) {
  if (isEnglish) return `${span(value)} ago`;
  const [amount, unit] = inUnits(value);
  return past.format(-amount, unit);
}

function inUnits(value) {
  const passed = Math.max(0, value);
  if (passed < 100) return [Math.round(passed), "second"];
  if (passed < 100 * 60) return [Math.round(passed / 60), "minute"];
  if (passed < 48 * 3600) return [Math.round(passed / 3600), "hour"];
  return [Math.round(passed / 86400), "day"];
}

function measure(amount, unit, unitDisplay) {
  if (isEnglish && unit in SYMBOLS) return `${whole.format(amount)} ${SYMBOLS[unit]}`;
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay }).format(amount);
}

export function dollars(value) {
  if (!value) return money(0, 0);
  if (value < 0.0001) return tell("dashboard_under", { amount: money(0.0001, 4) });
  if (value >= 10_000) return money(value, 0, { notation: "compact", maximumSignificantDigits: 3 });
  return money(value, value < 0.01 ? 4 : value < 1 ? 3 : 2);
}

function money(value, digits, more = { minimumFractionDigits: digits, maximumFractionDigits: digits }) {
  const currencyDisplay = isEnglish ? "narrowSymbol" : "symbol";
  return new Intl.NumberFormat(language, { style: "currency", currency: "USD", currencyDisplay, ...more }).format(value);
}
