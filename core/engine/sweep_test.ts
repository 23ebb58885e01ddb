/** Sweeps, by themselves and on the way of others. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { startCommitCutter } from "../testing/commit_cutter_testing.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { requirePostgres, startPostgres } from "../testing/postgres.ts";
import { RetiredRows, sweepAllRetired, sweepRetired } from "./sweep.ts";

/** What is left of generation 99. */
async function leftOf({ kysely }: Database): Promise<readonly string[]> {
  const left: string[] = [];
  for (const table of ["profiles", "profile_stamps", "profile_merges", "identity_runs", "identity_blocks"] as const) {
    const rows = await kysely.selectFrom(table).select("table_id").where("table_id", "=", 99).execute();
    if (rows.length > 0) left.push(table);
  }
  const rows = await kysely.selectFrom("generations").select("id").where("id", "=", 99).execute();
  return rows.length > 0 ? [...left, "generations"] : left;
}

/** A retired generation whose identities are in three runs, which go one after another. */
async function retire({ kysely }: Database): Promise<void> {
  await kysely.insertInto("generations")
    .values({ account_id: 1, id: 99, table_id: 1, state: "retired", definition: "{}", created_at: 0 }).execute();
  for (const run of [1, 2, 3]) {
    const mine = { account_id: 1, table_id: 99, run };
    await kysely.insertInto("identity_runs").values({ ...mine, count: 1 }).execute();
    await kysely.insertInto("identity_blocks").values({ ...mine, first: 0, entries: new Uint8Array(16) }).execute();
  }
}

Deno.test({
  name: "a sweep that goes on while a commit of the one before is still under way leaves nothing of the generation",
  ignore: !requirePostgres(),
  fn: async () => {
    await using server = await startPostgres();
    await using cutter = await startCommitCutter(server);
    await using database = await openDatabase({ path: "", url: cutter.through(await server.createDatabase()) });
    await migrate(database);
    // A row at a time: each in a transaction of its own.
    const sweep = () => sweepRetired(database, 1, { rows: 1 });
    await retire(database);
    cutter.cutAt(Infinity, "late");
    await sweep();
    const { commits } = cutter;
    assert.ok(commits > 3);
    for (let nth = 1; nth <= commits; nth++) {
      await retire(database);
      cutter.cutAt(nth, "late");
      await assert.rejects(sweep(), (error) => error instanceof Failure && error.kind === "transient");
      await sweep();
      assert.deepEqual(await leftOf(database), [], `After commit ${nth} of ${commits}`);
    }
  },
});

onEachDatabase(
  "a sweep removes rows whose ids lie side by side or far apart, and those of no other generation",
  async (databases) => {
    await using database = await databases.open();
    const add = (generation: number, count: number, apart: number) =>
      sql`insert into profiles (account_id, table_id, id, at, attributes)
      with recursive numbers(number) as (select 1 union all select number + 1 from numbers where number < ${
        sql.lit(count)
      })
      select 1, ${sql.lit(generation)}, number * ${sql.lit(apart)}, 0, '{}' from numbers`.execute(database.kysely);
    await retire(database);
    await add(99, 50_000, 1);
    await sql`update profiles set id = id + 1000000000 where table_id = 99 and id > 45000`.execute(database.kysely);
    await add(98, 10, 7);
    await sweepRetired(database, 1);
    const { rows } = await sql`select table_id, count(*) as left from profiles group by table_id`.execute(
      database.kysely,
    );
    assert.deepEqual(rows.map((row) => ({ ...row as object })), [{ table_id: 98, left: 10 }]);
    assert.deepEqual(await database.kysely.selectFrom("generations").select("id").where("id", "=", 99).execute(), []);
  },
);

onEachDatabase(
  "who writes removes a part at a time, of which nothing is gone where the rest failed",
  async (databases) => {
    await using database = await databases.open();
    await retire(database);
    await database.kysely.insertInto("profiles")
      .values([1, 2, 3, 4, 5].map((id) => ({ account_id: 1, table_id: 99, id, at: 0, attributes: "{}" }))).execute();
    const count = async () => {
      const { count } = await database.kysely.selectFrom("profiles").where("table_id", "=", 99)
        .select((select) => select.fn.countAll().as("count")).executeTakeFirstOrThrow();
      return Number(count);
    };
    const retired = new RetiredRows(1);
    assert.equal(await database.write((transaction) => retired.remove(transaction, 2)), true);
    assert.equal(await count(), 3);
    await assert.rejects(
      database.write(async (transaction) => {
        assert.equal(await retired.remove(transaction, 1_000), false);
        throw new Error("The rest failed");
      }),
      /The rest failed/,
    );
    assert.equal(await count(), 3);
    await database.write((transaction) => new RetiredRows(1).makeRoom(transaction, 1));
    assert.deepEqual(await leftOf(database), []);
  },
);

onEachDatabase("what serves removes those of all accounts", async (databases) => {
  await using database = await databases.open();
  const { kysely } = database;
  const account = await kysely.selectFrom("accounts").selectAll().where("id", "=", 1).executeTakeFirstOrThrow();
  const table = await kysely.selectFrom("profile_tables").selectAll().where("account_id", "=", 1).where("id", "=", 1)
    .executeTakeFirstOrThrow();
  await kysely.insertInto("accounts").values({ ...account, id: 2, name: "second", public_id: "2".repeat(32) })
    .execute();
  await kysely.insertInto("profile_tables").values({ ...table, account_id: 2 }).execute();
  await retire(database);
  await kysely.insertInto("generations")
    .values({ account_id: 2, id: 99, table_id: 1, state: "retired", definition: "{}", created_at: 0 }).execute();
  await sweepAllRetired(database);
  assert.deepEqual(await leftOf(database), []);
});
