/**
 * Tells what a run would write, without running it.
 *
 * @module
 */
import type { ExportPlanContext, Plan } from "@waybill/waybill";
import { changeToHold, columnNames, entryAt, firstRows, folderNotes } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { SftpCsvExportOptions } from "./config.ts";
import { chooseTarget } from "./target.ts";

type Context = ExportPlanContext<SftpCsvExportOptions, MaybePgpConnection>;

/** Counts the members, reads the first, looks whether folder and keys are as they have to be, and changes nothing. */
export async function plan(context: Context): Promise<Plan> {
  const { config, connection, audience, columns, history } = context;
  const notes = await folderNotes(context, config.folder);
  await tryEncrypting(context);
  const { path } = await chooseTarget(context);
  const rows = await context.size();
  const before = await history.last();
  const held = changeToHold(rows, before, config.hold_change, undefined);
  const names = columnNames(context);
  const replaces = await entryAt(context, path) !== undefined;
  return {
    summary: `Would export ${count(rows, "member")} of audience "${audience.name}" to "${path}"`,
    facts: {
      audience: audience.slug,
      members: rows,
      path,
      replaces,
      columns: [...names],
      // Those of audiences come behind the fields, and have none.
      kinds: names.map((_, index) => columns[index]?.kind ?? null),
      compress: config.compress,
      encrypted: connection.encrypt !== undefined,
      last_export_rows: before?.rows ?? null,
    },
    sample: await firstRows(context),
    notes: [
      ...notes,
      ...(rows === 0 ? ["The audience has no members: the file would be empty but for its header"] : []),
      ...(replaces ? [`"${path}" is there, and would be replaced`] : []),
      ...(held === undefined ? [] : [`The run would be held for approval: ${held.reason}`]),
      ...(config.user_limit !== undefined && rows === config.user_limit
        ? [`There may be more members: user_limit is ${config.user_limit}, and those with the lowest ids come`]
        : []),
      ...unsafeNote(config),
    ],
  };
}

/** Keys that cannot encrypt or sign any more are told now, too. */
async function tryEncrypting({ connection }: Context): Promise<void> {
  const message = await connection.encrypt?.(new Blob(["id\r\n"]).stream());
  await message?.cancel();
}

function unsafeNote({ spreadsheet_safe, compress }: SftpCsvExportOptions): string[] {
  return spreadsheet_safe || compress !== "none"
    ? []
    : ["Cells are written as they are: set spreadsheet_safe where people open the file in a spreadsheet"];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
