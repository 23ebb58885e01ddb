/**
 * Events of people who are being erased: found before they are archived.
 *
 * @module
 */
import type { RejectedRow } from "../contracts/records.ts";
import { eachIdentity, type NamingTarget } from "./event_identities.ts";
import { identityKey } from "./identity.ts";
import type { IndexedBatch } from "./indexed_batch.ts";
import { PeopleInText } from "./people_in_text.ts";

/** Erased identities of a profile table, by their keys in its identity index, and what tells whom an event names. */
export interface Erased {
  readonly naming: NamingTarget;
  readonly keys: ReadonlySet<bigint>;
}

/** The rows of a batch that name an erased identity: 1 for each that does. Undefined where none does. */
export function rowsOfErased(batch: IndexedBatch, erased: readonly Erased[]): Uint8Array | undefined {
  let rows: Uint8Array | undefined;
  for (const { naming, keys } of erased) {
    if (keys.size === 0) continue;
    let found = false;
    eachIdentity(batch, naming, (hasher, value) => {
      if (!found && keys.has(identityKey(hasher, value, 0))) found = true;
    }, (row) => {
      if (found) (rows ??= new Uint8Array(batch.times.length))[row] = 1;
      found = false;
    });
  }
  return rows;
}

/** Tells whether a value of a field names one of the erased, of whichever table, by that table's own rules. */
export function erasedValues(erased: readonly Erased[], field: string): (value: string) => boolean {
  const own = erased.flatMap(({ naming: { target: { rules: { identity }, hashers } }, keys }) => {
    const hasher = hashers.find((hasher) => hasher.field === field);
    return hasher === undefined || keys.size === 0 ? [] : [{ identity, hasher, keys }];
  });
  return (value) =>
    own.some(({ identity, hasher, keys }) => {
      const name = identity.normalise(field, value);
      return name !== undefined && keys.has(identityKey(hasher, name, 0));
    });
}

/** What finds the erased in rows that cannot be read. */
export function erasedInText(erased: readonly Erased[]): PeopleInText {
  return new PeopleInText(erased.map(({ naming: { target: { rules, hashers } }, keys }) => ({
    rules,
    names: (field, value) => keys.has(identityKey(hashers[field]!, value, 0)),
  })));
}

/** A row of a batch as one that is rejected: its bytes, and where its file has it, as far as that is known. */
export function rejectedRow({ bytes, rows, places }: IndexedBatch, row: number, reason: string): RejectedRow {
  const raw = bytes.slice(rows[row]!, rows[row + 1]! - 1);
  return { raw, offset: places?.offsets[row] ?? 0, line: places?.lines[row] ?? 0, reason };
}

/** A batch without some of its rows. */
export function withoutRows(batch: IndexedBatch, left: Uint8Array): IndexedBatch {
  const { bytes, rows, times, columns: { names, spans }, places } = batch;
  const kept = left.reduce((count, out) => count + (out === 1 ? 0 : 1), 0);
  const width = 2 * names.length;
  const next = {
    bytes: new Uint8Array(bytes.length),
    rows: new Uint32Array(kept + 1),
    times: new Float64Array(kept),
    spans: new Uint32Array(width * kept),
  };
  let put = 0, row = 0;
  for (let from = 0; from < left.length; from++) {
    if (left[from] === 1) continue;
    const start = rows[from]!, shift = put - start;
    next.bytes.set(bytes.subarray(start, rows[from + 1]!), put);
    next.rows[row] = put;
    next.times[row] = times[from]!;
    for (let at = 0; at < width; at++) {
      next.spans[row * width + at] = spans[from * width + at]! + shift;
    }
    put += rows[from + 1]! - start;
    row++;
  }
  next.rows[kept] = put;
  return {
    bytes: next.bytes.subarray(0, put),
    rows: next.rows,
    times: next.times,
    columns: { names, spans: next.spans },
    ...(places === undefined ? {} : {
      places: {
        lines: places.lines.filter((_, row) => left[row] !== 1),
        offsets: places.offsets.filter((_, row) => left[row] !== 1),
      },
    }),
  };
}
