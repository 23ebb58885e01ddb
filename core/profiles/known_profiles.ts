/**
 * The profiles that a batch met in the database, column by column: most are merely seen again, and need no object.
 *
 * @module
 */
import { sameBytes, viewOf } from "./byte_stretches.ts";
import type { StoredProfile } from "./profile_state.ts";

const decoder = new TextDecoder();

/** Some profiles as they were read, by ascending id: an entry each in every column. */
export interface ProfileColumns {
  readonly ids: readonly number[];
  readonly ats: readonly number[];
  /** Bytes of each profile's attributes. */
  readonly sizes: readonly number[];
  /** All attributes, one after another, UTF-8. */
  readonly attributes: Uint8Array;
  /** Stamps; null for a profile without one. */
  readonly stampedAts: readonly (number | null)[];
  readonly positions: readonly (number | null)[];
  readonly fields: readonly (string | null)[];
  readonly identities: readonly (string | null)[];
}

/** The columns as a statement gives them: JSON lists, and no attributes where no profile was found. */
export type ColumnsRow<Attributes> =
  & Readonly<Record<Exclude<keyof ProfileColumns, "attributes">, string>>
  & { readonly attributes: Attributes | null };

/** Reads the lists of a row. */
export function parseColumns(row: ColumnsRow<unknown>, attributes: Uint8Array): ProfileColumns {
  return {
    attributes,
    ids: JSON.parse(row.ids),
    ats: JSON.parse(row.ats),
    sizes: JSON.parse(row.sizes),
    stampedAts: JSON.parse(row.stampedAts),
    positions: JSON.parse(row.positions),
    fields: JSON.parse(row.fields),
    identities: JSON.parse(row.identities),
  };
}

/** One profile of the columns. `start` is the first byte of its attributes. */
function profileAt(columns: ProfileColumns, index: number, start: number): StoredProfile {
  const at = columns.stampedAts[index] ?? null, position = columns.positions[index] ?? null;
  return {
    id: columns.ids[index]!,
    at: columns.ats[index]!,
    attributes: decoder.decode(columns.attributes.subarray(start, start + columns.sizes[index]!)),
    stamp: at === null || position === null
      ? null
      : { at, position, fields: columns.fields[index] ?? null, identities: columns.identities[index] ?? null },
  };
}

/** The profiles in columns, an object each. */
export function storedProfiles(list: readonly ProfileColumns[]): StoredProfile[] {
  return list.flatMap((columns) => {
    let start = 0;
    return columns.sizes.map((size, index) => {
      start += size;
      return profileAt(columns, index, start - size);
    });
  });
}

/** Columns as they are looked up. */
interface Piece {
  readonly columns: ProfileColumns;
  readonly firstId: number;
  readonly lastId: number;
  /** Profiles in the pieces before. */
  readonly before: number;
  readonly attributes: DataView;
  /** First byte of every profile's attributes. */
  readonly starts: Uint32Array;
}

/** Profiles by id. */
export class KnownProfiles {
  /** How many there are. */
  count = 0;
  readonly #pieces: Piece[] = [];
  /** Those that needed an object. */
  readonly #stored = new Map<number, StoredProfile>();
  /** Where the last one was found: ids are mostly asked for side by side. */
  #piece = 0;
  #index = 0;

  /** Adds what was read, one profile at least. */
  add(columns: ProfileColumns): void {
    const starts = new Uint32Array(columns.sizes.length);
    for (let index = 1; index < starts.length; index++) starts[index] = starts[index - 1]! + columns.sizes[index - 1]!;
    const { ids } = columns, attributes = viewOf(columns.attributes);
    this.#pieces.push({ columns, firstId: ids[0]!, lastId: ids.at(-1)!, before: this.count, attributes, starts });
    this.count += ids.length;
  }

  /** Whether a profile is there. */
  has(id: number): boolean {
    return this.#find(id);
  }

  /** The place of a profile that is there among all of them: each has its own, below `count`. */
  place(id: number): number {
    return this.#at(id).before + this.#index;
  }

  /** A profile that is there. */
  get(id: number): StoredProfile {
    let stored = this.#stored.get(id);
    if (stored === undefined) {
      const { columns, starts } = this.#at(id);
      stored = profileAt(columns, this.#index, starts[this.#index]!);
      this.#stored.set(id, stored);
    }
    return stored;
  }

  /** Whether a profile's attributes are the `size` bytes from `start` on. */
  says(id: number, bytes: DataView, start: number, size: number): boolean {
    const { columns: { sizes }, attributes, starts } = this.#at(id);
    return sizes[this.#index] === size && sameBytes(attributes, starts[this.#index]!, bytes, start, size);
  }

  /** A profile's attributes, UTF-8. */
  bytes(id: number): Uint8Array {
    const { columns: { attributes, sizes }, starts } = this.#at(id), start = starts[this.#index]!;
    return attributes.subarray(start, start + sizes[this.#index]!);
  }

  /** Whether all fields of a profile have one stamp. */
  hasOneStamp(id: number): boolean {
    return this.#at(id).columns.fields[this.#index] === null;
  }

  /** Whether a profile has other identities than those that its fields hold. */
  hasOtherIdentities(id: number): boolean {
    return this.#at(id).columns.identities[this.#index] !== null;
  }

  /** Event time of the latest event that wrote to a profile; its archive position is below those of later batches. */
  latest(id: number): number {
    const { columns } = this.#at(id);
    return columns.stampedAts[this.#index] ?? columns.ats[this.#index]!;
  }

  #at(id: number): Piece {
    if (!this.#find(id)) throw new Error(`The identity index names profile ${id}, which is not there`);
    return this.#pieces[this.#piece]!;
  }

  /** Points at a profile; tells whether it is there. */
  #find(id: number): boolean {
    const present = this.#pieces[this.#piece]?.columns.ids;
    if (present?.[this.#index] === id) return true;
    if (present?.[this.#index + 1] === id) {
      this.#index++;
      return true;
    }
    for (let piece = 0; piece < this.#pieces.length; piece++) {
      const { firstId, lastId, columns: { ids } } = this.#pieces[piece]!;
      if (id < firstId || id > lastId) continue;
      let low = 0, high = ids.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ids[middle]! < id) low = middle + 1;
        else high = middle;
      }
      if (ids[low] !== id) continue;
      this.#piece = piece;
      this.#index = low;
      return true;
    }
    return false;
  }
}
