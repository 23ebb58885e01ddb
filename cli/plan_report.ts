/**
 * What a run would do, for people.
 *
 * @module
 */
import type { Plan } from "../core/contracts/job.ts";
import type { App } from "./app.ts";
import { visible } from "./format.ts";

/** Prints a plan: what was found, the first rows, and what to know. */
export function printPlan({ out }: App, plan: Plan): void {
  if (out.json) return out.value(plan);
  out.line(visible(plan.summary));
  const facts = Object.entries(plan.facts);
  if (facts.length > 0) {
    out.line();
    out.pairs(facts.map(([name, value]) => [name.replaceAll("_", " "), value]));
  }
  if (plan.sample !== undefined && plan.sample.rows.length > 0) {
    out.line();
    const { columns, rows } = plan.sample;
    out.table(columns, rows.map((row) => row.map((cell) => cell === null ? "" : clipped(cell))));
  }
  for (const note of plan.notes) out.note(`${out.talk("yellow", "note:")} ${visible(note)}`);
}

/** Wide cells would push the others out of sight. */
function clipped(cell: string): string {
  return cell.length > 24 ? `${cell.slice(0, 23)}…` : cell;
}
