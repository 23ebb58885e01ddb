/**
 * Rows as members of a list: the keys of the identities that they name.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { MemberKeys } from "../profiles/audience_members.ts";
import { IdentityHasher, identityKey } from "../profiles/identity.ts";
import type { IdentityRules } from "../profiles/identity_rules.ts";
import type { IndexedBatch } from "../profiles/indexed_batch.ts";

/** Most members of a list: their keys are sorted in memory, 8 bytes each. */
export const MOST_MEMBERS = 10_000_000;

/** Bytes of rows that become text at a time: what is larger, V8 keeps until it collects all. */
const TEXT_BYTES = 65_536;

const QUOTE = 0x22;

const decoder = new TextDecoder(), latin1 = new TextDecoder("latin1");

/** What became of rows. */
export interface TakenRows {
  /** Rows that name a member. */
  readonly accepted: number;
  /** Rows of identities that are erased. */
  readonly refused: number;
  /** Which rows name nobody, such as those of `null`, or of what a table's deny-list has. */
  readonly nobody: readonly number[];
}

/** Takes rows, and gives their members' keys at the end. */
export class ListMembers {
  readonly keys = new MemberKeys();
  readonly #hasher: IdentityHasher;

  /** `isErased` tells whether a value names one of those who are to stay away. */
  constructor(
    private readonly rules: IdentityRules,
    private readonly isErased: (value: string) => boolean,
    { key, account, table, field }: {
      readonly key: Uint8Array;
      readonly account: number;
      readonly table: number;
      readonly field: string;
    },
  ) {
    this.#hasher = new IdentityHasher(key, account, table, field);
  }

  /** Takes a batch. Failure `config` (`too_large`) for more than a list may have. */
  take(batch: IndexedBatch): TakenRows {
    const { field } = this.#hasher;
    const nobody: number[] = [];
    let row = 0, refused = 0;
    for (const value of valuesOf(batch, field)) {
      const name = this.rules.normalise(field, value);
      if (name === undefined) nobody.push(row);
      else if (this.isErased(value)) refused++;
      else this.keys.add(identityKey(this.#hasher, name, 0));
      row++;
    }
    checkCount(this.keys.count);
    return { accepted: row - refused - nobody.length, refused, nobody };
  }
}

/** Refuses (`too_large`) more members than a list may have. */
export function checkCount(count: number): void {
  if (count <= MOST_MEMBERS) return;
  throw new Failure("config", `A list audience has at most ${MOST_MEMBERS} members`, {
    code: "too_large",
    hint: "Split it into several, and INCLUDE them in one with a filter",
  });
}

/** The text of a field in each row; a number's digits. */
function* valuesOf({ bytes, rows, times, columns: { names, spans } }: IndexedBatch, field: string): Generator<string> {
  const column = names.indexOf(field);
  // Of plain bytes, one character is one byte: a value is cut out of the text of many rows.
  let text = "", first = 0, until = 0, isPlain = false;
  for (let row = 0; row < times.length; row++) {
    if (row === until) {
      first = rows[row]!;
      for (until++; until < times.length && rows[until + 1]! - first <= TEXT_BYTES; until++);
      text = latin1.decode(bytes.subarray(first, rows[until]));
      isPlain = !/[\\\u0080-\uffff]/.test(text);
    }
    const at = 2 * (row * names.length + column);
    const from = spans[at] ?? 0, to = spans[at + 1] ?? 0;
    if (column < 0 || from === to) throw new TypeError(`Row ${row} of a list's import has no "${field}"`);
    if (bytes[from] !== QUOTE) yield latin1.decode(bytes.subarray(from, to));
    else if (isPlain) yield text.slice(from + 1 - first, to - 1 - first);
    else yield JSON.parse(decoder.decode(bytes.subarray(from, to))) as string;
  }
}
