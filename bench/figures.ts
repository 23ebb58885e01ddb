/**
 * How figures are put: medians with their range, ratios of interleaved pairs, goals, tables of Markdown.
 *
 * @module
 */
import type { Measure } from "./measure.ts";

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Middle, least and greatest, rounded. */
export function spread(values: readonly number[], digits = 2): string {
  const round = (value: number) => value.toFixed(digits);
  return `${round(median(values))} (${round(Math.min(...values))}–${round(Math.max(...values))})`;
}

/** What a figure has to be. */
export interface Goal {
  /** Whether the figure may not be above (`≤`) or not be below (`≥`) the limit. */
  readonly is: "≤" | "≥";
  readonly limit: number;
  /** What follows the numbers, such as ` MiB`. */
  readonly unit?: string;
}

/** The goal, and whether the figure meets it or by how much it does not. */
export function verdict(figure: number, { is, limit, unit = "" }: Goal): string {
  const met = is === "≤" ? figure <= limit : figure >= limit;
  const by = Math.abs(figure - limit);
  const digits = limit >= 10 ? 0 : 2;
  const outcome = met ? "met" : `missed by ${by.toFixed(digits)}${unit} (${(by / limit * 100).toFixed(0)} %)`;
  return `${is} ${limit}${unit}: ${outcome}`;
}

/** Wall and CPU seconds, and the highest peak of memory, as cells of a table. */
export function costs(measures: readonly Measure[]): string[] {
  return [
    spread(measures.map(({ wall }) => wall)),
    spread(measures.map(({ cpu }) => cpu)),
    Math.max(...measures.map(({ memory }) => memory)).toFixed(0),
  ];
}

/** How often the wall time of the other fits into that of the one, pair by pair: 2 is twice as slow. */
export function timesAsLong(one: readonly Measure[], other: readonly Measure[]): number[] {
  return one.map(({ wall }, pair) => wall / other[pair]!.wall);
}

/** How many rounds were measured, and what stands in the cells. */
export function rounds(count: number): string {
  return `${count} interleaved ${count === 1 ? "round" : "rounds"}; median (least–greatest), peaks the highest.`;
}

/** A table of Markdown; its first column has names. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}
