/**
 * What a comparison found, in a form that goes from one thread to another.
 *
 * @module
 */
import type { Difference } from "../../contracts/snapshot.ts";
import { textsIn } from "./row_texts.ts";
import type { Snapshot } from "./snapshot.ts";

/** What a comparison found: nothing but data. */
export interface FoundRows extends Omit<Difference, "isDifferent" | "nextDifferent" | "tellsRemoved" | "removedRows"> {
  /** A bit for each row of the file that was added or changed. */
  readonly bits: Uint8Array;
  /** The rows of the file before that are gone; undefined where there is no file to compare with. */
  readonly gone: GoneRows | undefined;
}

/** Rows of a snapshot, partition after partition. */
export interface GoneRows {
  /** A bit for each of them. */
  readonly bits: Uint8Array;
  /** Rows before each partition, then those of all. */
  readonly starts: readonly number[];
}

/** What was found, with the snapshot that it was found by, as {@linkcode Difference} has it. */
export function differenceOf({ bits, gone, ...found }: FoundRows, before: Snapshot | undefined): Difference {
  const compared = gone === undefined ? undefined : before;
  const isDifferent = (row: number) => isSet(bits, row);
  return {
    ...found,
    isDifferent,
    nextDifferent(row) {
      for (; row < found.rows; row++) {
        // Eight rows at a time where nothing is.
        if ((row & 7) === 0 && bits[row >>> 3] === 0) row += 7;
        else if (isDifferent(row)) return row;
      }
      return undefined;
    },
    tellsRemoved: compared === undefined || compared.told.length > 0,
    removedRows: () => removedTexts(compared, gone, found.removed),
  };
}

async function* removedTexts(
  before: Snapshot | undefined,
  gone: GoneRows | undefined,
  count: number,
): AsyncGenerator<Uint8Array> {
  if (before === undefined || gone === undefined || before.told.length === 0) return;
  for (let partition = 0, left = count; left > 0; partition++) {
    const start = gone.starts[partition]!, end = gone.starts[partition + 1]!;
    if (!isAny(gone.bits, start, end)) continue;
    let row = start;
    for (const text of textsIn((await before.partition(partition)).texts)) {
      if (isSet(gone.bits, row++)) {
        left--;
        yield text;
      }
    }
  }
}

/** Marks a row. */
export function setBit(bits: Uint8Array, row: number): void {
  bits[row >>> 3] = bits[row >>> 3]! | 1 << (row & 7);
}

function isSet(bits: Uint8Array, row: number): boolean {
  return (bits[row >>> 3]! & 1 << (row & 7)) !== 0;
}

function isAny(bits: Uint8Array, start: number, end: number): boolean {
  for (let row = start; row < end; row++) if (isSet(bits, row)) return true;
  return false;
}
