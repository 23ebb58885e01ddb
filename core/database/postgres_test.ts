import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure, type FailureKind } from "../contracts/failure.ts";
import { type PostgresServer, requirePostgres, startPostgres } from "../testing/postgres.ts";
import { databaseSuite } from "./database_testing.ts";
import { migrate } from "./migrations.ts";
import { openDatabase } from "./open.ts";
import { openPostgres } from "./postgres.ts";

const server = requirePostgres() ? await startPostgres({ settings: { max_connections: "40" } }) : undefined;
Deno.test.afterAll(() => server?.stop());

/** A test against the server of this file; skipped where PostgreSQL is not installed. */
function test(name: string, body: (server: PostgresServer) => Promise<void>): void {
  Deno.test({ name, ignore: server === undefined, fn: () => body(server!) });
}

if (server !== undefined) {
  databaseSuite("postgres", async () => {
    const url = await server.createDatabase();
    return { open: () => openPostgres(url), [Symbol.asyncDispose]: () => Promise.resolve() };
  });
}

function failure(kind: FailureKind, message: RegExp, server: PostgresServer) {
  return (error: unknown) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert(error.hint);
    const said = Deno.inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
    assert(!said.includes(server.password) && !said.includes(encodeURIComponent(server.password)));
    return true;
  };
}

/** The URL with some of it changed. */
function changed(url: string, change: (url: URL) => void): string {
  const parsed = new URL(url);
  change(parsed);
  return parsed.href;
}

test("opening says what is wrong: password, user, database, port, host, TLS", async (server) => {
  const url = await server.createDatabase();
  const open = (change: (url: URL) => void) => openPostgres(changed(url, change));
  const config = (message: RegExp) => failure("config", message, server);
  const at = `at 127\\.0\\.0\\.1:${server.port}, user "waybill"`;
  await assert.rejects(
    open((url) => url.password = "wrong"),
    config(new RegExp(`^The database "test_\\d+" ${at}, refused the password`)),
  );
  await assert.rejects(open((url) => url.password = ""), config(/wants a password, and the database URL has none$/));
  await assert.rejects(open((url) => url.username = "nobody"), config(/user "nobody", refused the password/));
  await assert.rejects(open((url) => url.pathname = "/none"), config(/^The database "none" .* does not exist/));
  await assert.rejects(open((url) => url.searchParams.set("sslmode", "require")), config(/offers no TLS$/));
  const transient = (message: RegExp) => failure("transient", message, server);
  await assert.rejects(open((url) => url.port = "1"), transient(/127\.0\.0\.1:1, user "waybill", cannot be reached$/));
  await assert.rejects(
    open((url) => (url.hostname = "database.invalid", url.searchParams.set("sslmode", "disable"))),
    transient(/host name is not known$/),
  );
});

Deno.test({
  name: "a host that Deno may not look up is told by the flag that grants it",
  permissions: { read: "inherit", env: "inherit", net: ["127.0.0.1"] },
  fn: async () => {
    await assert.rejects(openPostgres("postgres://waybill:secret@db.example/waybill"), (error) => {
      assert(error instanceof Failure && error.kind === "config");
      assert.match(
        error.message,
        /^Deno may not connect to the database "waybill" at db\.example:5432, user "waybill"$/,
      );
      assert.match(error.hint ?? "", /--allow-net/);
      return true;
    });
  },
});

test("a database in another encoding is refused before anything is written to it", async (server) => {
  const url = await server.createDatabase();
  for (const encoding of ["SQL_ASCII", "LATIN1"]) {
    const name = `in_${encoding.toLowerCase()}`;
    const locale = "locale 'C' locale_provider libc template template0";
    await server.sql(`create database ${name} owner waybill encoding '${encoding}' ${locale}`);
    await assert.rejects(
      openPostgres(changed(url, (url) => url.pathname = name)),
      failure("config", new RegExp(`has the encoding ${encoding}, which does not hold every text$`), server),
    );
  }
});

test("a server that does not answer is given up after the connect time-out", async (server) => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = changed(await server.createDatabase(), (url) => {
    url.port = String(silent.addr.port);
    url.searchParams.set("connect_timeout", "1");
  });
  await assert.rejects(openPostgres(url), failure("transient", /did not answer in time$/, server));
});

test("a missing right is told with the statement's own words", async (server) => {
  const url = await server.createDatabase();
  await using database = await openPostgres(url);
  await migrate(database);
  await server.sql("alter table settings owner to postgres", new URL(url).pathname.slice(1));
  const reading = database.kysely.selectFrom("settings").selectAll().execute();
  await assert.rejects(
    reading,
    failure("config", /refused a statement: permission denied for table settings$/, server),
  );
});

test("a connection that is cut in a transaction fails it, leaves nothing, and the next one works", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  await migrate(database);
  const name = (name: string) => ({ name, value: new Uint8Array() });
  const cut = database.write(async (transaction) => {
    await transaction.insertInto("settings").values(name("lost")).execute();
    await server.dropConnections();
    await transaction.insertInto("settings").values(name("later")).execute();
  });
  await assert.rejects(cut, failure("transient", /is stopping or starting$|closed the connection$/, server));
  await database.write((transaction) => transaction.insertInto("settings").values(name("next")).execute());
  // A connection that was cut unnoticed, between two transactions, costs nothing.
  await server.dropConnections();
  await database.write((transaction) => transaction.insertInto("settings").values(name("after")).execute());
  const rows = await eventually(() => database.kysely.selectFrom("settings").select("name").orderBy("name").execute());
  assert.deepEqual(rows.map(({ name }) => name), ["after", "next"]);
});

test("a statement that runs when the connection is cut fails alone", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  const sleeping = sql`select pg_sleep(60)`.execute(database.kysely);
  const refused = assert.rejects(
    sleeping,
    failure("transient", /is stopping or starting$|closed the connection$/, server),
  );
  const asleep = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'";
  while (await server.sql(`${asleep} and usename = 'waybill'`) === "0");
  await server.dropConnections();
  await refused;
  assert.equal(typeof await eventually(() => database.now()), "number");
});

test("a server that restarts costs retries, while it is away and after it is back", async () => {
  await using server = await startPostgres();
  await using database = await openPostgres(await server.createDatabase());
  await migrate(database);
  const restarting = database.write(async (transaction) => {
    await transaction.insertInto("settings").values({ name: "a", value: new Uint8Array() }).execute();
    await server.shutDown();
    await transaction.insertInto("settings").values({ name: "b", value: new Uint8Array() }).execute();
  });
  await assert.rejects(restarting, failure("transient", /is stopping or starting$|closed the connection$/, server));
  const away = failure("transient", /cannot be reached$|closed the connection$/, server);
  await assert.rejects(database.now(), away);
  await assert.rejects(database.write(() => Promise.resolve()), away);
  await server.start();
  assert.equal(typeof await eventually(() => database.now()), "number");
  await database.write((transaction) =>
    transaction.insertInto("settings").values({ name: "c", value: new Uint8Array() }).execute()
  );
  const rows = await database.kysely.selectFrom("settings").select("name").execute();
  assert.deepEqual(rows.map(({ name }) => name), ["c"]);
});

test("a commit that PostgreSQL turns into a rollback is no success", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  await migrate(database);
  const work = database.write(async (transaction) => {
    await transaction.insertInto("settings").values({ name: "a", value: new Uint8Array() }).execute();
    await sql`select 1 / 0`.execute(transaction).catch(() => {});
  });
  await assert.rejects(work, /was rolled back: a statement in it failed/);
  assert.deepEqual(await database.kysely.selectFrom("settings").selectAll().execute(), []);
});

test("more processes than the server has connections for are told so", async () => {
  await using server = await startPostgres({ settings: { max_connections: "5", superuser_reserved_connections: "2" } });
  const url = await server.createDatabase();
  await using databases = new AsyncDisposableStack();
  // The processes that made the database may have to end first.
  for (const _ of [1, 2, 3]) databases.use(await eventually(() => openPostgres(url)));
  await assert.rejects(openPostgres(url), failure("transient", /has no connection left$/, server));
});

test("two transactions that wait for each other: one is told to try again", async (server) => {
  const url = await server.createDatabase();
  await using one = await openPostgres(url);
  await using other = await openPostgres(url);
  await migrate(one);
  const touch = (name: string) => sql`update settings set value = value where name = ${name}`;
  for (const name of ["a", "b"]) {
    await one.kysely.insertInto("settings").values({ name, value: new Uint8Array() }).execute();
  }
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const results = await Promise.allSettled([
    one.write(async (transaction) => {
      await touch("a").execute(transaction);
      first.resolve();
      await second.promise;
      await touch("b").execute(transaction);
    }, { beside: true }),
    other.write(async (transaction) => {
      await touch("b").execute(transaction);
      second.resolve();
      await first.promise;
      await touch("a").execute(transaction);
    }, { beside: true }),
  ]);
  const [failed, ...more] = results.filter((result) => result.status === "rejected");
  assert.equal(more.length, 0);
  assert(failed && failure("transient", /had another transaction in the way$/, server)(failed.reason));
});

test("a commit is on the disk when it is told, whatever the server's or the user's default; a stronger one stays", async (server) => {
  assert.equal(await server.sql("show synchronous_commit"), "off");
  const url = await server.createDatabase();
  const settings = async () => {
    await using database = await openPostgres(url);
    const show = async (executor: Pick<typeof database.kysely, "executeQuery" | "getExecutor">) => {
      const { rows } = await sql<{ setting: string }>`select current_setting('synchronous_commit') as setting`
        .execute(executor);
      return rows[0]!.setting;
    };
    return [await show(database.kysely), await database.write(show)];
  };
  assert.deepEqual(await settings(), ["on", "on"]);
  const name = new URL(url).pathname.slice(1);
  for (const setting of ["local", "remote_write", "remote_apply"]) {
    await server.sql(`alter role waybill in database ${name} set synchronous_commit = ${setting}`);
    assert.deepEqual(await settings(), [setting, setting]);
  }
});

test("limits and an isolation that the server or the user has for people do not hold for Waybill", async (server) => {
  const url = await server.createDatabase();
  const name = new URL(url).pathname.slice(1);
  const names = ["statement_timeout", "transaction_timeout", "idle_session_timeout"];
  const limits = `from pg_settings where name in ('${names.join("', '")}')`;
  const present = (await server.sql(`select name ${limits}`)).split("\n");
  assert(present.includes("statement_timeout"));
  for (
    const [setting, value] of [...present.map((limit) => [limit, "'1h'"]), [
      "default_transaction_isolation",
      "serializable",
    ]]
  ) {
    await server.sql(`alter role waybill in database ${name} set ${setting} = ${value}`);
  }
  await using database = await openPostgres(url);
  const inForce = async (executor: Pick<typeof database.kysely, "executeQuery" | "getExecutor">) => {
    const { rows } = await sql<{ setting: string; isolation: string }>`
      select setting, current_setting('transaction_isolation') as isolation ${sql.raw(limits)}`.execute(executor);
    return rows;
  };
  const expected = present.map(() => ({ setting: "0", isolation: "read committed" }));
  assert.deepEqual(await inForce(database.kysely), expected);
  assert.deepEqual(await database.write(inForce), expected);
});

test("a prepared statement whose table was changed costs a retry", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  await migrate(database);
  const all = () => sql`select * from settings`.execute(database.kysely);
  for (const _ of [1, 2, 3]) await all();
  await sql`alter table settings add column more bigint`.execute(database.kysely);
  await assert.rejects(all(), failure("transient", /had its tables changed meanwhile$/, server));
  await all();
});

test("a pooler that gives every transaction another session is told as what it is", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  const use = () => database.write((transaction) => sql`select 1 as one`.execute(transaction));
  for (const _ of [1, 2, 3]) await use();
  // The session of somebody else has prepared nothing.
  await database.write((transaction) => sql`deallocate all`.execute(transaction)).catch(() => {});
  await assert.rejects(use(), failure("config", /answered from another session than the one that Waybill had/, server));
});

test("statements that come again are prepared, and many different ones are not kept", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  const kept = await database.write(async (transaction) => {
    for (let number = 0; number < 500; number++) {
      for (const _ of [1, 2, 3]) await sql`select ${sql.lit(number)} as number`.execute(transaction);
    }
    const { rows } = await sql<{ count: number }>`select count(*) as count from pg_prepared_statements`
      .execute(transaction);
    return rows[0]?.count;
  });
  assert.equal(kept, 200);
});

test("blobs of any bytes, megabytes of them, come back as they went in", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  await migrate(database);
  const value = new Uint8Array(3_000_001);
  for (let start = 0; start < value.length; start += 65536) {
    crypto.getRandomValues(value.subarray(start, start + 65536));
  }
  await database.kysely.insertInto("settings").values({ name: "large", value }).execute();
  const row = await database.kysely.selectFrom("settings").select("value").executeTakeFirstOrThrow();
  assert(row.value instanceof Uint8Array && !("readUInt8" in row.value));
  assert.deepEqual(row.value, value);
});

test("a password is asked for over TLS only, and the certificate is judged as sslmode says", async () => {
  await using server = await startPostgres({ tls: true });
  const url = await server.createDatabase();
  const open = async (host: string, sslmode: string, ca = server.caFile) => {
    await using database = await openPostgres(changed(url, (url) => {
      url.hostname = host;
      url.search = "";
      if (sslmode !== "") url.searchParams.set("sslmode", sslmode);
      if (ca !== "") url.searchParams.set("sslrootcert", ca);
    }));
    const { rows } = await sql<{ ssl: number }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`
      .execute(database.kysely);
    return rows[0]?.ssl;
  };
  assert.equal(await open("localhost", "verify-full"), 1);
  assert.equal(await open("127.0.0.1", "verify-ca"), 1);
  assert.equal(await open("127.0.0.1", "require"), 1);
  assert.equal(await open("127.0.0.1", "require", ""), 1);
  const untrusted = failure("config", /has a certificate that is not trusted$/, server);
  await assert.rejects(open("127.0.0.1", "verify-full"), untrusted);
  for (const mode of ["verify-full", "verify-ca"]) await assert.rejects(open("localhost", mode, ""), untrusted);
  for (const mode of ["disable", ""]) {
    await assert.rejects(
      open("localhost", mode, ""),
      failure("config", /does not let this user in: no pg_hba.conf entry.*no encryption$/, server),
    );
  }
  const missing = failure("config", /^The certificate file "\/none\.crt" .* cannot be read$/, server);
  await assert.rejects(open("localhost", "verify-full", "/none.crt"), missing);
});

test("the database is PostgreSQL's where a URL is given, else SQLite's", async (server) => {
  const folder = await Deno.makeTempDir({ prefix: "waybill-open-" });
  try {
    const path = `${folder}/waybill.db`;
    await using remote = await openDatabase({ path, url: await server.createDatabase() });
    assert.equal(remote.kind, "postgres");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await using local = await openDatabase({ path, url: undefined });
    assert.equal(local.kind, "sqlite");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What the work gives once it no longer fails with a transient failure, of which there may be one a connection. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "transient") throw error;
    }
  }
}

test("a transaction that need not be on the disk at once does not wait for it, and the next one does", async (server) => {
  await using database = await openPostgres(await server.createDatabase());
  const how = async (unsynced: boolean) =>
    await database.write(
      async (transaction) => (await sql`show synchronous_commit`.execute(transaction)).rows,
      { unsynced },
    );
  assert.deepEqual(await how(true), [{ synchronous_commit: "off" }]);
  assert.deepEqual(await how(false), [{ synchronous_commit: "on" }]);
});
