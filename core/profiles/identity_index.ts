/**
 * The identity index: which profile an identity's key names.
 *
 * A row for each identity is what a database does slowest of all: keys are hashes, so each lands on a page of its own.
 * Here the identities of a commit are one sorted run, kept as blocks of packed numbers; runs no larger than what came
 * after them are merged with it, so there are few. An account has one writer at a time, which holds the account's row.
 *
 * @module
 */
import { CompiledQuery, type ExpressionBuilder, sql } from "kysely";
import type { Executor } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { giveBack } from "../contracts/give_back.ts";
import {
  BLOCK,
  blockStarts,
  giveBackBlock,
  type IdentityRun,
  mergeRuns,
  packBlock,
  packBlocks,
  prefixAt,
  unpackBlock,
} from "./identity_run.ts";
import type { IdentityHeads } from "./identity_heads.ts";
import type { ProfileScope } from "./statements.ts";

/** Runs grow to this many identities: what a merge reads and writes at most is 8 MiB. */
const LARGEST_RUN = 524_288;

/** Blocks that one statement reads: 1 MiB. */
const BLOCKS_AT_ONCE = 128;

/** Blocks that one statement writes: few lengths, so that the statements stay prepared. */
const WRITTEN_AT_ONCE = [128, 16, 1] as const;

/** Identities as they are added: keys are 64 bits, unsigned, ascending, no key twice. */
export interface Identities {
  readonly keys: BigUint64Array;
  readonly profiles: Float64Array;
}

/** The profile that a key names, or 0; those who hold the account's row and have many keys take `findIdentities`. */
export async function findIdentity(executor: Executor, scope: ProfileScope, key: bigint): Promise<number> {
  const keys = BigUint64Array.of(key), found = new Float64Array(1);
  // One statement: between two, a merge could move the key from a run not yet read to one already read.
  const { rows } = await blocksOfPrefix(scope, prefixAt(wordsOf(keys), 0)).execute(executor);
  for (const { entries } of rows) if (entries !== null) lookUp(unpackBlock(entries), wordsOf(keys), 0, found);
  return found[0]!;
}

/**
 * For each key the profile it names, or 0. Keys ascend. Runs in the transaction that holds the account's row. `heads`
 * is what a writer that comes again keeps between its transactions; it looks up first and adds then.
 */
export async function findIdentities(
  executor: Executor,
  scope: ProfileScope,
  keys: BigUint64Array,
  heads?: IdentityHeads,
): Promise<Float64Array> {
  const wanted = wordsOf(keys), found = new Float64Array(keys.length);
  if (keys.length === 0) return found;
  for (const { run, count } of await runsOf(executor, scope)) {
    if (count === 0) continue;
    if (heads?.has(run, count)) await findAmong(executor, scope, { run, count }, heads, wanted, found);
    // Few keys are sought block by block; many lie in most of the blocks, which are then read from end to end.
    else if (isFew(keys.length, count)) await seek(executor, scope, run, wanted, found);
    else {
      const blocks = blocksOf(executor, scope, run);
      await scan(heads !== undefined && isFull(count) ? heads.keep(run, count, blocks) : blocks, wanted, found);
    }
  }
  return found;
}

/** Finds those of the keys that a run may have, by its upper halves. */
async function findAmong(
  executor: Executor,
  scope: ProfileScope,
  { run, count }: RunRow,
  heads: IdentityHeads,
  wanted: Uint32Array,
  found: Float64Array,
): Promise<void> {
  const maybe = await heads.maybeIn(run, count, wanted);
  if (maybe.length === 0) return;
  const words = new Uint32Array(2 * maybe.length), profiles = new Float64Array(maybe.length);
  maybe.forEach((index, place) => {
    words[2 * place] = wanted[2 * index]!;
    words[2 * place + 1] = wanted[2 * index + 1]!;
  });
  if (isFew(maybe.length, count)) await seek(executor, scope, run, words, profiles);
  else await scan(blocksOf(executor, scope, run), words, profiles);
  maybe.forEach((index, place) => {
    if (profiles[place] !== 0) found[index] = profiles[place]!;
  });
}

/**
 * Adds identities whose keys are not there yet. Each of `lists` ascends and they have no key in common. Runs in the
 * transaction that holds the account's row.
 */
export async function addIdentities(
  executor: Executor,
  scope: ProfileScope,
  lists: readonly Identities[],
): Promise<void> {
  const [first, ...others] = lists.filter(({ keys }) => keys.length > 0)
    .map(({ keys, profiles }) => ({ words: wordsOf(keys), profiles }));
  if (first === undefined) return;
  let added = others.reduce<IdentityRun>(mergeRuns, first);
  const runs = await runsOf(executor, scope);
  // No number is given again: whoever remembers a run by its number must not take another for it.
  const run = (runs.at(-1)?.run ?? 0) + 1;
  for (let older = runs.at(-1); older !== undefined; older = runs.at(-1)) {
    const count = added.profiles.length;
    if (older.count > count || older.count + count > LARGEST_RUN) break;
    const known = await readRun(executor, scope, older), both = mergeRuns(known, added);
    giveBack(known.words, known.profiles);
    if (added !== first) giveBack(added.words, added.profiles);
    added = both;
    for (const table of ["identity_blocks", "identity_runs"] as const) {
      await executor.deleteFrom(table).where("account_id", "=", scope.account).where("table_id", "=", scope.table)
        .where("run", "=", older.run).execute();
    }
    runs.pop();
  }
  await writeRun(executor, scope, run, added);
  if (added !== first) giveBack(added.words, added.profiles);
}

/** Removes identities, those that are there. Keys ascend. Runs in the transaction that holds the account's row. */
export async function removeIdentities(executor: Executor, scope: ProfileScope, keys: BigUint64Array): Promise<void> {
  for (const { run, count } of await runsOf(executor, scope)) {
    if (count === 0) continue;
    const found = new Float64Array(keys.length);
    if (isFew(keys.length, count)) await seek(executor, scope, run, wordsOf(keys), found);
    else await scan(blocksOf(executor, scope, run), wordsOf(keys), found);
    const present = keys.filter((_, index) => found[index] !== 0);
    if (present.length === 0) continue;
    await removeFrom(executor, scope, run, present);
    await executor.updateTable("identity_runs").set({ count: count - present.length })
      .where("account_id", "=", scope.account).where("table_id", "=", scope.table).where("run", "=", run).execute();
  }
}

/** Removes keys that a run has. */
async function removeFrom(executor: Executor, scope: ProfileScope, run: number, keys: BigUint64Array): Promise<void> {
  const wanted = wordsOf(keys);
  for (let index = 0; index < keys.length;) {
    const { rows: [block] } = await blockWithNext(scope, run, prefixAt(wanted, index)).execute(executor);
    if (block === undefined) throw new Error(`Run ${run} of the identity index has no first block`);
    let end = index + 1;
    while (end < keys.length && (block.next === null || prefixAt(wanted, end) < block.next)) end++;
    await writeRest(executor, scope, run, block, without(unpackBlock(block.entries), new Set(keys.slice(index, end))));
    index = end;
  }
}

/**
 * Puts what is left of a block in its place. One without entries goes; the block after a first one becomes the first.
 * A run without blocks stays for its number, which is the last one's or will be merged away.
 */
async function writeRest(
  executor: Executor,
  scope: ProfileScope,
  run: number,
  { first, next }: { readonly first: number; readonly next: number | null },
  rest: IdentityRun,
): Promise<void> {
  const entries = packBlock(rest, 0, rest.profiles.length);
  const blocks = (at: number) => ({ account_id: scope.account, table_id: scope.table, run, first: at });
  if (entries.length > 0) {
    await executor.updateTable("identity_blocks").set({ entries }).where(matching(blocks(first))).execute();
    return;
  }
  await executor.deleteFrom("identity_blocks").where(matching(blocks(first))).execute();
  if (first > 0 || next === null) return;
  await executor.updateTable("identity_blocks").set({ first: 0 }).where(matching(blocks(next))).execute();
}

function matching(block: { account_id: number; table_id: number; run: number; first: number }) {
  return ({ and }: ExpressionBuilder<Tables, "identity_blocks">) => and(block);
}

function without({ words, profiles }: IdentityRun, gone: ReadonlySet<bigint>): IdentityRun {
  const keys = new BigUint64Array(words.slice().buffer);
  const stays = (_: unknown, index: number) => !gone.has(keys[index]!);
  const kept = keys.filter(stays);
  return { words: new Uint32Array(kept.buffer), profiles: profiles.filter(stays) };
}

/** Every identity of a profile table in the order of the keys, for tests and tools: it holds them all in memory. */
export async function allIdentities(executor: Executor, scope: ProfileScope): Promise<Identities> {
  let all: IdentityRun = { words: new Uint32Array(0), profiles: new Float64Array(0) };
  for (const run of await runsOf(executor, scope)) all = mergeRuns(all, await readRun(executor, scope, run));
  return { keys: new BigUint64Array(all.words.buffer), profiles: all.profiles };
}

/** Every identity of a profile table, run by run, each in ascending order of its keys, a block at a time. */
export async function* identityRuns(
  executor: Executor,
  scope: ProfileScope,
): AsyncGenerator<AsyncIterable<IdentityRun>> {
  for (const { run } of await runsOf(executor, scope)) yield blocksOf(executor, scope, run);
}

/** A run, as it is listed. */
export interface RunRow {
  /** Greater than that of every run that there was before. */
  readonly run: number;
  /** Identities in it. */
  readonly count: number;
}

/** Oldest first, which are the largest. */
export function runsOf(executor: Executor, scope: ProfileScope): Promise<RunRow[]> {
  return executor.selectFrom("identity_runs").select(["run", "count"])
    .where("account_id", "=", scope.account).where("table_id", "=", scope.table).orderBy("run").execute();
}

/** Whether a run is never merged again: only with one that is no smaller it would be, and they are too many. */
function isFull(count: number): boolean {
  return 2 * count > LARGEST_RUN;
}

/** Whether keys are sought one by one in a run: reading four blocks on the way to others takes as long as seeking one. */
function isFew(keys: number, count: number): boolean {
  return 4 * keys < count / BLOCK;
}

/** Looks the keys up in all blocks of a run. */
async function scan(
  blocks: AsyncIterable<IdentityRun>,
  wanted: Uint32Array,
  found: Float64Array,
): Promise<void> {
  let index = 0;
  for await (const block of blocks) {
    index = lookUp(block, wanted, index, found);
    giveBackBlock(block);
  }
}

/** Reads the blocks of a run that may hold the keys. */
async function seek(
  executor: Executor,
  scope: ProfileScope,
  run: number,
  wanted: Uint32Array,
  found: Float64Array,
): Promise<void> {
  for (let index = 0; index < found.length;) {
    const { rows: [block] } = await blockWithNext(scope, run, prefixAt(wanted, index)).execute(executor);
    if (block === undefined) throw new Error(`Run ${run} of the identity index has no first block`);
    lookUp(unpackBlock(block.entries), wanted, index, found);
    if (block.next === null) return;
    while (index < found.length && prefixAt(wanted, index) < block.next) index++;
  }
}

/** Notes the profiles of the wanted keys that a block holds, from `index` on; gives the first key past the block. */
function lookUp(block: IdentityRun, wanted: Uint32Array, index: number, found: Float64Array): number {
  const { words, profiles } = block, count = profiles.length;
  for (let entry = 0; index < found.length; index++) {
    const low = wanted[2 * index]!, high = wanted[2 * index + 1]!;
    // Most entries are passed by their upper half alone.
    while (entry < count && words[2 * entry + 1]! < high) entry++;
    while (entry < count && words[2 * entry + 1] === high && words[2 * entry]! < low) entry++;
    if (entry === count) return index;
    if (words[2 * entry + 1] === high && words[2 * entry] === low) found[index] = profiles[entry]!;
  }
  return index;
}

async function* blocksOf(executor: Executor, scope: ProfileScope, run: number): AsyncGenerator<IdentityRun> {
  for (let from = 0;;) {
    const rows = await executor.selectFrom("identity_blocks").select(["first", "entries"])
      .where("account_id", "=", scope.account).where("table_id", "=", scope.table).where("run", "=", run).where(
        "first",
        ">=",
        from,
      )
      .orderBy("first").limit(BLOCKS_AT_ONCE).execute();
    for (const { entries } of rows) yield unpackBlock(entries);
    if (rows.length < BLOCKS_AT_ONCE) return;
    from = rows.at(-1)!.first + 1;
  }
}

async function readRun(executor: Executor, scope: ProfileScope, { run, count }: RunRow): Promise<IdentityRun> {
  const words = new Uint32Array(2 * count), profiles = new Float64Array(count);
  let at = 0;
  for await (const block of blocksOf(executor, scope, run)) {
    words.set(block.words, 2 * at);
    profiles.set(block.profiles, at);
    at += block.profiles.length;
    giveBackBlock(block);
  }
  if (at !== count) throw new Error(`Run ${run} of the identity index holds ${at} identities instead of ${count}`);
  return { words, profiles };
}

async function writeRun(executor: Executor, scope: ProfileScope, run: number, identities: IdentityRun): Promise<void> {
  const count = identities.profiles.length, starts = blockStarts(identities);
  await executor.insertInto("identity_runs").values({ ...keyOf(scope), run, count }).execute();
  for (let index = 0; index < starts.length;) {
    const size = WRITTEN_AT_ONCE.find((size) => size <= starts.length - index) ?? 1;
    const blocks = packBlocks(identities, starts.slice(index, index + size), starts[index + size] ?? count);
    const parameters = blocks.flatMap((entries, place): unknown[] => {
      // The first block answers for every key below it too, so that each key has a block to be sought in.
      const first = index + place === 0 ? 0 : prefixAt(identities.words, starts[index + place]!);
      return [scope.account, scope.table, run, first, entries];
    });
    await executor.executeQuery(CompiledQuery.raw(insertText(executor, size), parameters));
    giveBack(blocks[0]!);
    index += size;
  }
}

/** Texts by database and number of blocks: putting one together takes as long as writing what it writes. */
const insertTexts = new WeakMap<object, Map<number, string>>();

/** The statement that adds so many blocks. */
function insertText(executor: Executor, blocks: number): string {
  const { adapter } = executor.getExecutor();
  let texts = insertTexts.get(adapter);
  if (texts === undefined) insertTexts.set(adapter, texts = new Map());
  let text = texts.get(blocks);
  if (text === undefined) {
    const block = { account_id: 0, table_id: 0, run: 0, first: 0, entries: new Uint8Array(0) };
    text = executor.insertInto("identity_blocks").values(Array.from({ length: blocks }, () => block)).compile().sql;
    texts.set(blocks, text);
  }
  return text;
}

/** The block of one run that may hold keys with a prefix, and where the block after it begins. */
export function blockWithNext(scope: ProfileScope, run: number, prefix: number) {
  return sql<{ first: number; entries: Uint8Array; next: number | null }>`
    select first, entries, (select min(later.first) from identity_blocks as later
      where later.account_id = ${scope.account} and later.table_id = ${scope.table} and later.run = ${run} and later.first > ${prefix}) as next
    from identity_blocks
    where account_id = ${scope.account} and table_id = ${scope.table} and run = ${run} and first <= ${prefix}
    order by first desc limit 1`;
}

/** The block of each run that may hold keys with a prefix; null for a run that has lost all of its keys. */
export function blocksOfPrefix(scope: ProfileScope, prefix: number) {
  return sql<{ entries: Uint8Array | null }>`
    select (select entries from identity_blocks as block where block.account_id = runs.account_id
      and block.table_id = runs.table_id and block.run = runs.run and block.first <= ${prefix} order by block.first desc limit 1) as entries
    from identity_runs as runs where runs.account_id = ${scope.account} and runs.table_id = ${scope.table}`;
}

function keyOf({ account, table }: ProfileScope): { readonly account_id: number; readonly table_id: number } {
  return { account_id: account, table_id: table };
}

/** Lower and upper half of each key. */
function wordsOf(keys: BigUint64Array): Uint32Array {
  return new Uint32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
}
