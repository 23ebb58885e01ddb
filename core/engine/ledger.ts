/**
 * The ledger of imported files: what a job has imported, in a table that its commits write.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import type { FileFacts, FileLedger, FileState, ImportedFile } from "../contracts/ledger.ts";
import type { Executor } from "../database/database.ts";
import type { ImportedFilesTable } from "../database/tables.ts";
import type { Claim } from "./claim.ts";

/** Whose ledger it is, and how it names paths. */
export interface LedgerPlace {
  readonly account: number;
  /** What {@linkcode ledgerOwner} gives. */
  readonly owner: string;
  /** Key of the hashes that stand for paths: a path may name people, and is not kept in clear when they are erased. */
  readonly key: Uint8Array;
}

/** A file that a commit is to note. */
export interface MarkedFile extends ImportedFile {
  readonly owner: string;
  readonly pathKey: string;
}

/** Most files that one question may be about. */
const MOST = 1_000;

/**
 * Whose ledger a run writes: the saved job's, or that of whatever else imports from this auth into this stream by this
 * job type.
 */
export function ledgerOwner(
  run: { readonly job_id: string | null; readonly auth_id: string; readonly job_type: string },
  stream: string,
): string {
  return run.job_id ?? `${authOwners(run.auth_id)}${run.job_type}-${stream}`;
}

/** What the owners begin with that are no saved jobs and import from this auth. */
function authOwners(auth: string): string {
  return `auth-${auth}-`;
}

/** Reads a ledger. With `force` every file is new. */
export function readLedger(executor: Executor, place: LedgerPlace, force: boolean): FileLedger {
  const { account, owner } = place;
  return {
    look: async (files) => {
      if (files.length > MOST) throw new Error(`The ledger was asked for ${files.length} files, more than ${MOST}`);
      if (force || files.length === 0) return files.map(() => ({ state: "new" }));
      const keys = files.map(({ path }) => pathKey(place.key, path));
      const rows = await filesByKeys(executor, { account, owner, keys }).execute();
      const known = new Map(rows.map((row) => [row.path_key, row]));
      return files.map((file, index) => stateOf(file, known.get(keys[index]!)));
    },
    newest: async () =>
      (await newestTimestamp(executor, { account, owner }).executeTakeFirst())?.timestamp ?? undefined,
  };
}

/** The ledger of an upload, whose file is new by definition. */
export const NO_LEDGER: FileLedger = {
  look: async (files) => files.map(() => ({ state: "new" })),
  newest: async () => undefined,
};

/** Files as a commit takes them. */
export function markedFiles({ owner, key }: LedgerPlace, files: readonly ImportedFile[]): MarkedFile[] {
  return files.map((file) => ({ ...file, owner, pathKey: pathKey(key, file.path) }));
}

/** Notes files in a ledger, in the transaction that commits their last rows. */
export async function markFiles(
  transaction: Executor,
  { account, run }: Claim,
  files: readonly MarkedFile[],
  now: number,
): Promise<void> {
  for (const { owner, pathKey, path, size, modified, hash, timestamp, rows, rejected } of files) {
    const row: ImportedFilesTable = {
      account_id: account,
      owner,
      path_key: pathKey,
      path,
      size,
      modified: Math.floor(modified),
      hash,
      timestamp: timestamp ?? null,
      rows_read: rows,
      rejected,
      run_id: run,
      imported_at: now,
    };
    await transaction.insertInto("imported_files").values(row)
      .onConflict((conflict) => conflict.columns(["account_id", "owner", "path_key"]).doUpdateSet(row)).execute();
  }
}

/** Forgets what a saved job has imported. */
export async function forgetJobFiles(transaction: Executor, account: number, job: string): Promise<void> {
  for (const table of ["imported_files", "snapshots"] as const) {
    await transaction.deleteFrom(table).where("account_id", "=", account).where("owner", "=", job).execute();
  }
}

/** Forgets what was imported from an auth without a saved job. */
export async function forgetAuthFiles(transaction: Executor, account: number, auth: string): Promise<void> {
  const first = authOwners(auth);
  for (const table of ["imported_files", "snapshots"] as const) {
    await transaction.deleteFrom(table).where("account_id", "=", account)
      .where("owner", ">=", first).where("owner", "<", `${first.slice(0, -1)}.`).execute();
  }
}

/** The rows of these keys, by the primary key. */
export function filesByKeys(
  executor: Executor,
  { account, owner, keys }: { readonly account: number; readonly owner: string; readonly keys: readonly string[] },
) {
  return executor.selectFrom("imported_files").selectAll().where("account_id", "=", account)
    .where("owner", "=", owner).where("path_key", "in", [...keys]);
}

/** The latest timestamp in a name, by its index. */
export function newestTimestamp(executor: Executor, { account, owner }: Omit<LedgerPlace, "key">) {
  return executor.selectFrom("imported_files").select("timestamp").where("account_id", "=", account)
    .where("owner", "=", owner).where("timestamp", "is not", null).orderBy("timestamp", "desc").limit(1);
}

function pathKey(key: Uint8Array, path: string): string {
  return createHmac("sha256", key).update(path).digest("hex").slice(0, 32);
}

function stateOf(file: FileFacts, row: ImportedFilesTable | undefined): FileState {
  if (row === undefined) return { state: "new" };
  if (row.size !== file.size) return { state: "changed" };
  const state = row.modified === Math.floor(file.modified) ? "same" : "touched";
  return { state, imported: { ...importedFile(row), path: file.path } };
}

function importedFile(
  { path, size, modified, hash, rows_read, rejected, timestamp }: ImportedFilesTable,
): ImportedFile {
  const file = { path, size, modified, hash, rows: rows_read, rejected };
  return timestamp === null ? file : { ...file, timestamp };
}
