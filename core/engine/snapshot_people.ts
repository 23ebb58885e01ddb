/**
 * Whom snapshots tell of, and how they forget them.
 *
 * @module
 */
import { forgetAllRows, forgetRows, type Snapshot } from "../codecs/diff/mod.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { type ReadTarget, readTarget } from "../profiles/raw_forms.ts";
import { type Erased, rowsOfErased } from "../profiles/refusals.ts";

/** Whose rows a stream's snapshots must not tell. */
export interface ErasedOfStream {
  readonly stream: number;
  readonly erased: readonly Erased[];
}

/**
 * The bytes of a snapshot that tells of none of the erased; undefined where it tells of none of them. Its rows name
 * people by the fields that it keeps, as the stream's events do. Where those are not all that identify, it forgets every
 * row: one of an erased person might be told of by a field that nobody can take for theirs.
 */
export async function snapshotWithout(
  snapshot: Snapshot,
  { stream, erased }: ErasedOfStream,
): Promise<AsyncGenerator<Uint8Array> | undefined> {
  const sought = erased.filter(({ keys }) => keys.size > 0);
  if (snapshot.told.length === 0 || sought.length === 0) return undefined;
  const told = new Set(snapshot.told);
  const named = sought.every(({ naming, keys }) => isNamed(told, readTarget(naming, stream, keys), stream));
  if (!named) return forgetAllRows(snapshot);
  return await forgetRows(snapshot, (rows) => rowsOfErased(indexRows(rows), sought));
}

/** Whether the kept fields are all that tell whom a row of the stream is about, as far as it goes into the table. */
function isNamed(told: ReadonlySet<string>, { naming, reads }: ReadTarget, stream: number): boolean {
  const { generation, rules } = naming.target;
  if (!generation.mappings.some((mapping) => mapping.stream === stream)) return true;
  return rules.identifyBy.every((field) => reads.get(field)?.every((read) => told.has(read)) === true);
}
