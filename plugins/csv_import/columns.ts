/**
 * Which columns of a file a job means.
 *
 * @module
 */
import { Failure } from "@waybill/waybill";
import type { CsvHeader } from "@waybill/waybill/codecs";
import type { CsvImportOptions } from "./config.ts";

/** The columns to read, and those of them that are imported. */
export interface Selection {
  /** In the order of the file; timestamps that are not imported included. */
  readonly read: readonly string[];
  /** In the order of the file. */
  readonly imported: readonly string[];
}

/** The part of the configuration that names columns. */
export type ColumnOptions = Pick<CsvImportOptions, "fields" | "timestamps" | "identify_by" | "delimiter">;

/** How many names a message lists. */
const MOST_LISTED = 30;

/**
 * Finds the columns in the header. Throws a `Failure` of kind `config` for a column that is not there, or for a
 * header that was cut at the wrong delimiter.
 */
export function selectColumns(header: CsvHeader, options: ColumnOptions, path: string): Selection {
  refuseWrongDelimiter(header, options, path);
  const known = new Set(header.names);
  for (const key of ["fields", "timestamps", "identify_by"] as const) {
    for (const column of options[key]) {
      if (!known.has(column)) throw unknownColumn(column, `--${key.replace("_", "-")}`, header.names, path);
    }
  }
  if (options.fields.length === 0) return { read: header.names, imported: header.names };
  const imported = header.names.filter((name) => options.fields.includes(name));
  const read = header.names.filter((name) => options.fields.includes(name) || options.timestamps.includes(name));
  return { read, imported };
}

/** Somebody who names the odd column means it; to anybody else it is a mistake. */
function refuseWrongDelimiter({ names, otherDelimiter }: CsvHeader, options: ColumnOptions, path: string): void {
  const [only = ""] = names;
  if (otherDelimiter === undefined || [...options.fields, ...options.identify_by].includes(only)) return;
  const shown = otherDelimiter === "\t" ? "tabs" : `"${otherDelimiter}"`;
  const flag = otherDelimiter === "\t" ? "t" : `"${otherDelimiter}"`;
  throw new Failure("config", `The header of "${path}" is a single column that holds ${shown}`, {
    hint: `Set the delimiter: --delimiter ${flag}`,
  });
}

function unknownColumn(column: string, flag: string, names: readonly string[], path: string): Failure {
  const near = nearestName(column, names);
  const listed = names.slice(0, MOST_LISTED).join(", ");
  const columns = names.length > MOST_LISTED ? `${listed} and ${names.length - MOST_LISTED} more` : listed;
  return new Failure("config", `Column "${column}" of ${flag} is not in the header of "${path}"`, {
    hint: `${near === undefined ? "" : `Did you mean "${near}"? `}The columns are: ${columns}`,
  });
}

/** The name that is the same but for case, spaces and the like, or but for up to two typing errors. */
function nearestName(column: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[\s_.-]+/g, "");
  const wanted = plain(column);
  const scored = names.map((name) => ({ name, edits: editDistance(wanted, plain(name)) }));
  const best = scored.reduce<typeof scored[number] | undefined>(
    (least, next) => least === undefined || next.edits < least.edits ? next : least,
    undefined,
  );
  return best !== undefined && best.edits <= Math.min(2, Math.floor((wanted.length + 1) / 3)) ? best.name : undefined;
}

/** Levenshtein's distance. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const [left = 0, up = 0, corner = 0] = [current[column - 1], above[column], above[column - 1]];
      current.push(Math.min(left + 1, up + 1, corner + (from[row - 1] === to[column - 1] ? 0 : 1)));
    }
    above = current;
  }
  return above[to.length] ?? 0;
}
