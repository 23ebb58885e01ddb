import assert from "node:assert/strict";
import { CompiledQuery } from "kysely";
import type { Database, Executor } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";
import type { StoredProfile } from "./profile_state.ts";
import { sqliteStatements as statements } from "./sqlite_statements.ts";

const scope = { account: 1, table: 1 };

interface Peer extends AsyncDisposable {
  readonly database: Database;
  /** Opens it once more. */
  open(): Promise<Database>;
}

async function makeDatabase(): Promise<Peer> {
  const folder = await Deno.makeTempDir();
  const open = () => openSqlite(`${folder}/test.db`);
  const database = await open();
  await migrate(database);
  return {
    database,
    open,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const profile = (id: number, change: Partial<StoredProfile> = {}): StoredProfile => ({
  id,
  at: id * 10,
  attributes: `{"id":"${id}"}`,
  stamp: { at: id * 10 + 1, position: id + 1_000_000, fields: '{"id":[1,2]}', identities: null },
  ...change,
});

const range = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);
const insert = (executor: Executor, profiles: readonly StoredProfile[], to = scope) =>
  statements.insertProfiles(executor, to, profiles.length, (index) => profiles[index]!);

/** Fills every table with `count` rows of two accounts and two profile tables. */
async function fill(database: Database, count: number): Promise<void> {
  await database.write(async (transaction) => {
    for (const to of [scope, { account: 1, table: 2 }, { account: 2, table: 1 }]) {
      const from = 10 * to.table;
      const profiles = range(count, from).map((id) => profile(id));
      await insert(transaction, profiles, to);
      await statements.putStamps(transaction, to, profiles);
      const merges = range(count).map((index) => ({ id: 1e7 + index, into: from + (index & 63) }));
      await statements.mergeProfiles(transaction, to, merges);
    }
  });
}

/** Every batch statement over a list of rows, by name; `fresh` is added to ids that must not be there yet. */
const EVERY: Readonly<
  Record<string, (executor: Executor, ids: readonly number[], fresh: number) => Promise<unknown>>
> = {
  loadProfiles: (executor, ids) => statements.loadProfiles(executor, scope, ids),
  insertProfiles: (executor, ids, fresh) => insert(executor, ids.map((id) => profile(fresh + id))),
  updateProfiles: (executor, ids) => statements.updateProfiles(executor, scope, ids.map((id) => profile(id))),
  putStamps: (executor, ids) => statements.putStamps(executor, scope, ids.map((id) => profile(id))),
  findMerges: (executor, ids) => statements.findMerges(executor, scope, ids),
  mergeProfiles: (executor, ids, fresh) =>
    statements.mergeProfiles(executor, scope, ids.map((id) => ({ id: fresh + id, into: id }))),
};

/** The same database, and the statements that went to it. */
function recording(executor: Executor): { readonly executor: Executor; readonly queries: CompiledQuery[] } {
  const queries: CompiledQuery[] = [];
  const recorder = new Proxy(executor, {
    get: (target, name) => {
      if (name !== "executeQuery") return Reflect.get(target, name);
      return (query: CompiledQuery) => {
        queries.push(query);
        return target.executeQuery(query);
      };
    },
  });
  return { executor: recorder, queries };
}

/** Steps of a query plan that touch nothing but the list that the statement was given. */
const OF_LISTS =
  /^(CO-ROUTINE |LIST SUBQUERY |USE TEMP B-TREE |SCAN (\d+ )?CONSTANT ROWS?$|SCAN \d+-ROW VALUES CLAUSE$)/;

/** The look-ups in tables of a statement's plan. Fails where it reads a table from end to end. */
async function searches(executor: Executor, { sql, parameters }: CompiledQuery): Promise<string[]> {
  const explain = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
  const { rows } = await executor.executeQuery<{ detail: string }>(explain);
  const steps = rows.map(({ detail }) => detail);
  const lists = steps.filter((step) => step.startsWith("CO-ROUTINE ")).map((step) => `SCAN ${step.slice(11)}`);
  const touching = steps.filter((step) => !OF_LISTS.test(step) && !lists.includes(step));
  for (const step of touching) {
    if (!/^SEARCH \w+ USING (PRIMARY KEY|(COVERING )?INDEX) /.test(step)) assert.fail(`${step}: ${sql.slice(-500)}`);
  }
  return touching.map((step) => step.replace(/ LEFT-JOIN$/, ""));
}

/** What each statement looks up, whatever the size of its list; inserts and upserts touch a key a row, unplanned. */
const LOOK_UPS: Readonly<Record<string, readonly string[]>> = {
  loadProfiles: [
    "SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
    "SEARCH stamps USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
  ],
  insertProfiles: [],
  updateProfiles: [],
  putStamps: [],
  findMerges: ["SEARCH profile_merges USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)"],
  mergeProfiles: [
    "SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
    "SEARCH profile_stamps USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
    "SEARCH earlier USING COVERING INDEX profile_merges_by_target (account_id=? AND table_id=? AND into_id=?)",
  ],
};

/** The look-ups of every statement, over lists that take statements of each size: 1,000, 100, 10 and 1. */
async function lookUps(database: Database, fresh: number): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, run] of Object.entries(EVERY)) {
    const { executor, queries } = recording(database.kysely);
    await run(executor, range(1_111), fresh);
    const steps = new Set<string>();
    for (const query of queries) for (const step of await searches(database.kysely, query)) steps.add(step);
    found[name] = [...steps];
    assert(queries.length % 4 === 0 && queries.length > 0, `${name}: a statement of each size`);
  }
  return found;
}

Deno.test("every batch statement looks rows up by their key, in small tables and in ones ten times as large", async () => {
  for (const size of [1_000, 10_000]) {
    await using peer = await makeDatabase();
    await fill(peer.database, size);
    assert.deepEqual(await lookUps(peer.database, 5e7), LOOK_UPS, `${size} rows, nothing known of them`);
    await peer.database.kysely.executeQuery(CompiledQuery.raw("analyze"));
    // Statements that are prepared by now keep their plan: others are planned with what is known.
    await using other = await peer.open();
    assert.deepEqual(await lookUps(other, 6e7), LOOK_UPS, `${size} rows, analysed`);
  }
});

Deno.test("every batch statement looks rows up by their key in empty tables too, from which plans may be kept", async () => {
  await using peer = await makeDatabase();
  assert.deepEqual(await lookUps(peer.database, 5e7), LOOK_UPS);
});

Deno.test("a plan that reads a table from end to end does not pass", async () => {
  await using peer = await makeDatabase();
  await fill(peer.database, 1_000);
  for (
    const sql of [
      "select * from profiles",
      "with wanted(id) as (values (1)) select * from profiles cross join wanted on profiles.id = wanted.id",
      "delete from profiles where id in (values (1))",
    ]
  ) {
    await assert.rejects(
      searches(peer.database.kysely, CompiledQuery.raw(sql)),
      /(SCAN profiles|MATERIALIZE wanted): /,
    );
  }
});

/** List lengths around the sizes that statements are prepared for. */
const LENGTHS = [0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 1_001, 2_345];

Deno.test("lists of any length are written and read back whole", async () => {
  await using peer = await makeDatabase();
  const { kysely } = peer.database;
  for (const [index, length] of LENGTHS.entries()) {
    const ids = range(length, 1e6 * (index + 1));
    const profiles = ids.map((id) => profile(id));
    await insert(kysely, profiles);
    await statements.putStamps(kysely, scope, profiles);
    assert.deepEqual(await statements.loadProfiles(kysely, scope, ids), profiles);
    await statements.mergeProfiles(kysely, scope, ids.map((id) => ({ id, into: 7 })));
    assert.deepEqual(await statements.findMerges(kysely, scope, ids), new Map(ids.map((id) => [id, 7])));
  }
});

Deno.test("an update replaces attributes alone, and a stamp is replaced as a whole or passed over", async () => {
  await using peer = await makeDatabase();
  const { kysely } = peer.database;
  const before = range(20).map((id) => profile(id));
  await insert(kysely, before);
  await insert(kysely, [profile(3)], { account: 1, table: 2 });
  await statements.putStamps(kysely, scope, before);
  await statements.updateProfiles(kysely, scope, [3, 5].map((id) => profile(id, { attributes: '{"é":"’"}' })));
  const stamp = { at: 1, position: 2, fields: null, identities: '{"id":["x"]}' };
  await statements.putStamps(kysely, scope, [profile(4, { stamp: null }), profile(5, { stamp })]);
  const after = before.map((row) => ({
    ...row,
    ...([3, 5].includes(row.id) ? { attributes: '{"é":"’"}' } : {}),
    ...(row.id === 5 ? { stamp } : {}),
  }));
  assert.deepEqual(await statements.loadProfiles(kysely, scope, range(20)), after);
  const [other] = await statements.loadProfiles(kysely, { account: 1, table: 2 }, [3]);
  assert.deepEqual(other, profile(3, { stamp: null }));
});

Deno.test("ids that are not there are passed over when profiles are loaded", async () => {
  await using peer = await makeDatabase();
  const { kysely } = peer.database;
  await insert(kysely, [profile(2), profile(4)]);
  const loaded = await statements.loadProfiles(kysely, scope, [1, 2, 3, 4, 5]);
  assert.deepEqual(loaded.map(({ id, stamp }) => [id, stamp]), [[2, null], [4, null]]);
});

Deno.test("merged profiles are gone, and lead to the last that took them in", async () => {
  await using peer = await makeDatabase();
  const { kysely } = peer.database;
  const elsewhere = { account: 1, table: 2 };
  for (const to of [scope, elsewhere]) {
    await insert(kysely, range(4).map((id) => profile(id)), to);
    await statements.putStamps(kysely, to, range(4).map((id) => profile(id)));
  }
  await statements.mergeProfiles(kysely, scope, [{ id: 4, into: 3 }]);
  await statements.mergeProfiles(kysely, scope, [{ id: 3, into: 2 }]);
  assert.deepEqual([...await statements.findMerges(kysely, scope, range(4))], [[3, 2], [4, 2]]);
  await statements.mergeProfiles(kysely, scope, [{ id: 2, into: 1 }]);
  assert.deepEqual([...await statements.findMerges(kysely, scope, range(4))], [[2, 1], [3, 1], [4, 1]]);
  assert.deepEqual((await statements.loadProfiles(kysely, scope, range(4))).map(({ id }) => id), [1]);
  const stamps = await kysely.selectFrom("profile_stamps").select(["table_id", "id"]).orderBy("table_id").orderBy("id")
    .execute();
  assert.deepEqual(stamps.map(({ table_id, id }) => [table_id, id]), [[1, 1], [2, 1], [2, 2], [2, 3], [2, 4]]);
  assert.equal((await statements.loadProfiles(kysely, elsewhere, range(4))).length, 4);
});
