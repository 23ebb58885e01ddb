import assert from "node:assert/strict";
import fc from "fast-check";
import type { Executor } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { statementsFor } from "./batch_statements.ts";
import { IdentityFinder } from "./identity_finder.ts";
import { addIdentities, removeIdentities, runsOf } from "./identity_index.ts";
import { RunMarks } from "./identity_marks.ts";
import type { ProfileStatements } from "./statements.ts";

const SCOPE = { account: 1, table: 1 };

/** Keys as far apart as hashes are. */
const spread = (from: number, count: number) =>
  BigUint64Array.from(
    { length: count },
    (_, index) => BigInt.asUintN(64, BigInt(from + index) * 0x9e3779b97f4a7c15n),
  ).sort();

async function add(executor: Executor, keys: BigUint64Array, first: number): Promise<void> {
  await addIdentities(executor, SCOPE, [{ keys, profiles: Float64Array.from(keys, (_, index) => first + index) }]);
}

/** Counts the blocks that are read. */
function counting(statements: ProfileStatements) {
  const counted = {
    blocks: 0,
    loadBlock: (...given: Parameters<ProfileStatements["loadBlock"]>) => {
      counted.blocks++;
      return statements.loadBlock(...given);
    },
  };
  return counted;
}

onEachDatabase("a key is found by one block, once the marks of the others are known", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  await add(kysely, spread(0, 20_000), 1);
  await add(kysely, spread(20_000, 9_000), 20_001);
  await add(kysely, spread(29_000, 2_000), 29_001);
  const runs = await runsOf(kysely, SCOPE);
  assert.equal(runs.length, 3);
  const statements = counting(statementsFor(database.kind)), finder = new IdentityFinder(statements, SCOPE);
  const newest = spread(29_000, 2_000), find = (key: bigint) => finder.find(kysely, runs, key);
  for (const key of spread(0, 31_000).filter((_, index) => index % 60 === 0)) assert.notEqual(await find(key), 0);
  statements.blocks = 0;
  for (const [index, key] of newest.slice(0, 300).entries()) assert.equal(await find(key), 29_001 + index);
  assert(statements.blocks <= 310, `${statements.blocks} blocks`);
  statements.blocks = 0;
  for (const key of spread(50_000, 300)) assert.equal(await find(key), 0);
  assert(statements.blocks <= 30, `${statements.blocks} blocks`);
});

onEachDatabase("once a block was read, memory alone tells most of its profiles", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  await add(kysely, spread(0, 20_000), 1);
  // As large as ids become after four thousand million events.
  await add(kysely, spread(20_000, 5_000), 2 ** 33);
  const runs = await runsOf(kysely, SCOPE), finder = new IdentityFinder(statementsFor(database.kind), SCOPE);
  const recall = (key: bigint) => finder.recall(runs, Number(key >> 11n));
  const keys = [...spread(0, 20_000), ...spread(20_000, 5_000)].filter((_, index) => index % 5 === 0);
  assert.deepEqual(keys.filter((key) => recall(key) !== 0), [], "nothing was read yet");
  const found: number[] = [];
  for (const key of keys) found.push(await finder.find(kysely, runs, key));
  const recalled = keys.map(recall), right = recalled.filter((id, index) => id === found[index]).length;
  assert(right > 0.97 * keys.length, `${right} of ${keys.length} are right`);
  // What comes after the wrong ones is the right one, however many marks are the same.
  const sought = keys.map((key, index) => {
    for (let wrong = 0;; wrong++) {
      const id = finder.recall(runs, Number(key >> 11n), wrong);
      if (id === found[index] || id === 0) return id;
    }
  });
  assert.deepEqual(sought, found);
  assert(recalled.some((id) => id >= 2 ** 33) && recalled.some((id) => id > 0 && id <= 20_000));
  const absent = [...spread(50_000, 1_000)].filter((key) => recall(key) !== 0).length;
  assert(absent < 40, `${absent} of 1,000 that are not there`);
  await removeIdentities(kysely, SCOPE, BigUint64Array.of(keys[0]!));
  assert.equal(finder.recall(await runsOf(kysely, SCOPE), Number(keys[0]! >> 11n)), 0, "the run has changed");
});

onEachDatabase(
  "whatever is added and removed, a finder that was there before finds what is there",
  async (databases) => {
    await using database = await databases.open();
    const { kysely } = database, statements = statementsFor(database.kind);
    const batch = fc.record({ size: fc.integer({ min: 1, max: 1_500 }), gone: fc.integer({ min: 0, max: 5 }) });
    let from = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
        for (const table of ["identity_blocks", "identity_runs"] as const) await kysely.deleteFrom(table).execute();
        const finder = new IdentityFinder(statements, SCOPE), model = new Map<bigint, number>();
        // Those of the step before, too: whoever looks up may have listed the runs before a commit.
        let before = await runsOf(kysely, SCOPE);
        for (const { size, gone } of batches) {
          const keys = spread(from, size);
          await add(kysely, keys, from + 1);
          keys.forEach((key, index) => model.set(key, from + 1 + index));
          from += size;
          const lost = keys.filter((_, index) => gone === 5 || index % 7 < gone);
          await removeIdentities(kysely, SCOPE, lost);
          for (const key of lost) model.delete(key);
          const now = await runsOf(kysely, SCOPE);
          for (const key of [...model.keys()].slice(-40).concat([...lost.slice(0, 20)], 5n, 2n ** 64n - 1n)) {
            for (const runs of [before, now]) {
              const found = await finder.find(kysely, runs, key);
              // Over the runs of before, what has come since need not be found.
              if (runs === now || found !== 0) assert.equal(found, model.get(key) ?? 0);
            }
          }
          before = now;
        }
      }),
      { numRuns: 15 },
    );
  },
);

onEachDatabase("a run's number is given once, though all of its keys are removed", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database, numbers = async () => (await runsOf(kysely, SCOPE)).map(({ run }) => run);
  await add(kysely, spread(0, 100), 1);
  await add(kysely, spread(100, 10), 101);
  assert.deepEqual(await numbers(), [1, 2]);
  await removeIdentities(kysely, SCOPE, spread(100, 10));
  await add(kysely, spread(200, 10), 201);
  assert.deepEqual(await numbers(), [1, 3]);
  await add(kysely, spread(300, 10), 301);
  assert.deepEqual(await numbers(), [1, 4]);
});

Deno.test("marks of the last and of the only block reach to the end of the keys", () => {
  const marks = new RunMarks(Float64Array.of(0, 2 ** 52));
  assert.deepEqual([marks.blockOf(0), marks.blockOf(2 ** 52 - 1), marks.blockOf(2 ** 52)], [0, 0, 1]);
  const words = new Uint32Array(BigUint64Array.of(2n ** 63n, 2n ** 64n - 1n).buffer);
  assert(marks.mayHold(1, 2 ** 53 - 1));
  marks.learn(1, { words, profiles: Float64Array.of(1, 2) });
  assert(marks.mayHold(1, 2 ** 53 - 1) && marks.mayHold(1, 2 ** 52));
  assert(!marks.mayHold(1, 2 ** 52 + 2 ** 51));
  assert(marks.knows(1) && !marks.knows(0));
});
