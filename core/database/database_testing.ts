/**
 * The conformance suite of `Database`: SQLite and PostgreSQL pass the same.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { Database, Executor } from "./database.ts";
import { migrate, migrationState } from "./migrations.ts";
import { isUniqueViolation } from "./unique_violation.ts";

/** An empty database under test. */
export interface DatabasePeer extends AsyncDisposable {
  /** Opens it; every call gives connections of their own. Whoever opens it closes it. */
  open(): Promise<Database>;
}

/** Every migration, in order. */
const STEPS = [
  "0001_first_tables",
  "0002_auth_users",
  "0003_run_retries",
  "0004_identity_runs",
  "0005_tenants",
  "0006_audit_log",
  "0007_generations",
  "0008_audiences",
  "0009_crowded_profiles",
  "0010_erasures",
  "0011_uploads",
  "0012_blocks_apart",
  "0013_erased_rejects",
  "0014_schedules",
  "0015_imported_files",
  "0016_held_runs",
  "0017_auth_operators",
  "0018_artifacts",
  "0019_managed_server",
  "0020_diff_counts",
  "0021_bulk_keys",
  "0022_exports",
  "0023_misfits",
  "0024_audience_lists",
  "0025_raw_logs",
  "0026_change_feeds",
  "0027_fetched_exports",
  "0028_managed_contents",
  "0029_noted_states",
  "0030_past_sums",
  "0031_erasure_definitions",
  "0032_waiting_replays",
];

/** Registers the suite; each test gets a database of its own from `make`. */
export function databaseSuite(name: string, make: () => Promise<DatabasePeer>): void {
  const test = (sentence: string, body: (peer: DatabasePeer) => Promise<void>) => {
    Deno.test(`${name}: ${sentence}`, async () => {
      await using peer = await make();
      await body(peer);
    });
  };

  test("the migrations make every table, account 1 and its profile table", async (peer) => {
    await using database = await peer.open();
    assert.deepEqual((await migrationState(database)).applied, []);
    assert.deepEqual(await migrate(database), STEPS);
    assert.deepEqual(await migrate(database), []);
    assert.deepEqual(await migrationState(database), { applied: STEPS, pending: [], newer: [] });
    const table = await database.kysely.selectFrom("profile_tables").innerJoin("accounts", "accounts.id", "account_id")
      .select(["accounts.name as account", "profile_tables.name", "profile_tables.id", "next_position"])
      .executeTakeFirstOrThrow();
    assert.deepEqual({ ...table }, { account: "default", name: "user", id: 1, next_position: 1 });
  });

  test("two processes that start at once migrate once", async (peer) => {
    await using one = await peer.open();
    await using other = await peer.open();
    const names = await Promise.all([migrate(one), migrate(other)]);
    assert.deepEqual(names.flat(), STEPS);
  });

  test("a database that a newer Waybill made is refused", async (peer) => {
    await using database = await peer.open();
    await migrate(database);
    await sql`insert into migrations (name, applied_at) values ('9999_tomorrow', 0)`.execute(database.kysely);
    assert.deepEqual((await migrationState(database)).newer, ["9999_tomorrow"]);
    await assert.rejects(migrate(database), (error: unknown) => {
      assert(error instanceof Failure);
      assert.equal(error.kind, "config");
      assert.match(error.message, /newer Waybill.*9999_tomorrow/);
      return true;
    });
  });

  test("a transaction commits what it wrote, and gives back what its work gave", async (peer) => {
    await using database = await migrated(peer);
    const id = await database.write(async (transaction) => {
      await addStream(transaction, 7, "orders");
      return 7;
    });
    assert.equal(id, 7);
    assert.deepEqual(await streamNames(database), ["orders"]);
  });

  test("a transaction whose work throws leaves nothing, and the next one works", async (peer) => {
    await using database = await migrated(peer);
    const broken = database.write(async (transaction) => {
      await addStream(transaction, 1, "orders");
      throw new Error("no");
    });
    await assert.rejects(broken, /^Error: no$/);
    assert.deepEqual(await streamNames(database), []);
    await database.write((transaction) => addStream(transaction, 1, "orders"));
    assert.deepEqual(await streamNames(database), ["orders"]);
  });

  test("transactions of one opener run one after the other", async (peer) => {
    await using database = await migrated(peer);
    const add = (id: number) =>
      database.write(async (transaction) => {
        const { next_position } = await transaction.selectFrom("accounts").select("next_position")
          .executeTakeFirstOrThrow();
        await transaction.updateTable("accounts").set({ next_position: next_position + 1 }).execute();
        await addStream(transaction, id, `s${next_position}`);
      });
    await Promise.all([1, 2, 3, 4, 5].map(add));
    assert.deepEqual(await streamNames(database), ["s1", "s2", "s3", "s4", "s5"]);
  });

  test("reads go on and timers fire while another connection writes what a writer waits for", async (peer) => {
    await using holder = await migrated(peer);
    await using waiter = await peer.open();
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = holder.write(async (transaction) => {
      await addPosition(transaction);
      held.resolve();
      await release.promise;
    });
    await held.promise;
    let waiting = true;
    const both = Promise.all([waiter.write(addPosition), addPosition(waiter.kysely)]).finally(() => waiting = false);
    let ticks = 0;
    // Ends only because timers fire and reads answer: both writers still wait for the lock then.
    while (ticks < 20) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(await nextPosition(waiter), 1);
      ticks++;
    }
    assert(waiting);
    release.resolve();
    await Promise.all([holding, both]);
    assert.equal(await nextPosition(waiter), 4);
  });

  test("64-bit numbers come back exactly, or not at all", async (peer) => {
    await using database = await migrated(peer);
    const at = (value: number | bigint) => sql`update accounts set created_at = ${value}`.execute(database.kysely);
    const read = () => database.kysely.selectFrom("accounts").select("created_at").executeTakeFirstOrThrow();
    for (const value of [2 ** 53 - 1, -(2 ** 53) + 1, 0]) {
      await at(value);
      assert.equal((await read()).created_at, value);
    }
    await at(2n ** 53n + 1n);
    await assert.rejects(read(), RangeError);
    const sums = await sql<
      Record<string, unknown>
    >`select sum(id) as sum, count(*) as count, max(id) = 1 as yes from accounts`
      .execute(database.kysely);
    assert.deepEqual({ ...sums.rows[0] }, { sum: 1, count: 1, yes: 1 });
  });

  test("text compares bytewise", async (peer) => {
    await using database = await migrated(peer);
    const names = ["a", "B", "é", "Z", "_", "10", "9"];
    for (const [id, name] of names.entries()) await addStream(database.kysely, id, name);
    assert.deepEqual(await streamNames(database), ["10", "9", "B", "Z", "_", "a", "é"]);
  });

  test("a taken unique value is told from other errors, and its transaction leaves nothing", async (peer) => {
    await using database = await migrated(peer);
    await addStream(database.kysely, 1, "orders");
    const taken = database.write(async (transaction) => {
      await addStream(transaction, 2, "customers");
      await addStream(transaction, 3, "orders");
    });
    await assert.rejects(taken, (error) => isUniqueViolation(error) && !(error instanceof Failure));
    const nothing = sql`insert into settings (name, value) values ('a', null)`.execute(database.kysely);
    await assert.rejects(nothing, (error) => !isUniqueViolation(error) && !(error instanceof Failure));
    assert.deepEqual(await streamNames(database), ["orders"]);
  });

  test("the database's clock is in whole milliseconds, and goes on within a transaction", async (peer) => {
    await using database = await peer.open();
    const first = await database.now();
    assert(Number.isInteger(first) && Math.abs(first - Date.now()) < 60_000);
    await database.write(async () => {
      while (await database.now() === first) await new Promise((resolve) => setTimeout(resolve, 1));
    });
  });

  test("a batch of 200,000 rows commits as one", async (peer) => {
    await using database = await migrated(peer);
    await database.write(async (transaction) => {
      for (let first = 0; first < 200_000; first += 5_000) {
        const values = Array.from({ length: 5_000 }, (_, index) => ({
          account_id: 1,
          table_id: 1,
          id: first + index,
          at: 1_700_000_000_000,
          attributes: `{"name":"Zoë ${first + index}"}`,
        }));
        await transaction.insertInto("profiles").values(values).execute();
      }
    });
    const { rows, last } = await database.kysely.selectFrom("profiles")
      .select(({ fn }) => [fn.countAll<number>().as("rows"), fn.max("attributes").as("last")])
      .executeTakeFirstOrThrow();
    assert.deepEqual({ rows, last }, { rows: 200_000, last: '{"name":"Zoë 99999"}' });
  });

  test("bytes, text and null come back as they went in", async (peer) => {
    await using database = await migrated(peer);
    const value = new Uint8Array([0, 255, 128]);
    await database.kysely.insertInto("settings").values({ name: "😀 é '\"", value }).execute();
    const row = await database.kysely.selectFrom("settings").selectAll().executeTakeFirstOrThrow();
    assert.deepEqual({ name: row.name, value: new Uint8Array(row.value) }, { name: "😀 é '\"", value });
  });

  test("transactions of two processes run one after another, but for those that run beside the others", async (peer) => {
    await using one = await migrated(peer);
    await using other = await peer.open();
    const release = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const first = one.write(async () => {
      began.resolve();
      await release.promise;
    });
    await began.promise;
    const order: string[] = [];
    const second = other.write(async () => void order.push("second"));
    await using third = await peer.open();
    const beside = third.write(async () => void order.push("beside"), { beside: true });
    if (third.kind === "postgres") await beside;
    assert.deepEqual(order, third.kind === "postgres" ? ["beside"] : []);
    release.resolve();
    await Promise.all([first, second, beside]);
    assert.equal(order.length, 2);
  });

  test("a read sees one state of the database, whatever is written meanwhile, and changes nothing", async (peer) => {
    await using database = await migrated(peer);
    await addStream(database.kysely, 1, "orders");
    const seen = await database.read(async (transaction) => {
      const before = await streamNames({ kysely: transaction });
      await database.write((writing) => addStream(writing, 2, "customers"));
      await database.read(async (other) => assert.equal((await streamNames({ kysely: other })).length, 2));
      assert.deepEqual(await streamNames({ kysely: transaction }), before);
      return before;
    });
    const change = database.read((reading) => reading.updateTable("streams").set({ events: 7 }).execute());
    await assert.rejects(change, /takes no writes|cannot be written/);
    assert.deepEqual(seen, ["orders"]);
    assert.deepEqual(await streamNames(database), ["customers", "orders"]);
    await assert.rejects(database.read(async () => await Promise.reject(new Error("no"))), /^Error: no$/);
    await database.read(async (transaction) => assert.equal((await streamNames({ kysely: transaction })).length, 2));
  });

  test("closing waits for the transaction that runs", async (peer) => {
    const database = await migrated(peer);
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const writing = database.write(async (transaction) => {
      started.resolve();
      await finish.promise;
      await addStream(transaction, 1, "late");
    });
    await started.promise;
    const closing = database[Symbol.asyncDispose]();
    finish.resolve();
    await Promise.all([writing, closing]);
    await database[Symbol.asyncDispose]();
    await using again = await peer.open();
    assert.deepEqual(await streamNames(again), ["late"]);
  });
}

/** Opens a database and brings its tables up to date. */
async function migrated(peer: DatabasePeer): Promise<Database> {
  const database = await peer.open();
  await migrate(database);
  return database;
}

async function addStream(executor: Pick<Database["kysely"], "insertInto">, id: number, name: string): Promise<void> {
  await executor.insertInto("streams").values({ account_id: 1, id, name, events: 0, created_at: 0 }).execute();
}

/** What two connections cannot do at a time: both change one row. */
async function addPosition(executor: Pick<Database["kysely"], "updateTable">): Promise<void> {
  await executor.updateTable("accounts").set((row) => ({ next_position: row("next_position", "+", 1) })).execute();
}

async function nextPosition(database: Database): Promise<number> {
  const row = await database.kysely.selectFrom("accounts").select("next_position").executeTakeFirstOrThrow();
  return row.next_position;
}

async function streamNames(database: { readonly kysely: Executor }): Promise<string[]> {
  const rows = await database.kysely.selectFrom("streams").select("name").orderBy("name").execute();
  return rows.map(({ name }) => name);
}
