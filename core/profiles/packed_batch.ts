/**
 * What profiles are to be told of a batch of events, as it crosses to another thread.
 *
 * @module
 */
import type { PackedSlots } from "./identity_slots.ts";

/** A batch as it crosses to another thread; all buffers are transferable. */
export interface PackedProfileBatch {
  readonly count: number;
  readonly times: Float64Array<ArrayBuffer>;
  readonly parents: Int32Array<ArrayBuffer>;
  readonly identified: Uint8Array<ArrayBuffer>;
  readonly changing: Uint8Array<ArrayBuffer>;
  readonly texts: Uint8Array<ArrayBuffer>;
  readonly ends: Float64Array<ArrayBuffer>;
  readonly owners: Int32Array<ArrayBuffer>;
  /** Events whose identities are noted; of the others `places` says where they stand. */
  readonly named: number;
  readonly places: Float64Array<ArrayBuffer>;
  /** Whether an event may name several of one identity field. */
  readonly namesSeveral: boolean;
  readonly slots: PackedSlots;
}

/** The memory of a packed batch, for `postMessage` to transfer. */
export function buffersOf({ slots, ...batch }: PackedProfileBatch): ArrayBuffer[] {
  return [...Object.values(batch), ...Object.values(slots)].flatMap((value) =>
    typeof value === "object" ? [value.buffer] : []
  );
}
