/**
 * Which columns of a file a job means.
 *
 * @module
 */
import { Failure, nearest } from "@waybill/waybill";
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
export type ColumnOptions = Pick<CsvImportOptions, "fields" | "timestamps" | "identify_by" | "multi_value">;

/** How many names a message lists. */
const MOST_LISTED = 30;

/**
 * Finds the columns in the header. Throws a `Failure` of kind `config` for a column that is not there, or for a
 * header that was cut at the wrong delimiter.
 */
export function selectColumns(header: CsvHeader, options: ColumnOptions, path: string): Selection {
  refuseWrongDelimiter(header, options, path);
  const known = new Set(header.names);
  for (const key of ["fields", "timestamps", "identify_by", "multi_value"] as const) {
    for (const column of options[key]) {
      if (!known.has(column)) throw unknownColumn(column, key, header.names, path);
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
    hint: `Set the delimiter: \`delimiter: ${flag}\``,
  });
}

function unknownColumn(column: string, key: string, names: readonly string[], path: string): Failure {
  const near = nearest(column, names);
  const listed = names.slice(0, MOST_LISTED).join(", ");
  const columns = names.length > MOST_LISTED ? `${listed} and ${names.length - MOST_LISTED} more` : listed;
  return new Failure("config", `Column "${column}" of "${key}" is not in the header of "${path}"`, {
    hint: `${near === undefined ? "" : `Did you mean "${near}"? `}The columns are: ${columns}`,
  });
}
