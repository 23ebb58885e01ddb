import assert from "node:assert/strict";
import { sql } from "kysely";
import type { Database } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { endStalled } from "../database/postgres_stalled.ts";
import { type PostgresServer, requirePostgres, startPostgres } from "../testing/postgres.ts";
import { startProxy } from "../testing/proxy.ts";
import { failure } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { addRun, readRun } from "./import_testing.ts";
import { holdFence, LEASE } from "./claim.ts";
import { claimRun, extendLeases } from "./queue.ts";

/** Larger than what buffers on the way can hold, in bytes. */
const MESSAGE = 8_000_000;

async function openNew(server: PostgresServer): Promise<{ url: string; database: Database }> {
  const url = await server.createDatabase();
  const database = await openDatabase({ path: "", url });
  await migrate(database);
  return { url, database };
}

async function addProcess({ kysely }: Database): Promise<string> {
  const id = newId();
  await kysely.insertInto("processes")
    .values({ id, kind: "worker", machine: "here", pid: 1, address: null, started_at: 0, seen_at: 0 }).execute();
  return id;
}

Deno.test({
  name:
    "a worker that is stopped in the middle of a statement of a commit keeps others neither from other runs nor, once " +
    "it is given up, from its own, and commits nothing",
  ignore: !requirePostgres(),
  fn: async () => {
    await using server = await startPostgres();
    const { url, database } = await openNew(server);
    await using _ = database;
    await using proxy = await startProxy(server);
    const proxied = new URL(url);
    proxied.port = String(proxy.port);
    await using stopped = await openDatabase({ path: "", url: proxied.href });
    const [owner, other] = [await addProcess(database), await addProcess(database)];
    const run = await addRun(database, { created_at: 1 });
    const claim = await claimRun(stopped, owner, "any");
    assert.equal(claim?.run, run);
    const commit = stopped.write(async (transaction) => {
      await holdFence(transaction, claim);
      await transaction.updateTable("runs").set({ rows_read: 1 }).where("id", "=", run).execute();
      proxy.stallAfterSending(MESSAGE / 2);
      await sql`select length(${"x".repeat(MESSAGE)}::text)`.execute(transaction);
    }, { beside: true });
    const gaveUp = assert.rejects(commit, failure("transient", /closed the connection$/));
    const stands = async () => {
      const { rows } = await sql`select from pg_stat_activity where datname = current_database()
        and state = 'active' and wait_event = 'ClientRead' and query like 'select length%'`.execute(database.kysely);
      return rows.length === 1;
    };
    while (!await stands()) await new Promise((resolve) => setTimeout(resolve, 5));

    // Its run is free to be taken over, and in nobody's way as long as it cannot be.
    await database.kysely.deleteFrom("processes").where("id", "=", owner).execute();
    assert.equal(await claimRun(database, other, "any"), undefined);
    const next = await addRun(database, { created_at: 2 });
    assert.equal((await claimRun(database, other, "any"))?.run, next);
    await extendLeases(database, other, [run, next]);

    assert.equal(await endStalled(database, LEASE), 0, "It may go on yet");
    assert.equal(await endStalled(database, 0), 1);
    await gaveUp;
    let taken;
    while ((taken = await claimRun(database, other, "any")) === undefined);
    assert.deepEqual(taken, { ...claim, fence: 2 });
    assert.equal((await readRun(database, run)).rows_read, 0);
    assert.equal(await endStalled(database, 0), 0);
  },
});

Deno.test({
  name: "what a process holds that is stopped between two statements is free before its lease ends and others give up",
  ignore: !requirePostgres(),
  fn: async () => {
    await using server = await startPostgres();
    const { database } = await openNew(server);
    await using _ = database;
    const limit = async (executor: Database["kysely"]) => {
      const { rows } = await sql<{ idle: number; lock: number }>`select
        extract(epoch from current_setting('idle_in_transaction_session_timeout')::interval)::int * 1000 as idle,
        extract(epoch from current_setting('lock_timeout')::interval)::int * 1000 as lock`.execute(executor);
      return rows[0]!;
    };
    for (const { idle, lock } of [await limit(database.kysely), await database.write(limit)]) {
      assert.ok(idle > 0 && idle < lock && idle < LEASE, `${idle} ms of ${lock} and ${LEASE}`);
    }
  },
});
