import assert from "node:assert/strict";
import fc from "fast-check";
import { CompiledQuery } from "kysely";
import { memorySpool } from "../codecs/spool_memory.ts";
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { IdentityHeads } from "./identity_heads.ts";
import {
  addIdentities,
  allIdentities,
  blocksOfPrefix,
  blockWithNext,
  findIdentities,
  findIdentity,
  type Identities,
} from "./identity_index.ts";

const SCOPE = { account: 1, table: 1 };

/** Identities that name profile 1 and so on, in ascending order of their keys. */
const identitiesOf = (keys: Iterable<bigint>, first = 1): Identities => {
  const sorted = BigUint64Array.from(new Set(keys)).sort();
  return { keys: sorted, profiles: Float64Array.from(sorted, (_, index) => first + index) };
};

/** Keys as far apart as hashes are. */
const spread = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => BigInt.asUintN(64, BigInt(from + index) * 0x9e3779b97f4a7c15n));

const runCounts = async (executor: Executor) =>
  (await executor.selectFrom("identity_runs").select("count").orderBy("run").execute()).map(({ count }) => count);

/** Few different keys, at both ends of the 64 bits and close to each other. */
const key = fc.oneof(
  fc.bigInt({ min: 0n, max: 40n }),
  fc.bigInt({ min: 2n ** 63n - 20n, max: 2n ** 63n + 20n }),
  fc.bigInt({ min: 2n ** 64n - 40n, max: 2n ** 64n - 1n }),
);

onEachDatabase("whatever is added in whatever commits is found, and nothing else is", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uniqueArray(key, { maxLength: 30 }), { maxLength: 12 }), async (commits) => {
      for (const table of ["identity_blocks", "identity_runs"] as const) await kysely.deleteFrom(table).execute();
      const model = new Map<bigint, number>();
      for (const [index, commit] of commits.entries()) {
        const added = identitiesOf(commit.filter((key) => !model.has(key)), 100 * index + 1);
        // In two lists, as the places of a first and of a later attempt are.
        const half = (odd: number) => (_: unknown, place: number) => place % 2 === odd;
        await addIdentities(
          kysely,
          SCOPE,
          [0, 1].map((odd) => ({
            keys: added.keys.filter(half(odd)),
            profiles: added.profiles.filter(half(odd)),
          })),
        );
        added.keys.forEach((key, place) => model.set(key, added.profiles[place]!));
        const wanted = identitiesOf([...commits.flat(), 50n, 2n ** 63n + 50n]).keys;
        const expected = Array.from(wanted, (key) => model.get(key) ?? 0);
        assert.deepEqual([...await findIdentities(kysely, SCOPE, wanted)], expected);
        assert.deepEqual([...await findIdentities(kysely, { ...SCOPE, table: 2 }, wanted)], expected.map(() => 0));
      }
      for (const key of [...commits.flat(), 50n]) {
        assert.equal(await findIdentity(kysely, SCOPE, key), model.get(key) ?? 0);
      }
      const all = await allIdentities(kysely, SCOPE);
      assert.deepEqual(new Map(Array.from(all.keys, (key, place) => [key, all.profiles[place]!])), model);
      assert.deepEqual(all.keys, all.keys.toSorted());
    }),
    { numRuns: 30 },
  );
});

onEachDatabase(
  "identities that fill many blocks are found one by one, few at a time, and all at once",
  async (databases) => {
    await using database = await databases.open();
    const { kysely } = database;
    const model = new Map<bigint, number>();
    for (const [from, count] of [[0, 100_000], [100_000, 30_000], [130_000, 9_000], [139_000, 1]] as const) {
      const identities = identitiesOf(spread(from, count), from + 1);
      await addIdentities(kysely, SCOPE, [identities]);
      identities.keys.forEach((key, place) => model.set(key, identities.profiles[place]!));
    }
    assert.deepEqual(await runCounts(kysely), [100_000, 30_000, 9_000, 1]);
    const lists = [spread(0, 140_000), spread(99_990, 20), spread(200_000, 3), [...model.keys()].slice(0, 1), [0n]];
    for (const list of lists) {
      const { keys } = identitiesOf([...list, 2n ** 64n - 1n]);
      assert.deepEqual([...await findIdentities(kysely, SCOPE, keys)], Array.from(keys, (key) => model.get(key) ?? 0));
    }
    for (const key of [...[...model.keys()].filter((_, index) => index % 5_003 === 0), 0n, 2n ** 64n - 1n]) {
      assert.equal(await findIdentity(kysely, SCOPE, key), model.get(key) ?? 0);
    }
  },
);

onEachDatabase("runs no larger than what came after them are merged with it, up to a size", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  const counts: number[][] = [];
  for (let commit = 0; commit < 9; commit++) {
    await addIdentities(kysely, SCOPE, [identitiesOf(spread(10 * commit, 10))]);
    counts.push(await runCounts(kysely));
  }
  assert.deepEqual(counts, [[10], [20], [20, 10], [40], [40, 10], [40, 20], [40, 20, 10], [80], [80, 10]]);
  await addIdentities(kysely, SCOPE, [identitiesOf(spread(1_000, 300_000))]);
  await addIdentities(kysely, SCOPE, [identitiesOf(spread(800_000, 400_000))]);
  assert.deepEqual(await runCounts(kysely), [300_090, 400_000]);
  assert.equal((await allIdentities(kysely, SCOPE)).keys.length, 700_090);
});

onEachDatabase("keys that share their upper 53 bits lie in one block, however many they are", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  const close = Array.from({ length: 2_048 }, (_, index) => (7n << 40n) + BigInt(index));
  const identities = identitiesOf([...Array.from({ length: 4_000 }, (_, index) => BigInt(index) << 11n), ...close]);
  await addIdentities(kysely, SCOPE, [identities]);
  for (const few of [identities.keys.slice(3_990, 3_993), identities.keys.slice(4_095, 4_097), identities.keys]) {
    const places = Array.from(few, (key) => identities.keys.indexOf(key) + 1);
    assert.deepEqual([...await findIdentities(kysely, SCOPE, few)], places);
  }
  assert.equal(await findIdentity(kysely, SCOPE, identities.keys[4_096]!), 4_097);
});

onEachDatabase("a key is sought by the index of the blocks, in small stores and in large ones", async (databases) => {
  for (const count of [10_000, 200_000]) {
    await using database = await databases.open();
    const { kysely } = database;
    for (const [index, size] of [count, count / 2, 1].entries()) {
      await addIdentities(kysely, SCOPE, [identitiesOf(spread(1e6 * index, size))]);
    }
    for (const query of [blockWithNext(SCOPE, 1, 5), blocksOfPrefix(SCOPE, 5)]) {
      const compiled = query.compile(kysely) as CompiledQuery;
      if (database.kind === "sqlite") await assertSqlitePlan(kysely, compiled);
      else await database.write((transaction) => assertPostgresPlan(transaction, compiled));
    }
  }
});

async function assertSqlitePlan(executor: Executor, { sql, parameters }: CompiledQuery): Promise<void> {
  const explain = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await executor.executeQuery<{ detail: string }>(explain);
  for (const { detail } of rows) {
    assert.match(detail, /^(SEARCH .* USING (COVERING )?(INDEX|PRIMARY KEY) |CORRELATED SCALAR|SCALAR)/);
  }
}

/** In a transaction, as imports look keys up. Of runs there are few; blocks are what there are many of. */
async function assertPostgresPlan(executor: Executor, { sql, parameters }: CompiledQuery): Promise<void> {
  for (const first of ["select", "analyze identity_blocks"]) {
    await executor.executeQuery(CompiledQuery.raw(first));
    const { rows } = await executor.executeQuery<{ "QUERY PLAN": string }>(
      CompiledQuery.raw(`explain ${sql}`, [...parameters]),
    );
    const plan = rows.map((row) => row["QUERY PLAN"]);
    const reads = plan.flatMap((line, index) => / on identity_blocks/.test(line) ? [index] : []);
    assert(reads.length > 0);
    for (const index of reads) {
      assert.match(plan[index]!, /Index (Only )?Scan (Backward )?using identity_blocks_apart on /, plan.join("\n"));
      assert.match(plan[index + 1]!, /Index Cond: \(\(account_id = .*\(run = .*\(first (<=|>) /, plan.join("\n"));
    }
    assert(!plan.some((line) => /Filter:|Sort/.test(line)), plan.join("\n"));
  }
}

onEachDatabase(
  "who keeps the heads of full runs finds the same, and reads no block for keys that are new",
  async (databases) => {
    await using database = await databases.open();
    const { kysely } = database;
    await addIdentities(kysely, SCOPE, [identitiesOf(spread(0, 270_000))]);
    await addIdentities(kysely, SCOPE, [identitiesOf(spread(270_000, 5_000), 900_001)]);
    await using heads = new IdentityHeads(memorySpool());
    const known = spread(269_000, 2_000);
    const wanted = [
      // Few and many keys; beside known ones such as share only their upper half.
      identitiesOf([...known.slice(0, 20), ...known.slice(0, 20).map((key) => key ^ 1n)]).keys,
      identitiesOf([...spread(200_000, 80_000), ...known.map((key) => key ^ 1n)]).keys,
      identitiesOf(spread(300_000, 3_000)).keys,
    ];
    const expected = [];
    for (const keys of wanted) expected.push(await findIdentities(kysely, SCOPE, keys));
    for (const _ of ["kept by the second", "kept"]) {
      for (const [index, keys] of wanted.entries()) {
        assert.deepEqual(await findIdentities(kysely, SCOPE, keys, heads), expected[index]);
      }
    }
    await kysely.deleteFrom("identity_blocks").where("run", "=", 1).execute();
    await kysely.deleteFrom("identity_runs").where("run", "=", 2).execute();
    assert((await findIdentities(kysely, SCOPE, wanted[2]!, heads)).every((profile) => profile === 0));
    await assert.rejects(findIdentities(kysely, SCOPE, wanted[2]!.slice(0, 3)), /has no first block/);
  },
);

Deno.test("a disk that is full is told by the look-up that met it, and keeps nothing else from ending", async () => {
  const full = new Failure("transient", "The disk is full");
  const heads = new IdentityHeads({ create: () => Promise.reject(full) });
  async function* blocks() {
    yield { words: Uint32Array.of(1, 2), profiles: Float64Array.of(3) };
  }
  await assert.rejects(Array.fromAsync(heads.keep(1, 1, blocks())), full);
  assert.equal(heads.has(1, 1), false);
  await heads[Symbol.asyncDispose]();
});
