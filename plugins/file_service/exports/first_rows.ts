/**
 * The first rows of an export, as its plan shows them.
 *
 * @module
 */
import type { ExportReading, MemberBatch, Plan } from "@waybill/waybill";
import { csvWriter } from "@waybill/waybill/codecs";
import { csvOptions } from "./content.ts";
import type { ExportOptions } from "./fields.ts";

/** Rows shown. */
const ROWS = 5;

type Context = Pick<ExportReading<ExportOptions, unknown>, "config" | "audience" | "columns" | "members">;

/** Reads no more batches of the members than it has to. An absent value is null. */
export async function firstRows(context: Context): Promise<NonNullable<Plan["sample"]>> {
  const writer = csvWriter({ ...csvOptions(context), delimiter: ",", lineEnd: "lf" });
  const rows: (string | null)[][] = [];
  for await (const batch of context.members()) {
    for (let index = 0; index < batch.ids.length && rows.length < ROWS; index++) {
      rows.push(cellsOf(new TextDecoder().decode(writer.write(memberOf(batch, index))).slice(0, -1)));
    }
    if (rows.length === ROWS) break;
  }
  return { columns: writer.names, rows };
}

/** One member of a batch. */
function memberOf({ ids, bytes, rows, memberships, share }: MemberBatch, index: number): MemberBatch {
  const one = bytes.subarray(rows[index], rows[index + 1]);
  return {
    ids: ids.subarray(index, index + 1),
    bytes: one,
    rows: Uint32Array.of(0, one.length),
    ...(memberships === undefined ? {} : { memberships: memberships.slice(index, index + 1) }),
    share,
  };
}

/** The cells of a row, by commas. */
function cellsOf(row: string): (string | null)[] {
  return Array.from(`,${row}`.matchAll(/,("(?:[^"]|"")*"|[^",]*)/g), ([, cell = ""]) => {
    if (cell === "") return null;
    return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
  });
}
