/**
 * Decides where a run writes.
 *
 * @module
 */
import { type ExportReading, Failure } from "@waybill/waybill";
import { csvName, entryAt, fileName, type NameParts } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { SftpCsvExportOptions } from "./config.ts";

/** What decides it. */
export type TargetContext =
  & Pick<
    ExportReading<SftpCsvExportOptions, MaybePgpConnection>,
    "config" | "connection" | "audience" | "timeZone" | "history" | "signal"
  >
  & { readonly startedAt: number };

/** Where the file goes. */
export type Target = Pick<Checkpoint, "path" | "name">;

/**
 * The path, and the name of the CSV file in it. With a timestamp, a name that another run of the job wrote, or that is taken
 * where the file goes, is passed over: `-2`, `-3`, …
 *
 * Throws a `Failure` of kind `config` where a folder has the name, or the folder to write to is a file.
 */
export async function chooseTarget(context: TargetContext): Promise<Target> {
  const { config, connection, audience, timeZone, startedAt, history } = context;
  const parts: NameParts = {
    slug: audience.slug,
    stamp: config.timestamp_format,
    startedAt,
    timeZone,
    compress: config.compress,
    encrypted: connection.encrypt !== undefined,
  };
  for (let count = 1;; count++) {
    const path = inFolder(config.folder, fileName(parts, count));
    const target = { path, name: csvName(parts, count) };
    const there = await entryAt(context, path);
    if (config.timestamp_format === "none") {
      if (there?.kind !== "folder") return target;
      throw new Failure("config", `"${path}" is a folder, and the file would have that name`, {
        hint: "Rename it, or choose another folder or a timestamp format",
      });
    }
    if (there === undefined && !await history.wrote(path)) return target;
  }
}

/** A name in a folder of the auth. */
function inFolder(folder: string, name: string): string {
  return folder === "" ? name : `${folder.replace(/\/+$/, "")}/${name}`;
}
