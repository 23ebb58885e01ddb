/**
 * What an export gets of an audience's members: their attributes, many in one block of bytes.
 *
 * @module
 */
import { parseJson } from "./json.ts";
import type { JsonValue } from "./records.ts";

/** A field that is exported. */
export interface MemberColumn {
  /** Its name. */
  readonly name: string;
  /** What it holds, as LQL calls it (`DATE`, `MAP[STRING]INT`, …); null where no mapping says it. */
  readonly kind: string | null;
}

/** Some members, by ascending id. */
export interface MemberBatch {
  /** The id of each. */
  readonly ids: Float64Array;
  /**
   * The attributes of each as a JSON object in UTF-8, one directly after the other, as `JSON.stringify` writes it, with
   * what whoever made the job may not see left out. Fields that are not among the columns may be there: pass over them.
   * Times are ISO 8601 in UTC, sets are sorted lists, maps are objects with sorted keys; a field without a value is
   * absent. A whole number beyond 2^53 may stand as the text of its digits.
   */
  readonly bytes: Uint8Array;
  /** Offsets in `bytes` where each object starts, then `bytes.length`: one entry more than there are members. */
  readonly rows: Uint32Array;
  /** The slugs of each one's audiences, where the export's source asks for them. */
  readonly memberships?: readonly (readonly string[])[];
  /** How much of the profile table is read with this batch, from 0 to 1: what is left takes about as long. */
  readonly share: number;
}

/** A member by itself. */
export interface Member {
  /** Id of its profile. */
  readonly id: number;
  /** Its fields that are exported, in the order of the columns; absent ones are left out. */
  readonly fields: { readonly [field: string]: JsonValue };
}

const decoder = new TextDecoder();

/**
 * The members of a batch one by one: for what is sent elsewhere as JSON. Parsing takes its time; files are better made
 * of the bytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { membersOf } from "./members.ts";
 *
 * const batch = {
 *   ids: Float64Array.of(7),
 *   bytes: new TextEncoder().encode('{"email":"ada@example.com","age":36}'),
 *   rows: Uint32Array.of(0, 36),
 *   share: 1,
 * };
 * assert.deepEqual(membersOf(batch, [{ name: "age", kind: "INT" }]), [{ id: 7, fields: { age: 36 } }]);
 * ```
 */
export function membersOf({ ids, bytes, rows }: MemberBatch, columns: readonly MemberColumn[]): Member[] {
  return Array.from(ids, (id, index) => {
    const all: { [field: string]: JsonValue } = parseJson(
      decoder.decode(bytes.subarray(rows[index], rows[index + 1])),
    );
    const present = columns.filter(({ name }) => Object.hasOwn(all, name));
    return { id, fields: Object.fromEntries(present.map(({ name }) => [name, all[name]!])) };
  });
}
