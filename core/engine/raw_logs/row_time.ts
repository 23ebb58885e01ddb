/**
 * When an event was: what its sender says of it.
 *
 * @module
 */
import type { JsonValue } from "../../contracts/records.ts";

/** The fields that say it. */
export interface TimeFields {
  readonly at?: JsonValue | undefined;
  readonly at_millis?: JsonValue | undefined;
}

/** A time, or what is wrong with it. */
export type ReadTime = { readonly time: number } | { readonly problem: string };

/** How far ahead of Waybill's a sender's clock may be, in milliseconds: 5 minutes. */
export const AHEAD = 300_000;

const AT = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** When it was, in milliseconds since the Unix epoch: `at_millis`, else `at`, else now. */
export function timeOf({ at, at_millis }: TimeFields, now: number): ReadTime {
  const given = at_millis ?? undefined, text = at ?? undefined;
  if (given !== undefined && !(Number.isSafeInteger(given) && given as number >= 0)) {
    return { problem: '"at_millis" is no time: it has to be whole milliseconds since 1970' };
  }
  const read = text === undefined ? undefined : readAt(text);
  if (read !== undefined && "problem" in read) return read;
  const time = given as number | undefined ?? read?.time ?? now;
  if (read !== undefined && Math.floor(read.time / 1_000) !== Math.floor(time / 1_000)) {
    return { problem: '"at" and "at_millis" are different times' };
  }
  if (time > now + AHEAD) {
    return { problem: "its time lies in the future: hours are taken when they have begun, with 5 minutes for clocks" };
  }
  return { time };
}

function readAt(at: JsonValue): ReadTime {
  const parts = typeof at === "string" ? AT.exec(at) : null;
  const form = '"at" is no time: it has to be such as "2017-04-01 14:02:39" (UTC), or ISO 8601';
  if (parts === null) return { problem: form };
  const [, year, month, day, hours, minutes, seconds, fraction = "", zone = "Z"] = parts;
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  try {
    const text = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${fraction.padEnd(3, "0")}${offset}`;
    const time = Temporal.Instant.from(text).epochMilliseconds;
    return time >= 0 ? { time } : { problem: '"at" lies before 1970' };
  } catch {
    return { problem: `"at" is a time that there is not: ${at}` };
  }
}

/** The second that was asked for last: the events of a batch are often of few. */
let last = { second: -1, text: "" };

/** A time as rows have it: UTC, in whole seconds, without saying so. */
export function atOf(time: number): string {
  const second = Math.floor(time / 1_000);
  if (last.second !== second) {
    last = { second, text: new Date(time).toISOString().slice(0, 19).replace("T", " ") };
  }
  return last.text;
}
