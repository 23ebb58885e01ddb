/**
 * Writes times in a format of percent directives, in UTC and English.
 *
 * @module
 */
import type { Failure } from "../../contracts/failure.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

function digits(number: number, places: number): string {
  return String(number).padStart(places, "0");
}

const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => digits(date.getUTCFullYear(), 4),
  y: (date) => digits(date.getUTCFullYear() % 100, 2),
  m: (date) => digits(date.getUTCMonth() + 1, 2),
  d: (date) => digits(date.getUTCDate(), 2),
  e: (date) => String(date.getUTCDate()).padStart(2),
  j: (date) => digits(1 + Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / 86_400_000), 3),
  H: (date) => digits(date.getUTCHours(), 2),
  I: (date) => digits(date.getUTCHours() % 12 || 12, 2),
  M: (date) => digits(date.getUTCMinutes(), 2),
  S: (date) => digits(date.getUTCSeconds(), 2),
  L: (date) => digits(date.getUTCMilliseconds(), 3),
  p: (date) => date.getUTCHours() < 12 ? "AM" : "PM",
  A: (date) => DAYS[date.getUTCDay()] ?? "",
  a: (date) => (DAYS[date.getUTCDay()] ?? "").slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()] ?? "",
  b: (date) => (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3),
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  s: (date) => String(Math.floor(date.getTime() / 1_000)),
  F: (date) => date.toISOString().slice(0, 10),
  T: (date) => date.toISOString().slice(11, 19),
  "%": () => "%",
};

/** What writes times in `format`; throws what `fault` makes for a directive that is not known. */
export function timeFormatter(
  format: string,
  fault: (what: string, hint: string) => Failure,
): (date: Date) => string {
  const parts = [...format.matchAll(/%(.?)|[^%]+/gsu)].map(([part, directive]): (date: Date) => string => {
    if (directive === undefined) return () => part;
    const known = Object.hasOwn(DIRECTIVES, directive) ? DIRECTIVES[directive] : undefined;
    if (known !== undefined) return known;
    throw fault(`"${part}" is no directive`, `Use ${Object.keys(DIRECTIVES).map((name) => `%${name}`).join(" ")}`);
  });
  return (date) => {
    let text = "";
    for (const part of parts) text += part(date);
    return text;
  };
}
