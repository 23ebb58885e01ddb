/**
 * Tells whether the folder that an auth starts from can be listed.
 *
 * @module
 */
import { type CheckResult, Failure, type FileStore } from "@waybill/waybill";

/** Entries looked at; a folder may hold millions. */
const MOST = 1_000;

/** Lists the root folder of `files`; `subject` is what the sentence calls it. Writing is not tried. */
export async function checkFolder(files: FileStore, subject: string, signal: AbortSignal): Promise<CheckResult> {
  const name = "folder";
  try {
    const { entries, next } = await files.list("", { limit: MOST, signal });
    const count = next === undefined ? `${entries.length}` : `more than ${MOST}`;
    return { name, ok: true, detail: `${subject} holds ${count} ${entries.length === 1 ? "entry" : "entries"}` };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "cancelled") throw error;
    const detail = error.code === "not_found"
      ? `${subject} does not exist`
      : error.code === "forbidden"
      ? `${subject} may not be listed`
      : `${subject} cannot be listed: ${error.message}`;
    return { name, ok: false, detail, hint: error.hint ?? "Check the folder" };
  }
}
