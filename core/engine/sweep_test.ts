/** Sweeps that go on while a transaction of the sweep before is still under way. */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { startCommitCutter } from "../testing/commit_cutter_testing.ts";
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
