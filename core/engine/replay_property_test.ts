/** Replay equals first import: whatever the mapping's columns, the sizes of the batches and the order of arrival. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Row } from "../contracts/records.ts";
import type { IdentityRulesJson } from "../profiles/identity_rules.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { followMappings } from "./generations.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { peopleOf, storeOf } from "./store_testing.ts";
import { executeTask } from "./task_testing.ts";

/** Every kind, and every merge of each that differs in how it is folded. */
const COLUMNS = [
  "name",
  "name AS first_name MERGEOP OLDEST",
  "tolower(name) AS least_name MERGEOP MIN",
  "count(tag) AS visits",
  "sum(toint(n)) AS n_sum",
  'max(toint(n)) AS n_max IF tag != "red"',
  "toint(n) AS n_first MERGEOP OLDEST",
  "sum(tonumber(n)) AS exact",
  "min(tonumber(n)) AS n_min",
  "tobool(flag) AS flag",
  "tobool(flag) AS first_flag MERGEOP OLDEST",
  "todate(day) AS day MERGEOP MAX",
  "now() AS first_seen KIND DATE MERGEOP MIN",
  "set(tag) AS tags",
  'split(name, " ") AS words',
  'split(name, " ") AS first_words MERGEOP OLDEST',
  "tag AS tags_seen KIND TS[]STRING",
  "valuect(tag) AS tag_counts",
  "map(tag, tonumber(n)) AS n_by_tag KIND MAP[STRING]NUMBER MERGEOP SUM",
  "map(tag, toint(n)) AS most_by_tag KIND MAP[STRING]INT MERGEOP MAX",
  "map(tag, name) AS name_by_tag",
  "map(tag, name) AS first_by_tag MERGEOP OLDEST",
  "map(tag, name) AS least_by_tag MERGEOP MIN",
  "maptime(tag) AS tag_times",
  "maptime(tag) AS first_times MERGEOP OLDEST",
];

/** Columns, and how values identify. */
interface Case {
  readonly lql: string;
  readonly rules: IdentityRulesJson;
}

const rules: fc.Arbitrary<IdentityRulesJson> = fc.constantFrom<IdentityRulesJson>(
  {},
  { deny: { email: ["b@x"], "*": ["3"] }, most_values: 2 },
  { normalise: { id: ["digits"], email: [] } },
  { normalise: { email: ["lower"], id: ["lower"] }, deny: { id: ["a-1"] } },
);

const one: fc.Arbitrary<Case> = fc.record({
  columns: fc.subarray(COLUMNS, { minLength: 5, maxLength: 15 }),
  where: fc.constantFrom("", ' WHERE NOT (tag = "skip")'),
  rules,
}).map(({ columns, where, rules }) => ({
  lql: `SELECT id, email, ${columns.join(", ")} FROM people INTO user BY id OR email${where}`,
  rules,
}));

const id = fc.constantFrom("1", "2", "3", "A-1", "a-1", " 4 ", "n/a", "");
const email = fc.constantFrom("a@x", "A@X ", "b@x", "c@x", "null", "");

/** Rows whose times differ, so that the order of arrival decides nothing. */
function rowsOf(count: number, seed: number, ids: fc.Arbitrary<string> = id): Row[] {
  const fields = fc.record({
    id: fc.oneof({ weight: 4, arbitrary: ids }, fc.array(ids, { minLength: 1, maxLength: 3 })),
    email,
    name: fc.constantFrom("Ann", "Bob Lee", "", "Çelik", 'q"\\'),
    n: fc.constantFrom("1", "0.1", "0.2", "-3", "1e15", "x", ""),
    tag: fc.constantFrom("red", "blue", "skip", "", "__proto__"),
    flag: fc.constantFrom("yes", "no", "?", ""),
    day: fc.constantFrom("2026-03-01", "2025-12-31T10:00:00Z", "soon", ""),
  }, { requiredKeys: ["id", "email"] });
  const times = fc.sample(fc.shuffledSubarray([...Array(count).keys()], { minLength: count }), {
    seed,
    numRuns: 1,
  })[0]!;
  return fc.sample(fields, { seed, numRuns: count }).map((fields, index) => ({ fields, time: times[index]! }));
}

/** Gives the stream its mapping and the table its rules, and the run that replays what is there. */
function follow({ database }: ImportPeer, { lql, rules }: Case): Promise<string | undefined> {
  return database.write(async (transaction) => {
    const definition = JSON.stringify({ kind: "lql", text: lql });
    await transaction.updateTable("mappings").set({ definition }).execute();
    await transaction.updateTable("profile_tables").set({ identity_rules: JSON.stringify(rules) }).execute();
    return await followMappings(transaction, 1, 1, { now: 5 });
  });
}

/** An import under the rules of a case from its first event on. */
async function firstImport(databases: TestDatabases, { lql, rules }: Case, rows: readonly Row[], size: number) {
  const peer = await startImport(databases, { lql, rules });
  await importAll(peer, rows, size);
  return peer;
}

/** An import by the default mapping, and its replay under those of a case. */
async function replayed(databases: TestDatabases, given: Case, rows: readonly Row[], size: number) {
  const peer = await startImport(databases);
  await importAll(peer, rows, size);
  const run = await follow(peer, given);
  assert.equal(await executeTask(peer, run!), "succeeded");
  return peer;
}

async function importAll(peer: ImportPeer, rows: readonly Row[], size: number): Promise<void> {
  const commits = peer.commits();
  for (let first = 0; first < rows.length; first += size) {
    await commits.commit(peer.batch(rows.slice(first, first + size)));
  }
}

onEachDatabase("a replay under any mapping gives what a first import gives, in any batches", async (databases) => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(one, fc.nat(), async (given, seed) => {
      const rows = rowsOf(70, seed);
      await using first = await firstImport(databases, given, rows, rows.length);
      const expected = await storeOf(first);
      const size = [1, 7, 30][run++ % 3]!;
      await using again = await replayed(databases, given, rows, size);
      assert.deepEqual(await storeOf(again), expected);
    }),
    { numRuns: 4 },
  );
});

onEachDatabase("the same events make the same people in whatever order they arrive", async (databases) => {
  await fc.assert(
    fc.asyncProperty(one, fc.nat(), async (given, seed) => {
      const rows = rowsOf(70, seed);
      await using first = await firstImport(databases, given, rows, rows.length);
      const expected = await peopleOf(first);
      const [shuffled = []] = fc.sample(fc.shuffledSubarray(rows, { minLength: rows.length }), { seed, numRuns: 1 });
      await using other = await firstImport(databases, given, shuffled, 7);
      assert.deepEqual(await peopleOf(other), expected);
    }),
    { numRuns: 4 },
  );
});

onEachDatabase("the keys of a map stand in one order, whether one event gave them or several", async (databases) => {
  const given: Case = { lql: 'SELECT id, email, match("t_") AS tags FROM people INTO user BY id', rules: {} };
  // By code points the first comes after the second, by UTF-16 before it.
  const fields = { id: "1", email: "a@x", "t_😀": "a", "t_！": "b" };
  const rows: Row[] = [{ fields, time: 1 }, { fields, time: 2 }];
  await using first = await firstImport(databases, given, rows, 2);
  await using again = await firstImport(databases, given, rows, 1);
  assert.deepEqual(await storeOf(again), await storeOf(first));
});

onEachDatabase(
  "a replay of 6,000 events under every column equals their import in batches of 5,000",
  async (databases) => {
    const given: Case = {
      lql: `SELECT id, email, ${COLUMNS.join(", ")} FROM people INTO user BY id OR email`,
      rules: { deny: { email: ["a@x", "b@x", "c@x"] }, normalise: { id: ["digits"] } },
    };
    const rows = rowsOf(6_000, 5, fc.nat({ max: 1_500 }).map((number) => `k-${number}`));
    await using first = await firstImport(databases, given, rows, 5_000);
    await using again = await replayed(databases, given, rows, 5_000);
    const expected = await storeOf(first);
    assert.ok(expected.profiles.length > 100);
    assert.deepEqual(await storeOf(again), expected);
  },
);
