/**
 * Snapshots of imported files: one for each ledger, in files of the data directory that rows of a table name.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Snapshot, type SnapshotStore } from "../codecs/diff/mod.ts";
import { Failure } from "../contracts/failure.ts";
import type { StoredBytes } from "../contracts/snapshot.ts";
import type { Database, Executor } from "../database/database.ts";
import { diskFullFailure } from "./disk_full.ts";
import { newId } from "./ids.ts";
import { OPEN_STATUSES } from "./claim.ts";
import { type ErasedOfStream, snapshotWithout } from "./snapshot_people.ts";

/** Whose snapshot it is, and where it lies. */
export interface SnapshotPlace {
  /** The data directory's folder of snapshots. */
  readonly folder: string;
  readonly account: number;
  /** What `ledgerOwner` gives. */
  readonly owner: string;
  readonly run: string;
  /** The key of identity hashes, of which the account's secret is made. */
  readonly key: Uint8Array;
}

/** The snapshots of a run's ledger. */
export interface SnapshotFiles extends SnapshotStore {
  /** Path of the present one; undefined where there is none. */
  path(): Promise<string | undefined>;
  /** Sees that one which was written does not tell of the erased; gives the name that it has then. */
  withoutErased(name: string): Promise<string>;
}

/** The snapshots of a run's ledger. With `force` none is found. `people` gives whom what is kept must not tell of. */
export function snapshotsOf(
  { kysely }: Database,
  place: SnapshotPlace,
  force: boolean,
  people: () => Promise<ErasedOfStream>,
): SnapshotFiles {
  const path = async () => {
    const row = force ? undefined : await snapshotRow(kysely, place).executeTakeFirst();
    return row && join(place.folder, String(place.account), row.file);
  };
  const forget = async (name: string) => {
    const kept = await withoutErased(place, name, people);
    if (kept === undefined) return name;
    await removeSnapshot(place, name);
    return kept;
  };
  return {
    secret: createHmac("sha256", place.key).update(`snapshot ${place.account}`).digest().subarray(0, 16),
    path,
    open: async () => {
      const found = await path();
      return found === undefined ? undefined : await openSnapshot(found);
    },
    keep: async (bytes) => await forget(await writeSnapshot(place, bytes)),
    withoutErased: forget,
  };
}

/** The name of the same snapshot without what tells of the erased; undefined where it tells nothing of them. */
async function withoutErased(
  place: SnapshotPlace,
  name: string,
  people: () => Promise<ErasedOfStream>,
): Promise<string | undefined> {
  await using file = await openSnapshot(join(place.folder, String(place.account), name));
  const snapshot = await Snapshot.open(file);
  if (snapshot.told.length === 0) return undefined;
  const bytes = await snapshotWithout(snapshot, await people());
  return bytes === undefined ? undefined : await writeSnapshot(place, bytes);
}

/** The row of an owner's snapshot, by its key. */
export function snapshotRow(executor: Executor, { account, owner }: Pick<SnapshotPlace, "account" | "owner">) {
  return executor.selectFrom("snapshots").select("file").where("account_id", "=", account).where("owner", "=", owner);
}

/** Removes the files of an account that no row names and no run can still name: what was replaced, and crashes left. */
export async function sweepSnapshots(executor: Executor, folder: string, account: number): Promise<void> {
  const names = await snapshotFiles(folder, account);
  if (names.length === 0) return;
  // Looked for after the names: what is kept and adopted meanwhile is seen as adopted, or is none of these.
  const named = await executor.selectFrom("snapshots").select("file").where("account_id", "=", account).execute();
  const open = await executor.selectFrom("runs").select("id").where("account_id", "=", account)
    .where("status", "in", OPEN_STATUSES).execute();
  const kept = new Set(named.map(({ file }) => file));
  const runs = new Set(open.map(({ id }) => id));
  for (const name of names) {
    if (kept.has(name) || runs.has(name.slice(0, 32))) continue;
    await removeSnapshot({ folder, account }, name);
  }
}

/** The same, of all accounts: what jobs that were deleted have left. */
export async function sweepAllSnapshots(executor: Executor, folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (/^\d+$/.test(name)) await sweepSnapshots(executor, folder, Number(name));
  }
}

/** The names of an account's snapshots, be they adopted or not. */
export async function snapshotFiles(folder: string, account: number): Promise<string[]> {
  return await namesIn(join(folder, String(account)));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Removes the file of a snapshot, if it is there. */
export async function removeSnapshot(
  { folder, account }: Pick<SnapshotPlace, "folder" | "account">,
  name: string,
): Promise<void> {
  await Deno.remove(join(folder, String(account), name)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Writes a snapshot's file (0600), brings it to the disk, and gives its name, which begins with the run's. */
export async function writeSnapshot(
  { folder, account, run }: Pick<SnapshotPlace, "folder" | "account" | "run">,
  bytes: AsyncIterable<Uint8Array>,
): Promise<string> {
  const own = join(folder, String(account));
  const name = `${run}-${newId().slice(0, 16)}`;
  try {
    await Deno.mkdir(own, { recursive: true, mode: 0o700 });
    await using file = await open(join(own, name), "wx", 0o600);
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
    }
    await file.sync();
    return name;
  } catch (error) {
    await Deno.remove(join(own, name)).catch(() => {});
    throw diskFullFailure(error, folder) ?? error;
  }
}

/** Opens the file of a snapshot. Throws a `Failure` of kind `data` where it is not there. */
export async function openSnapshot(path: string): Promise<StoredBytes & AsyncDisposable> {
  try {
    const file = await open(path, "r");
    const { size } = await file.stat();
    return {
      size,
      read: async (offset, into) => {
        let filled = 0;
        while (filled < into.length) {
          const { bytesRead } = await file.read(into, filled, into.length - filled, offset + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return filled;
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
    throw new Failure("data", "The snapshot of the file before is gone from the data directory", {
      hint:
        "Restore it; or run the job once with `force: true`: every row of the file is imported, and a new snapshot made",
      cause: error,
    });
  }
}
