/**
 * `now-3d`: times that are told from now.
 *
 * @module
 */
import { momentOf } from "./values.ts";

/** One step of date math. */
interface Step {
  readonly amount: number;
  readonly unit: string;
}

const FORM = /^now((?:[+-]\d{1,9}[smhdwMy])*)$/;
const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * What `text` makes of now, both in milliseconds since the epoch; `undefined` for a text that is no date math. The
 * result is NaN outside the years 1 to 9999.
 *
 * `now`, then any number of steps: `+` or `-`, digits, and `s` `m` `h` `d` `w` `M` (months) `y`. Months and years are
 * UTC's calendar; a day that a month lacks becomes its last.
 */
export function dateMath(text: string): ((now: number) => number) | undefined {
  const found = FORM.exec(text);
  if (found === null) return undefined;
  const steps: Step[] = [];
  for (const [, amount = "", unit = ""] of (found[1] ?? "").matchAll(/([+-]\d+)(\w)/g)) {
    steps.push({ amount: Number(amount), unit });
  }
  let [lastNow, last] = [NaN, NaN];
  return (now) => {
    if (now !== lastNow) [lastNow, last] = [now, momentOf(steps.reduce(moved, now))?.ms ?? NaN];
    return last;
  };
}

function moved(ms: number, { amount, unit }: Step): number {
  const fixed = MILLISECONDS[unit];
  if (fixed !== undefined) return ms + amount * fixed;
  const date = new Date(ms);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + (unit === "y" ? 12 * amount : amount));
  date.setUTCDate(
    Math.min(day, new Date(Date.UTC(2000 + date.getUTCFullYear() % 400, date.getUTCMonth() + 1, 0)).getUTCDate()),
  );
  return date.getTime();
}
