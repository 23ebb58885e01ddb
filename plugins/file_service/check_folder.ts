/**
 * Tells whether the folder that an auth starts from can be listed.
 *
 * @module
 */
import { type CheckResult, Failure, type FileStore } from "@waybill/waybill";

/** Entries looked at; a folder may hold millions. */
const MOST = 1_000;

/**
 * Lists the root folder of `files`; `subject` is what the sentence calls it. Writing is not tried. What keeps it from
 * being listed is told as a result, then thrown: its kind says whether the folder or the credential has to be changed.
 */
export async function* checkFolder(
  files: FileStore,
  subject: string,
  signal: AbortSignal,
): AsyncGenerator<CheckResult, void, undefined> {
  const name = "folder";
  try {
    const { entries, next } = await files.list("", { limit: MOST, signal });
    const count = next === undefined ? `${entries.length}` : `more than ${MOST}`;
    yield { name, ok: true, detail: `${subject} holds ${count} ${entries.length === 1 ? "entry" : "entries"}` };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "cancelled") throw error;
    const detail = error.code === "not_found"
      ? `${subject} does not exist`
      : error.code === "forbidden"
      ? `${subject} may not be listed`
      : `${subject} cannot be listed: ${error.message}`;
    const { kind, code, hint = "Check the folder" } = error;
    yield { name, ok: false, detail, hint };
    throw new Failure(kind, detail, { hint, ...(code === undefined ? {} : { code }), cause: error });
  }
}
