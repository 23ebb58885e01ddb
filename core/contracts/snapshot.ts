/**
 * Snapshots: what a job keeps of a file, so that the next one of its sequence can be compared with it.
 *
 * @module
 */

/** Bytes that lie somewhere and are read in any order. */
export interface StoredBytes {
  /** Bytes in it. */
  readonly size: number;
  /** Fills `into` from `offset` on, as far as there are bytes; gives their number. */
  read(offset: number, into: Uint8Array): Promise<number>;
}

/**
 * The snapshot that a job keeps: one at a time, replaced in the transaction that commits the next one's file. It is what
 * `snapshotOf` of the codecs writes: of that alone the engine can take out what tells of erased people.
 */
export interface Snapshots {
  /** 16 bytes that are this account's alone: the key of what stands in snapshots in place of people's data. */
  readonly secret: Uint8Array;
  /** Opens it; undefined where there is none, and for a run that imports whatever was imported before (`--force`). */
  open(): Promise<(StoredBytes & AsyncDisposable) | undefined>;
  /**
   * Keeps bytes aside and gives their name. They become the job's snapshot with the commit of an `emit` whose `snapshot`
   * is that name; until then the one before stays. Fields that are kept in clear of people who are erased are left out.
   * Throws a `Failure` of kind `data` for what is no snapshot.
   */
  keep(bytes: AsyncIterable<Uint8Array>): Promise<string>;
}
