/**
 * Erases people from the snapshots that the next files are compared with.
 *
 * @module
 */
import { join } from "node:path";
import { Snapshot } from "../codecs/diff/mod.ts";
import { Failure } from "../contracts/failure.ts";
import type { SnapshotsTable } from "../database/tables.ts";
import { namingTarget } from "../profiles/event_identities.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { moveEpoch } from "./generations.ts";
import { snapshotWithout } from "./snapshot_people.ts";
import { openSnapshot, removeSnapshot, snapshotFiles, writeSnapshot } from "./snapshots.ts";

/**
 * The snapshots. One that tells of the erased is written anew without what tells which rows they are, so that the next
 * file is compared as it would have been. Those that are kept meanwhile are without them from the start.
 */
export const snapshotStore: ErasableStore = {
  name: "snapshots",
  tables: [],
  folders: ["snapshots"],
  stage: "archive",
  erase: async (context) => {
    const { core: { home: { snapshotsDir: folder }, database }, account, signal, commit } = context;
    const rows = () => database.kysely.selectFrom("snapshots").selectAll().where("account_id", "=", account).execute();
    const files = await snapshotFiles(folder, account);
    const named = new Set((await rows()).map(({ file }) => file));
    const unnamed = files.filter((file) => !named.has(file));
    // No run can name from here on what it kept before: it goes on from its last commit, and keeps it anew.
    if (unnamed.length > 0) {
      await commit(async (transaction) => {
        await moveEpoch(transaction, account);
        return { position: true };
      });
    }
    const snapshots = await rows();
    for (const row of snapshots) {
      signal.throwIfAborted();
      await eraseFrom(context, row);
    }
    for (const file of unnamed) {
      if (!snapshots.some((row) => row.file === file)) await removeSnapshot({ folder, account }, file);
    }
  },
};

async function eraseFrom(context: EraseContext, row: SnapshotsTable): Promise<void> {
  const { core: { home: { snapshotsDir: folder } }, account, run, commit } = context;
  const name = await rewritten(context, row);
  if (name === undefined) return;
  let isReplaced = false;
  await commit(async (transaction) => {
    const { numUpdatedRows } = await transaction.updateTable("snapshots").set({ file: name })
      .where("account_id", "=", account).where("owner", "=", row.owner).where("file", "=", row.file)
      .executeTakeFirstOrThrow();
    isReplaced = numUpdatedRows > 0n;
    return { position: run };
  });
  await removeSnapshot({ folder, account }, isReplaced ? row.file : name);
}

/** The name of the snapshot without the erased; undefined where there is nothing to put in its place. */
async function rewritten(
  { core: { home: { snapshotsDir: folder }, identityKey }, account, run, tables, task }: EraseContext,
  { file, stream_id }: SnapshotsTable,
): Promise<string | undefined> {
  const place = { folder, account, run };
  try {
    await using stored = await openSnapshot(join(folder, String(account), file));
    const snapshot = await Snapshot.open(stored);
    const stream = stream_id ?? 0;
    const erased = tables.map(({ target, keys }) => ({ naming: namingTarget(target, identityKey, stream), keys }));
    const bytes = await snapshotWithout(snapshot, { stream, erased });
    return bytes === undefined ? undefined : await writeSnapshot(place, bytes);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "data") throw error;
    // What nobody can read may tell of them nonetheless; the job's next run says that it is gone, and what to do.
    task.log.warn(`${error.message}: it is removed`, { file });
    await removeSnapshot(place, file);
    return undefined;
  }
}
