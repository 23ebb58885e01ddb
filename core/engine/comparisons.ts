/**
 * How a run's files are compared with those before them.
 *
 * @module
 */
import { compareHere, Snapshot, type SnapshotStore } from "../codecs/diff/mod.ts";
import { folderSpool, type Spool } from "../codecs/spool.ts";
import type { Snapshots } from "../contracts/snapshot.ts";
import { ComparisonThread } from "./comparison_thread.ts";
import { openSnapshot, type SnapshotFiles, type SnapshotPlace } from "./snapshots.ts";

/** A file before with so many rows makes a thread worth it: smaller ones are compared before it has begun. */
export const MANY_ROWS = 50_000;

const NO_SNAPSHOTS: SnapshotStore = {
  secret: new Uint8Array(16),
  open: async () => undefined,
  keep: async () => "",
};

/** The snapshots of an upload or a list: there is none, and none is kept. */
export function noSnapshots(spool: Spool): Snapshots {
  return { compare: (options) => compareHere(NO_SNAPSHOTS, spool, options) };
}

/** What comparisons need beside snapshots. */
export interface ComparisonsGiven {
  readonly place: SnapshotPlace;
  /** Where they put aside what they need not hold in memory. */
  readonly workDir: string;
  /** Leads to the Worker beside this one; without one, this thread does everything. */
  readonly helper: MessagePort | undefined;
}

/** Compares on the thread beside, where the file before was large, else here. */
export function comparisonsOf(files: SnapshotFiles, { place, workDir, helper }: ComparisonsGiven): Snapshots {
  return {
    compare: async (options) => {
      const snapshot = helper && await files.path();
      const here = () => compareHere(files, folderSpool(workDir), options);
      if (snapshot === undefined) return await here();
      await using opening = new AsyncDisposableStack();
      const before = await Snapshot.open(opening.use(await openSnapshot(snapshot)));
      if (helper === undefined || before.rows < MANY_ROWS) return await here();
      const { signal, ...rest } = options;
      const start = { type: "comparison", snapshot, workDir, options: { ...rest, secret: files.secret } } as const;
      const comparison = opening.use(new ComparisonThread(helper, start, { before, files, place, signal }));
      const stack = opening.move();
      return {
        add: (batch) => comparison.add(batch),
        difference: () => comparison.difference(),
        keep: () => comparison.keep(),
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    },
  };
}
