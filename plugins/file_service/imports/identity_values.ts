/**
 * Finds values that stand for "nothing" where a column is to identify profiles.
 *
 * @module
 */
import { columnValues, type Sample } from "./sample.ts";

/** What programs and people write where they have no value, in lower case and without white space around it. */
const PLACEHOLDERS: ReadonlySet<string> = new Set(
  ["null", "nil", "none", "n/a", "na", "nan", "undefined", "unknown", "0", "-", "--", ".", "?"],
);

/** Values a note names. */
const MOST_NAMED = 3;

/** One sentence for each column that would link strangers: rows that share a value become one profile. */
export function identityNotes(sample: Sample, columns: readonly string[]): string[] {
  return columns.flatMap((column) => {
    const values = columnValues(sample, column);
    const placeholders = values.filter((value) => PLACEHOLDERS.has(value.trim().toLowerCase()));
    // The first of a numbered list may be a 0.
    const zeros = values.filter((value) => value.trim() === "0").length;
    const found = zeros === 1 ? placeholders.filter((value) => value.trim() !== "0") : placeholders;
    if (found.length === 0) return [];
    const named = [...new Set(found)].slice(0, MOST_NAMED).map((value) => `"${value}"`).join(", ");
    return [
      `${found.length} of the first ${values.length} values of "${column}" look like no value (${named}): ` +
      "rows that share one become one profile",
    ];
  });
}
