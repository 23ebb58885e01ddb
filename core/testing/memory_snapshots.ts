/**
 * A job's snapshot in memory.
 *
 * @module
 */
import { compareHere, type SnapshotStore } from "../codecs/diff/mod.ts";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { Snapshots } from "../contracts/snapshot.ts";

/** Snapshots that can be looked into. */
export interface MemorySnapshots extends Snapshots {
  /** The bytes of the job's present snapshot. */
  readonly present: Uint8Array | undefined;
  /** Makes what was kept the job's snapshot, as the commit of an `emit` does. */
  adopt(name: string): void;
}

/** Makes one without a snapshot. */
export function memorySnapshots(): MemorySnapshots {
  const kept = new Map<string, Uint8Array>();
  let present: Uint8Array | undefined;
  const store: SnapshotStore = {
    secret: new Uint8Array(16),
    open: async () => {
      const bytes = present;
      if (bytes === undefined) return undefined;
      return {
        size: bytes.length,
        read: async (offset, into) => {
          const found = bytes.subarray(offset, offset + into.length);
          into.set(found);
          return found.length;
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
    keep: async (bytes) => {
      const chunks: BlobPart[] = [];
      for await (const chunk of bytes) chunks.push(chunk.slice());
      const name = String(kept.size);
      kept.set(name, await new Blob(chunks).bytes());
      return name;
    },
  };
  return {
    get present() {
      return present;
    },
    compare: (options) => compareHere(store, memorySpool(), options),
    adopt: (name) => {
      const bytes = kept.get(name);
      if (bytes === undefined) throw new Error(`No snapshot was kept under the name "${name}"`);
      present = bytes;
    },
  };
}
