/**
 * What a run needs of its upload: the connection to its file, and the end of that file.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { FileConnection } from "../contracts/file_store.ts";
import type { Executor } from "../database/database.ts";
import type { RunsTable, UploadsTable } from "../database/tables.ts";
import type { Core } from "./core.ts";
import { Spool, type SpoolPlace } from "./spool.ts";

/** What the files of runs are reached through. */
export type UploadFiles = Pick<Core, "home" | "database">;

type RunKey = Pick<RunsTable, "account_id" | "id">;

/** The upload that a run imports, if it imports one. */
export async function findUpload(executor: Executor, { account_id, id }: RunKey): Promise<UploadsTable | undefined> {
  return await executor.selectFrom("uploads").selectAll().where("account_id", "=", account_id)
    .where("run_id", "=", id).executeTakeFirst();
}

/** The connection of a run that has no auth: its uploaded file. Failure `config` where there is none, or none any more. */
export async function connectUpload(core: UploadFiles, run: RunKey): Promise<FileConnection & AsyncDisposable> {
  const upload = await findUpload(core.database.kysely, run);
  if (upload === undefined) {
    throw new Failure("config", "There is no auth to connect with", { hint: "Name one: `auth: LABEL`" });
  }
  refuseRemoved(upload);
  const files = new Spool(core.home.spoolDir).files(placeOf(run));
  return { files, [Symbol.asyncDispose]: async () => {} };
}

/** Refuses (`conflict`) to go on with an upload whose file was removed. */
export function refuseRemoved({ run_id, removed_at }: UploadsTable): void {
  if (removed_at === null) return;
  throw new Failure("config", `The uploaded file of run "${run_id}" was removed`, {
    code: "conflict",
    hint: "Upload it again: that makes a new run",
  });
}

/** Removes the file of a run that has ended for good; of a run without an upload, nothing. */
export async function removeUpload(core: UploadFiles, run: RunKey): Promise<void> {
  const now = await core.database.now();
  const { numUpdatedRows } = await core.database.kysely.updateTable("uploads").set({ removed_at: now })
    .where("account_id", "=", run.account_id).where("run_id", "=", run.id).where("removed_at", "is", null)
    .executeTakeFirst();
  // Noted first: what is not removed after it is swept.
  if (numUpdatedRows > 0n) await new Spool(core.home.spoolDir).remove(placeOf(run));
}

function placeOf({ account_id, id }: RunKey): SpoolPlace {
  return { account: account_id, run: id };
}
