/**
 * How long a token or a link is good, as callers write it.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** Milliseconds of each unit. */
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A century, in milliseconds: what is longer was mistyped. */
const LONGEST = 36_525 * 86_400_000;

/**
 * The end of a time that starts at `now`, in milliseconds since the Unix epoch: `100h` (hours, as documented), `30m`,
 * `7d`, `2w`; or the end itself, an ISO 8601 time with its zone. Failure `config` for anything else, and for an end that
 * is past or more than 100 years away.
 */
export function parseExpiry(text: string, now: number): number {
  const end = endOf(text, now);
  if (end !== undefined && end > now && end - now <= LONGEST) return end;
  const what = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw new Failure(
    "config",
    end === undefined
      ? `"${what}" is no time until which a token could be good`
      : `A token cannot be good until "${what}": that is ${end <= now ? "past" : "more than 100 years away"}`,
    { hint: 'Give hours ("100h"), or minutes, days or weeks ("30m", "7d", "2w"), or a time ("2027-01-31T00:00:00Z")' },
  );
}

/** The milliseconds of a time such as `30m`, `24h`, `7d` or `2w`; undefined for anything else. */
export function durationOf(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,9})([mhdw])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (UNITS[unit] ?? NaN);
}

function endOf(text: string, now: number): number | undefined {
  const duration = durationOf(text);
  if (duration !== undefined) return now + duration;
  if (!/^\d{4}-\d\d-\d\d[Tt ]/.test(text)) return undefined;
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}
