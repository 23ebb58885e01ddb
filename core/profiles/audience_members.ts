/**
 * The members of list audiences: hashes of identities, packed into sorted blocks as the identity index packs them.
 *
 * A member is the key that the identity index has for the value, whether a profile has it or not: who becomes a profile
 * later is a member then. Two values of one key (64 bits) would be one member.
 *
 * @module
 */
import { sql } from "kysely";
import type { Executor } from "../database/database.ts";
import { giveBack } from "../contracts/give_back.ts";
import { prefixAt } from "./identity_run.ts";

/** A version of a list's members. */
export interface MemberList {
  readonly account: number;
  readonly audience: number;
  readonly version: number;
}

/** Keys in a block: 32 KiB. */
const BLOCK = 4096;

/** Blocks that one statement reads or writes: 1 MiB. */
const BLOCKS_AT_ONCE = 32;

/** Keys that are sorted at a time: some milliseconds' work. */
const CHUNK = 65_536;

/** Keys as they come, to be written in order. Memory: 8 bytes each. */
export class MemberKeys {
  readonly #chunks: BigUint64Array[] = [];
  #chunk = new BigUint64Array(CHUNK);
  #used = 0;
  /** Keys that were added, those that came again included. */
  count = 0;

  /** Adds a key. */
  add(key: bigint): void {
    if (this.#used === CHUNK) this.#close();
    this.#chunk[this.#used++] = key;
    this.count++;
  }

  #close(): void {
    this.#chunks.push(this.#chunk.subarray(0, this.#used).sort());
    this.#chunk = new BigUint64Array(CHUNK);
    this.#used = 0;
  }

  /** All keys, ascending, each once, in pieces, each of which is empty when the next is there. No key may be added any more. */
  *sorted(): Generator<BigUint64Array> {
    if (this.#used > 0) this.#close();
    yield* mergeSorted(this.#chunks);
  }
}

/** Merges sorted lists into pieces of a fixed size, each key once. */
function* mergeSorted(lists: readonly BigUint64Array[]): Generator<BigUint64Array> {
  // A heap of the lists by the key that each stands at.
  const at = lists.map(() => 0);
  const heap = lists.map((_, list) => list);
  const key = (place: number) => lists[heap[place]!]![at[heap[place]!]!]!;
  const sink = (from: number) => {
    for (let place = from;;) {
      let least = place;
      for (const child of [2 * place + 1, 2 * place + 2]) {
        if (child < heap.length && key(child) < key(least)) least = child;
      }
      if (least === place) return;
      [heap[place], heap[least]] = [heap[least]!, heap[place]!];
      place = least;
    }
  };
  for (let place = heap.length >> 1; place >= 0; place--) sink(place);
  let piece = new BigUint64Array(CHUNK), used = 0, before = -1n;
  while (heap.length > 0) {
    const least = key(0), list = heap[0]!;
    if (least !== before) {
      if (used === CHUNK) {
        yield piece;
        giveBack(piece);
        piece = new BigUint64Array(CHUNK);
        used = 0;
      }
      piece[used++] = before = least;
    }
    if (++at[list]! === lists[list]!.length) {
      const last = heap.pop()!;
      if (heap.length > 0) heap[0] = last;
    }
    sink(0);
  }
  if (used > 0) yield piece.subarray(0, used);
}

/**
 * Writes the keys of a new version, which ascend over all pieces, and gives how many there are. `rest` is awaited between
 * statements.
 */
export async function writeMembers(
  executor: Executor,
  list: MemberList,
  pieces: Iterable<BigUint64Array>,
  rest: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  let count = 0;
  // Keys with one prefix lie in one block: what may belong to the next piece's waits for it.
  let waiting = new BigUint64Array(0);
  const write = async (keys: BigUint64Array) => {
    const rows = blocksOf(keys).map((entries, index) => ({
      ...idOf(list),
      // The first block answers for every key below it too.
      first: count === 0 && index === 0 ? 0 : prefixOf(entries, 0),
      entries: new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength),
    }));
    for (let index = 0; index < rows.length; index += BLOCKS_AT_ONCE) {
      await executor.insertInto("audience_members").values(rows.slice(index, index + BLOCKS_AT_ONCE)).execute();
    }
    giveBack(...rows.map(({ entries }) => entries));
    count += keys.length;
    await rest();
  };
  for (const piece of pieces) {
    const keys = new BigUint64Array(waiting.length + piece.length);
    keys.set(waiting);
    keys.set(piece, waiting.length);
    let end = keys.length;
    while (end > 0 && prefixOf(keys, end - 1) === prefixOf(keys, keys.length - 1)) end--;
    waiting = keys.slice(end);
    await write(keys.subarray(0, end));
    giveBack(keys);
  }
  await write(waiting);
  return count;
}

/** Cuts keys into blocks; keys with one prefix are in one. */
function blocksOf(keys: BigUint64Array): BigUint64Array[] {
  const blocks: BigUint64Array[] = [];
  for (let start = 0; start < keys.length;) {
    let end = Math.min(keys.length, start + BLOCK);
    while (end < keys.length && prefixOf(keys, end) === prefixOf(keys, end - 1)) end++;
    blocks.push(keys.slice(start, end));
    start = end;
  }
  return blocks;
}

function prefixOf(keys: BigUint64Array, index: number): number {
  return prefixAt(new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length), index);
}

/** The members of a version, ascending, a MiB at a time. */
export async function* readMembers(executor: Executor, list: MemberList): AsyncGenerator<BigUint64Array> {
  for (let from = 0;;) {
    const rows = await executor.selectFrom("audience_members").select(["first", "entries"])
      .where("account_id", "=", list.account).where("audience_id", "=", list.audience)
      .where("version", "=", list.version).where("first", ">=", from).orderBy("first").limit(BLOCKS_AT_ONCE).execute();
    const keys = new BigUint64Array(rows.reduce((sum, { entries }) => sum + entries.length / 8, 0));
    let at = 0;
    for (const { entries } of rows) {
      const block = keysOf(entries);
      keys.set(block, at);
      at += block.length;
    }
    if (keys.length > 0) yield keys;
    if (rows.length < BLOCKS_AT_ONCE) return;
    from = rows.at(-1)!.first + 1;
  }
}

/** Whether any of the keys is a member. */
export async function isMember(executor: Executor, list: MemberList, keys: Iterable<bigint>): Promise<boolean> {
  for (const key of keys) {
    const { rows: [block] } = await blockOf(list, key).execute(executor);
    if (block !== undefined && holdsKey(keysOf(block.entries), key)) return true;
  }
  return false;
}

/** The block that may hold a key. Exported for the test of its query plan. */
export function blockOf({ account, audience, version }: MemberList, key: bigint) {
  return sql<{ entries: Uint8Array }>`select entries from audience_members
    where account_id = ${account} and audience_id = ${audience} and version = ${version}
      and first <= ${prefixOf(BigUint64Array.of(key), 0)}
    order by first desc limit 1`;
}

/** Removes every version of a list's members but one. */
export async function removeMembers(executor: Executor, { account, audience, version }: MemberList): Promise<void> {
  await executor.deleteFrom("audience_members").where("account_id", "=", account)
    .where("audience_id", "=", audience).where("version", "<>", version).execute();
}

function holdsKey(keys: BigUint64Array, key: bigint): boolean {
  let low = 0, high = keys.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return keys[low] === key;
}

function keysOf(entries: Uint8Array): BigUint64Array {
  // Some drivers give bytes out of a larger buffer, wherever they happen to lie there.
  const { buffer, byteOffset, byteLength } = entries.byteOffset % 8 === 0 ? entries : entries.slice();
  return new BigUint64Array(buffer, byteOffset, byteLength / 8);
}

function idOf({ account, audience, version }: MemberList) {
  return { account_id: account, audience_id: audience, version };
}
