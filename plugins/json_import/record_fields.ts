/**
 * Which fields a file's first records have.
 *
 * @module
 */
import { nearest } from "@waybill/waybill";
import type { Sample } from "../file_service/imports/mod.ts";

/** Names in the order in which they first come up. */
export function fieldNames({ rows }: Pick<Sample, "rows">): string[] {
  return [...new Set(rows.flatMap((row) => [...row.keys()]))];
}

/** One sentence for each chosen field that none of the records has: it may be misspelt, or rare. */
export function missingNotes(
  { rows }: Pick<Sample, "rows">,
  chosen: { readonly [key: string]: readonly string[] },
): string[] {
  const found = fieldNames({ rows });
  return Object.entries(chosen).flatMap(([key, names]) =>
    names.filter((name) => !found.includes(name)).map((name) => {
      const near = nearest(name, found);
      const hint = near === undefined ? "" : `: did you mean "${near}"?`;
      return `Field "${name}" of "${key}" is in none of the first ${rows.length} records${hint}`;
    })
  );
}
