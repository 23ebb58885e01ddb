/**
 * Reads the timestamp in a file's name.
 *
 * @module
 */
import { type Reading, readingAt, type TimestampForm, wouldReadMonthFirst } from "./forms.ts";
import type { Prefix } from "./prefix.ts";

/** How to read names. */
export interface DatedNameOptions {
  /** What must match the name up to its timestamp; without one, the first timestamp of the name counts. */
  readonly prefix?: Prefix | undefined;
  /** Whether eight digits may be `MMDDYYYY`, too. */
  readonly monthFirst?: boolean | undefined;
}

/** A name with a timestamp. */
export interface DatedName {
  readonly dated: true;
  /** In milliseconds since the Unix epoch: as UTC, at midnight where there is no time. */
  readonly time: number;
  /** The form it has, such as `YYYY-MM-DD`. */
  readonly form: TimestampForm;
  /** The timestamp as it stands in the name. */
  readonly text: string;
  /** Where it starts in the name; what stands before it is what a prefix has matched. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** How the name could be read otherwise, a sentence; absent where there is one way only. */
  readonly ambiguity?: string;
}

/** A name without. */
export interface UndatedName {
  readonly dated: false;
  /** Why, as the end of a sentence that begins with the name. */
  readonly reason: string;
}

/** Beyond this a name is no name of any file system. */
const LONGEST = 1_024;

/**
 * Finds the timestamp in a name. The forms are `YYYYMMDD`, `YYYY-MM-DD` and `YYYY_MM_DD`, each with `HHmm`, `HHmmss`,
 * `THHmmZ`, `THHmmssZ`, `HH-mm` or `HH-mm-ss` after it (the last two also behind a `_` or `-`), `YYYY-MM-DDTHH-mm-ssZ`,
 * Unix seconds of ten digits, and by choice `MMDDYYYY`. Years are those from 1970 to 2199. No digit may follow, nor,
 * without a prefix, stand before.
 */
export function parseDatedName(name: string, options: DatedNameOptions = {}): DatedName | UndatedName {
  if (name.length > LONGEST) return { dated: false, reason: `is longer than ${LONGEST} characters` };
  const { prefix, monthFirst = false } = options;
  const readings = prefix === undefined
    ? [...timestampsOf(name, monthFirst)]
    : readingsBehind(name, prefix, monthFirst);
  const possible = readings.filter(({ time }) => time !== undefined);
  const [first, ...others] = possible;
  if (first?.time === undefined) return { dated: false, reason: reasonOf(name, readings, options) };
  const { time, form, text, start, end } = first;
  const ambiguity = ambiguityOf(first, others);
  return { dated: true, time, form, text, start, end, ...(ambiguity === undefined ? {} : { ambiguity }) };
}

/** The timestamps that stand apart in a name; none within another. */
function* timestampsOf(name: string, monthFirst: boolean): Generator<Reading> {
  for (let start = 0; start < name.length; start++) {
    if (!isDigit(name, start) || isDigit(name, start - 1)) continue;
    const reading = readingAt(name, start, monthFirst);
    if (reading === undefined) continue;
    yield reading;
    start = reading.end - 1;
  }
}

/** The timestamps that the prefix leads up to; none within another. */
function readingsBehind(name: string, prefix: Prefix, monthFirst: boolean): Reading[] {
  const found: Reading[] = [];
  let end = 0;
  for (let start = 0; start < name.length; start++) {
    if (!isDigit(name, start) || start < end) continue;
    const reading = readingAt(name, start, monthFirst);
    if (reading === undefined || !prefix.matches(name.slice(0, start))) continue;
    found.push(reading);
    // What is no time may hide one.
    if (reading.time !== undefined) end = reading.end;
  }
  return found;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}

function reasonOf(
  name: string,
  readings: readonly Reading[],
  { prefix, monthFirst = false }: DatedNameOptions,
): string {
  if (!monthFirst && hasMonthFirst(name)) return "holds eight digits that are a timestamp only with the month first";
  const [impossible] = readings;
  if (impossible !== undefined) return `holds "${impossible.text}", which is no ${impossible.form} that there is`;
  const [other] = prefix === undefined ? [] : timestampsOf(name, monthFirst);
  if (other !== undefined) return `does not match the prefix up to its timestamp "${other.text}"`;
  return prefix === undefined ? "holds no timestamp" : "holds no timestamp behind the prefix";
}

function hasMonthFirst(name: string): boolean {
  for (let start = 0; start < name.length; start++) {
    if (isDigit(name, start) && !isDigit(name, start - 1) && wouldReadMonthFirst(name, start)) return true;
  }
  return false;
}

function ambiguityOf(first: Reading, others: readonly Reading[]): string | undefined {
  if (others.length > 0) {
    const texts = others.map(({ text }) => `"${text}"`).join(", ");
    return `"${first.text}" counts as its timestamp, not ${texts}`;
  }
  if (first.otherwise === undefined) return undefined;
  return `"${first.text}" is read as ${first.form}; it could be ${first.otherwise}`;
}
