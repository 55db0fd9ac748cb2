// Figures as people read them.

const language = navigator.language.startsWith("en") ? navigator.language : "en-GB"; // the page speaks English
const whole = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const hour = new Intl.DateTimeFormat(language, { hour: "numeric" }).resolvedOptions().hour12 ? "numeric" : "2-digit";
const clock = new Intl.DateTimeFormat(language, { hour, minute: "2-digit" });
const second = new Intl.DateTimeFormat(language, { hour, minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
const weekday = new Intl.DateTimeFormat(language, { weekday: "short", day: "numeric", month: "short" });
const utcDay = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" });

const date = (seconds) => new Date(seconds * 1000);

export const number = (value) => (Math.abs(value) < 100_000 ? whole : short).format(value);
export const compact = (value) => short.format(value);
export const atClock = (seconds) => clock.format(date(seconds));
export const atSecond = (seconds) => second.format(date(seconds));
export const onDay = (seconds) => day.format(date(seconds));
export const onUtcDay = (seconds) => utcDay.format(date(seconds));
export const onWeekday = (seconds) => weekday.format(date(seconds));

export function percent(part, of) {
  if (!of || !part) return "0%";
  const share = (100 * part) / of;
  return share < 0.1 ? "under 0.1%" : `${share < 10 ? share.toFixed(1) : Math.round(share)}%`;
}

// How long something took.
export function seconds(value) {
  if (value === null) return "–";
  if (value < 60) return `${Number(value.toPrecision(2))} s`;
  const minutes = Math.floor(value / 60);
  const rest = Math.round(value - minutes * 60);
  return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
}

// How long something has been.
export function span(value) {
  const passed = Math.max(0, value);
  if (passed < 100) return `${Math.round(passed)} s`;
  if (passed < 100 * 60) return `${Math.round(passed / 60)} min`;
  if (passed < 48 * 3600) return `${Math.round(passed / 3600)} h`;
  return `${Math.round(passed / 86400)} days`;
}

// The same in another language, which Intl knows the units of.
export function spanIn(language) {
  if (language === "en") return span;
  const write = (value, unit) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }).format(value);
  return (value) => {
    const passed = Math.max(0, value);
    if (passed < 100) return write(passed, "second");
    if (passed < 100 * 60) return write(passed / 60, "minute");
    return passed < 48 * 3600 ? write(passed / 3600, "hour") : write(passed / 86400, "day");
  };
}

export function dollars(value) {
  if (!value) return "$0";
  if (value < 0.0001) return "under $0.0001";
  const digits = value < 0.01 ? 4 : value < 1 ? 3 : 2;
  return value < 10_000 ? `$${value.toFixed(digits)}` : `$${short.format(value)}`;
}
