/**
 * Compares files on the thread that reads them.
 *
 * @module
 */
import type { CompareOptions, FileComparison, StoredBytes } from "../../contracts/snapshot.ts";
import type { Spool } from "../spool.ts";
import { Comparison } from "./comparison.ts";
import { differenceOf } from "./difference.ts";
import { Snapshot } from "./snapshot.ts";

/** Where the snapshots of a ledger are kept. */
export interface SnapshotStore {
  /** 16 bytes that are this account's alone: the key of what stands in snapshots in place of people's data. */
  readonly secret: Uint8Array;
  /** Opens it; undefined where there is none. */
  open(): Promise<(StoredBytes & AsyncDisposable) | undefined>;
  /** Keeps bytes aside and gives their name. */
  keep(bytes: AsyncIterable<Uint8Array>): Promise<string>;
}

/** Begins a comparison, as `Snapshots` has it. */
export async function compareHere(
  store: SnapshotStore,
  spool: Spool,
  { signal, ...options }: CompareOptions,
): Promise<FileComparison> {
  await using opening = new AsyncDisposableStack();
  const stored = await store.open();
  if (stored !== undefined) opening.use(stored);
  const before = stored && await Snapshot.open(stored);
  const comparison = opening.use(await Comparison.open(spool, before, { ...options, secret: store.secret }));
  const stack = opening.move();
  return {
    add: (batch) => comparison.add(batch),
    difference: async () => differenceOf(await comparison.find(signal), before),
    keep: () => store.keep(comparison.snapshot()),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
