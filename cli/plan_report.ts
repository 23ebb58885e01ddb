/**
 * What a run would do, for people.
 *
 * @module
 */
import type { Plan } from "../core/contracts/job.ts";
import type { JsonValue } from "../core/contracts/records.ts";
import type { App } from "./app.ts";
import { visible } from "./format.ts";
import type { Output } from "./output.ts";

/** Prints a plan: what was found, the first rows, and what to know. */
export function printPlan({ out }: App, plan: Plan): void {
  if (out.json) return out.value(plan);
  out.line(visible(plan.summary));
  printFacts(out, plan.facts);
  if (plan.sample !== undefined && plan.sample.rows.length > 0) {
    out.line();
    const { columns, rows } = plan.sample;
    out.table(columns, rows.map((row) => row.map((cell) => cell === null ? "" : clipped(cell))));
  }
  for (const note of plan.notes) out.note(`${out.talk("yellow", "note:")} ${visible(note)}`);
}

/** Prints facts: a list of objects is a table of its own below the others, anything else a line. */
function printFacts(out: Output, facts: Plan["facts"]): void {
  const lines: [string, JsonValue][] = [];
  const tables: [string, readonly Row[]][] = [];
  for (const [key, value] of Object.entries(facts)) {
    const name = key.replaceAll("_", " ");
    const rows = rowsOf(value);
    if (rows === undefined) lines.push([name, value]);
    else tables.push([name, rows]);
  }
  if (lines.length > 0) {
    out.line();
    out.pairs(lines);
  }
  for (const [name, rows] of tables) {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    out.line();
    out.line(out.data("dim", visible(name)));
    const cells = rows.map((row) =>
      columns.map((column) => {
        const cell = row[column];
        return typeof cell === "string" ? clipped(cell) : cell;
      })
    );
    out.table(columns.map((column) => column.replaceAll("_", " ")), cells, 2);
  }
}

type Row = { readonly [key: string]: JsonValue };

/** The value as rows of a table, where it is a list of objects. */
function rowsOf(value: JsonValue): readonly Row[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const rows = value.filter((item) => typeof item === "object" && item !== null && !Array.isArray(item));
  return rows.length === value.length ? rows as Row[] : undefined;
}

/** Wide cells would push the others out of sight. */
function clipped(cell: string): string {
  return cell.length > 24 ? `${cell.slice(0, 23)}…` : cell;
}
