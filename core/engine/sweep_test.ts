/** Sweeps that go on while a transaction of the sweep before is still under way. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { startCommitCutter } from "../testing/commit_cutter_testing.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { requirePostgres, startPostgres } from "../testing/postgres.ts";
import { sweepRetired } from "./sweep.ts";

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
    const sweep = () => sweepRetired(database, 1, new AbortController().signal);
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
      const { rows } = await sql`select table_id from identity_blocks where table_id = 99
        union all select table_id from identity_runs where table_id = 99
        union all select id from generations where id = 99`.execute(database.kysely);
      assert.deepEqual(rows, [], `After commit ${nth} of ${commits}`);
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
    let transactions = 0;
    await sweepRetired(database, 1, new AbortController().signal, () => transactions++);
    const { rows } = await sql`select table_id, count(*) as left from profiles group by table_id`.execute(
      database.kysely,
    );
    assert.deepEqual(rows.map((row) => ({ ...row as object })), [{ table_id: 98, left: 10 }]);
    // Three for the identities, and one for each kind of row that finds none.
    assert(transactions < 16, `${transactions} transactions`);
  },
);
