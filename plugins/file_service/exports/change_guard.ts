/**
 * Holds an export whose size differs too much from that of the one before.
 *
 * @module
 */
import { z } from "zod";

/** What a run was held for: part of its checkpoint, so that what was approved is known when it goes on. */
export const heldFor: z.ZodObject<{ reason: z.ZodString; rows: z.ZodInt }> = z.object({
  reason: z.string(),
  rows: z.int(),
});

/** What a run was held for. */
export type HeldFor = z.output<typeof heldFor>;

/**
 * What an export of so many rows is to be held for; undefined where it differs by no more than `percent`. A run that was
 * held before, for about as many rows, keeps its reason: people join and leave while somebody thinks about it.
 */
export function changeToHold(
  rows: number,
  before: { readonly rows: number } | undefined,
  percent: number | undefined,
  held: HeldFor | undefined,
): HeldFor | undefined {
  if (percent === undefined || before === undefined) return undefined;
  if (!differs(rows, before.rows, percent)) return undefined;
  if (held !== undefined && !differs(rows, held.rows, percent)) return held;
  const how = before.rows === 0
    ? "and the one before had none"
    : `and the one before ${before.rows}: ${percentOf(rows, before.rows)} ${rows > before.rows ? "more" : "fewer"}`;
  return { rows, reason: `The export has ${rows} ${rows === 1 ? "row" : "rows"}, ${how}; hold_change is ${percent}%` };
}

function differs(rows: number, before: number, percent: number): boolean {
  return Math.abs(rows - before) > (before * percent) / 100;
}

function percentOf(rows: number, before: number): string {
  return `${Number((Math.abs(rows - before) / before * 100).toFixed(1))}%`;
}
