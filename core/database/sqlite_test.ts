import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { Failure, type FailureKind } from "../contracts/failure.ts";
import type { WriteOptions } from "./database.ts";
import { databaseSuite } from "./database_testing.ts";
import { migrate } from "./migrations.ts";
import { openSqlite } from "./sqlite.ts";
import { explainSqliteError, isBusy } from "./sqlite_errors.ts";
import { isUniqueViolation } from "./unique_violation.ts";

async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "waybill-database-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

function failure(kind: FailureKind, message: RegExp) {
  return (error: unknown) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    assert(error.hint);
    return true;
  };
}

databaseSuite("sqlite", async () => {
  const folder = await makeFolder();
  return {
    open: () => openSqlite(`${folder.path}/waybill.db`),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

Deno.test("a new SQLite database has its page size, log and secure_delete from the first page on", async () => {
  await using folder = await makeFolder();
  await using database = await openSqlite(`${folder.path}/waybill.db`);
  const pragma = async (name: string) =>
    Object.values((await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(database.kysely)).rows[0] ?? {});
  assert.deepEqual(await pragma("page_size"), [8192]);
  assert.deepEqual(await pragma("journal_mode"), ["wal"]);
  assert.deepEqual(await pragma("secure_delete"), [1]);
  assert.deepEqual(await pragma("synchronous"), [2]);
  assert.deepEqual(await pragma("foreign_keys"), [1]);
  const inTransaction = await database.write((transaction) =>
    sql<{ secure_delete: number }>`pragma secure_delete`.execute(transaction)
  );
  assert.equal(inTransaction.rows[0]?.secure_delete, 1);
});

Deno.test("a closed SQLite database leaves one file", async () => {
  await using folder = await makeFolder();
  const database = await openSqlite(`${folder.path}/waybill.db`);
  await migrate(database);
  await database[Symbol.asyncDispose]();
  assert.deepEqual(Array.from(Deno.readDirSync(folder.path), ({ name }) => name), ["waybill.db"]);
});

Deno.test("a full disk rolls the transaction back, says so, and the database works on", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/waybill.db`;
  await using database = await openSqlite(path);
  await migrate(database);
  const limit = (pages: number) =>
    database.write((transaction) => sql`pragma max_page_count = ${sql.raw(String(pages))}`.execute(transaction));
  await limit(60);
  const fill = database.write(async (transaction) => {
    for (let id = 0; id < 1000; id++) {
      await transaction.insertInto("streams")
        .values({ account_id: 1, id, name: `${id}${"x".repeat(5000)}`, events: 0, created_at: 0 }).execute();
    }
  });
  await assert.rejects(fill, failure("transient", /^The disk that holds ".*waybill\.db" is full$/));
  await limit(1_000_000);
  const streams = await database.write((transaction) => transaction.selectFrom("streams").selectAll().execute());
  assert.deepEqual(streams, []);
});

Deno.test("a statement after SQLite ended the transaction does not commit on its own", async () => {
  await using folder = await makeFolder();
  await using database = await openSqlite(`${folder.path}/waybill.db`);
  await migrate(database);
  const work = database.write(async (transaction) => {
    // What a full disk does to a transaction.
    await sql`rollback`.execute(transaction);
    await transaction.insertInto("settings").values({ name: "stray", value: new Uint8Array() }).execute();
  });
  await assert.rejects(work, /rolled back before this statement/);
  assert.deepEqual(await database.kysely.selectFrom("settings").selectAll().execute(), []);
});

Deno.test("a killed process leaves neither its half transaction nor its lock", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/waybill.db`;
  await using database = await openSqlite(path);
  await migrate(database);
  const script = `${folder.path}/child.ts`;
  await Deno.writeTextFile(
    script,
    `import { openSqlite } from ${JSON.stringify(import.meta.resolve("./sqlite.ts"))};
     const database = await openSqlite(${JSON.stringify(path)});
     setInterval(() => {}, 1000);
     await database.write(async (transaction) => {
       await transaction.insertInto("settings").values({ name: "half", value: new Uint8Array(9) }).execute();
       console.log("writing");
       await new Promise(() => {});
     });`,
  );
  const config = new URL(import.meta.resolve("../../deno.json")).pathname;
  const child = new Deno.Command("deno", {
    args: ["run", "--no-prompt", `--config=${config}`, "--allow-read", `--allow-write=${folder.path}`, script],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value).trim(), "writing");
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  await database.write((transaction) =>
    transaction.insertInto("settings").values({ name: "next", value: new Uint8Array() }).execute()
  );
  const names = await database.kysely.selectFrom("settings").select("name").execute();
  assert.deepEqual(names.map(({ name }) => name), ["next"]);
});

Deno.test("opening says what is wrong: no folder, a folder, no database, a damaged one", async () => {
  await using folder = await makeFolder();
  const open = (name: string) => openSqlite(`${folder.path}/${name}`);
  await assert.rejects(open("none/waybill.db"), failure("config", /cannot be opened/));
  await assert.rejects(open("."), failure("config", /cannot be opened/));
  await Deno.writeTextFile(`${folder.path}/notes.txt`, "Dear diary, this is no database. ".repeat(300));
  await assert.rejects(open("notes.txt"), failure("config", /is no SQLite database$/));
  assert.equal((await Deno.readTextFile(`${folder.path}/notes.txt`)).slice(0, 4), "Dear");
});

Deno.test("a taken unique value is told from other errors", async () => {
  await using folder = await makeFolder();
  await using database = await openSqlite(`${folder.path}/waybill.db`);
  await migrate(database);
  const add = (name: string, value: Uint8Array | null) =>
    sql`insert into settings (name, value) values (${name}, ${value})`.execute(database.kysely);
  await add("a", new Uint8Array());
  await assert.rejects(add("a", new Uint8Array()), isUniqueViolation);
  await assert.rejects(add("b", null), (error) => !isUniqueViolation(error) && !(error instanceof Failure));
});

Deno.test("a write lock that outlives the wait is a transient failure, and a read-only file one of config", async () => {
  await using folder = await makeFolder();
  const path = `${folder.path}/waybill.db`;
  await (await openSqlite(path))[Symbol.asyncDispose]();
  using holder = new DatabaseSync(path);
  holder.exec("begin immediate");
  using other = new DatabaseSync(path, { timeout: 0 });
  const caught = (work: () => void) => {
    try {
      work();
    } catch (error) {
      return error;
    }
  };
  for (const busy of [() => other.exec("begin immediate"), () => other.prepare("begin immediate").run()]) {
    assert(isBusy(caught(busy)));
    failure("transient", /was locked for too long$/)(explainSqliteError(caught(busy), path));
  }
  using reader = new DatabaseSync(path, { readOnly: true });
  failure("config", /cannot be written$/)(explainSqliteError(caught(() => reader.exec("create table t (a)")), path));
});

Deno.test("a writer of one long transaction after another lets others have the lock in between", async () => {
  await using folder = await makeFolder();
  await using busy = await openSqlite(`${folder.path}/waybill.db`);
  await using other = await openSqlite(`${folder.path}/waybill.db`);
  await migrate(busy);
  let through = 0;
  const waiting = (async () => {
    for (; through < 3; through++) await sql`insert into settings values (${through}, x'00')`.execute(other.kysely);
  })();
  for (let commit = 0; commit < 20 && through < 3; commit++) {
    await busy.write(async (transaction) => {
      await sql`update accounts set next_position = next_position + 1`.execute(transaction);
      for (const end = performance.now() + 60; performance.now() < end;) await new Promise((go) => setTimeout(go, 5));
    });
  }
  assert.equal(through, 3);
  await waiting;
});

Deno.test("a transaction that need not be on the disk at once does not wait for it, and the next one does", async () => {
  await using folder = await makeFolder();
  await using database = await openSqlite(`${folder.path}/waybill.db`);
  const how = async (options?: WriteOptions) =>
    await database.write(
      async (transaction) =>
        (await sql<{ synchronous: number }>`pragma synchronous`.execute(transaction)).rows[0]?.synchronous,
      options,
    );
  assert.equal(await how({ unsynced: true }), 1);
  assert.equal(await how({ unsynced: true }), 1);
  assert.equal(await how(), 2);
});
