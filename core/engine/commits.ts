/**
 * What commits a run's batches: this thread, or one of their own.
 *
 * @module
 */
import type { PackedProfileBatch } from "../profiles/packed_batch.ts";

/** Memory of a batch that is committed. */
export interface Spare {
  readonly profiles: readonly PackedProfileBatch[];
  /** Of the archive lines, where it had some. */
  readonly lines?: Uint8Array<ArrayBuffer> | undefined;
}

/** Commits the batches of one run, in order. */
export interface Commits<Batch> extends AsyncDisposable {
  /**
   * Takes a batch; resolves when there is room for the next. Throws what made this or an earlier batch fail:
   * `LeaseLost` when another process has taken the run over, `PlaceChanged` when an import has to begin anew. Nothing
   * of a failed batch is committed.
   */
  commit(batch: Batch): Promise<void>;
  /** Resolves when every batch taken is committed; throws what made one fail. */
  drain(): Promise<void>;
  /** The memory of a batch that is committed, for the next to use, in its order; undefined where there is none. */
  spare(): Spare | undefined;
}
