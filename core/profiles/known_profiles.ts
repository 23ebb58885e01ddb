/**
 * The profiles that a batch met in the database, column by column: most are merely seen again, and need no object.
 *
 * @module
 */
import { isLater, type Stamp, type StoredProfile } from "./profile_state.ts";

/** Some profiles as they were read: an entry each in every column. */
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

/** Where a profile lies. */
interface Place {
  readonly columns: ProfileColumns;
  readonly index: number;
  /** First byte of its attributes. */
  readonly start: number;
}

const decoder = new TextDecoder();

/** Profiles by id. */
export class KnownProfiles {
  readonly #places = new Map<number, Place>();
  readonly #stored = new Map<number, StoredProfile>();

  /** Adds what was read. */
  add(columns: ProfileColumns): void {
    let start = 0;
    for (const [index, id] of columns.ids.entries()) {
      this.#places.set(id, { columns, index, start });
      start += columns.sizes[index]!;
    }
  }

  /** Whether there are none. */
  get empty(): boolean {
    return this.#places.size === 0;
  }

  /** Whether a profile is there. */
  has(id: number): boolean {
    return this.#places.has(id);
  }

  /** A profile that is there. */
  get(id: number): StoredProfile {
    let stored = this.#stored.get(id);
    if (stored === undefined) {
      stored = storedProfile(this.#placeOf(id));
      this.#stored.set(id, stored);
    }
    return stored;
  }

  /** Whether a profile's attributes are these bytes. */
  says(id: number, bytes: Uint8Array): boolean {
    const { columns: { attributes, sizes }, index, start } = this.#placeOf(id);
    if (sizes[index] !== bytes.length) return false;
    for (let at = 0; at < bytes.length; at++) if (attributes[start + at] !== bytes[at]) return false;
    return true;
  }

  /**
   * What an event that says just what the profile says changes, where all fields of the profile have one stamp: the
   * stamp, or nothing where the event is no later. Undefined where the fields have stamps of their own.
   */
  seenAgain(id: number, stamp: Stamp): Pick<StoredProfile, "id" | "stamp"> | "nothing" | undefined {
    const { columns, index } = this.#placeOf(id);
    if (columns.fields[index] !== null) return undefined;
    const latest = [columns.stampedAts[index] ?? columns.ats[index]!, columns.positions[index] ?? id] as const;
    if (!isLater(stamp, latest)) return "nothing";
    const identities = columns.identities[index] ?? null;
    return { id, stamp: { at: stamp[0], position: stamp[1], fields: null, identities } };
  }

  #placeOf(id: number): Place {
    const place = this.#places.get(id);
    if (place === undefined) throw new Error(`The identity index names profile ${id}, which is not there`);
    return place;
  }
}

/** The profiles in columns, an object each. */
export function storedProfiles(list: readonly ProfileColumns[]): StoredProfile[] {
  return list.flatMap((columns) => {
    let start = 0;
    return columns.sizes.map((size, index) => {
      const profile = storedProfile({ columns, index, start });
      start += size;
      return profile;
    });
  });
}

function storedProfile({ columns, index, start }: Place): StoredProfile {
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
