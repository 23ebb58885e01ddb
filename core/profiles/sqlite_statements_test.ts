import assert from "node:assert/strict";
import { alteredDatabase } from "../database/altered_testing.ts";
import { CompiledQuery } from "kysely";
import type { Database, Executor } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";
import { follow } from "./feed/feed.ts";
import { sqliteStatements as statements } from "./sqlite_statements.ts";
import {
  everyStatement,
  fillTables,
  insertProfiles,
  profile,
  range,
  recording,
  scope,
  statementsSuite,
} from "./statements_testing.ts";

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

statementsSuite("sqlite", statements, async () => {
  const peer = await makeDatabase();
  return alteredDatabase(peer.database, { [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose]() });
});

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
    "SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id>? AND id<?)",
    "SEARCH profile_stamps USING PRIMARY KEY (account_id=? AND table_id=? AND id>? AND id<?)",
  ],
  "loadProfiles apart": [
    "SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
    "SEARCH stamps USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
  ],
  insertProfiles: [],
  updateProfiles: [],
  noteProfiles: ["SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id>? AND id<?)"],
  "noteProfiles apart": [
    "SEARCH change_feeds USING INDEX sqlite_autoindex_change_feeds_1 (account_id=? AND table_id=?)",
    "SEARCH profiles USING PRIMARY KEY (account_id=? AND table_id=? AND id=?)",
  ],
  moveStamps: [],
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
  for (const [name, run] of Object.entries(everyStatement(statements))) {
    const { executor, queries } = recording(database.kysely);
    await run(executor, range(1_111), fresh);
    const steps = new Set<string>();
    for (const query of queries) for (const step of await searches(database.kysely, query)) steps.add(step);
    found[name] = [...steps];
    const cut = queries.filter(({ sql }) => !sql.startsWith("update change_feeds")).length;
    assert(cut % (name === "noteProfiles" ? 2 : 4) === 0 && cut > 0, `${name}: a statement of each size`);
  }
  return found;
}

Deno.test("every batch statement looks rows up by their key, in small tables and in ones ten times as large", async () => {
  for (const size of [1_000, 10_000]) {
    await using peer = await makeDatabase();
    await fillTables(statements, peer.database, size);
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
  await fillTables(statements, peer.database, 1_000);
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

Deno.test("what a profile becomes that changes apart from others is noted until it changes again, while they are few", async () => {
  await using peer = await makeDatabase();
  const { kysely } = peer.database;
  await peer.database.write((transaction) => follow(transaction, 1, 1));
  await insertProfiles(statements, kysely, range(40).map((id) => profile(id)));
  const change = async (epoch: number, ids: readonly number[], attributes: string | null) => {
    const { kept } = await kysely.selectFrom("change_feeds").select("kept").executeTakeFirstOrThrow();
    const profiles = ids.map((id) => ({ id, attributes }));
    await statements.noteProfiles(kysely, scope, { table: 1, epoch, position: 100, kept }, profiles);
  };
  const noted = async () => {
    const rows = await kysely.selectFrom("profile_changes").select(["id", "epoch", "after"])
      .where("after", "is not", null).orderBy("id").orderBy("epoch").execute();
    return rows.map(({ id, epoch, after }) => `${id} ${epoch} ${after}`);
  };
  await change(4, [1, 3, 5, 7, 9, ...range(12, 20)], '{"é":"’"}');
  assert.deepEqual(await noted(), [1, 3, 5, 7, 9].map((id) => `${id} 4 {"é":"’"}`), "nothing of those side by side");
  await change(4, [3], "{}");
  await change(4, range(12, 5), "{}");
  await change(4, [1], null);
  await change(5, [20], "{}");
  assert.deepEqual(await noted(), ["20 5 {}"]);
  await change(5, [20, 30], "{}");
  assert.deepEqual(await noted(), ["30 5 {}"]);
  await kysely.updateTable("change_feeds").set({ kept: 999 }).execute();
  await change(5, [32, 34], "{}");
  await change(5, [36], "{}");
  await change(5, [38], "{}");
  assert.deepEqual(await noted(), ["30 5 {}", "36 5 {}"]);
});
