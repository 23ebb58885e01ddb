import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { type PostgresServer, requirePostgres, startPostgres } from "../testing/postgres.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrations.ts";
import { openPostgres } from "./postgres.ts";
import { postgresDamage } from "./postgres_damage.ts";

const server = requirePostgres() ? await startPostgres() : undefined;
Deno.test.afterAll(() => server?.stop());

/** A test with a database that holds something, in a file and beside it. */
function test(name: string, body: (peer: Peer) => Promise<void>): void {
  Deno.test({
    name,
    ignore: server === undefined,
    fn: async () => {
      const url = await server!.createDatabase();
      await using database = await openPostgres(url);
      await migrate(database);
      const value = crypto.getRandomValues(new Uint8Array(20_000));
      await database.kysely.insertInto("settings").values([{ name: "a", value }, { name: "b", value }]).execute();
      await body({ server: server!, database, name: new URL(url).pathname.slice(1) });
    },
  });
}

interface Peer {
  readonly server: PostgresServer;
  readonly database: Database;
  /** Of the database. */
  readonly name: string;
}

/** Writes over the start of a page of the file that a table or index lies in, while the server is down. */
async function damageFile({ server, name }: Peer, relation: string, page = 0): Promise<void> {
  const folder = await server.sql("show data_directory");
  const path = `${folder}/${await server.sql(`select pg_relation_filepath(${relation})`, name)}`;
  await server.shutDown();
  {
    using file = await Deno.open(path, { write: true });
    await file.seek(8192 * page, Deno.SeekMode.Start);
    await file.write(new Uint8Array(64).fill(0x5a));
  }
  await server.start();
}

/** What a check finds, once the connections that the server cut are made anew. */
async function damageOf({ database }: Peer): Promise<string[]> {
  for (;;) {
    try {
      return await postgresDamage(database);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "transient") throw error;
    }
  }
}

test("a whole database has no damage", async ({ database }) => {
  assert.deepEqual(await postgresDamage(database), []);
});

test("a table whose file was written over is named", async (peer) => {
  await damageFile(peer, "'settings'");
  const [damage, ...others] = await damageOf(peer);
  assert.match(damage ?? "", /^Table "settings" cannot be read: invalid page in block 0 of relation /);
  assert.deepEqual(others, []);
});

test("a long value that lies beside its table is read as well", async (peer) => {
  await damageFile(peer, "(select reltoastrelid from pg_class where relname = 'settings')");
  assert.match((await damageOf(peer))[0] ?? "", /^Table "settings" cannot be read: /);
});

test("a damaged index is named where amcheck is installed and allowed", async (peer) => {
  // Its first page says where the root is, and is read whenever a statement is planned; the second is the root.
  await damageFile(peer, "'settings_pk'", 1);
  assert.deepEqual(await damageOf(peer), []);
  await peer.server.sql("create extension amcheck", peer.name);
  assert.deepEqual(await damageOf(peer), []);
  await peer.server.sql("grant execute on function bt_index_check(regclass) to waybill", peer.name);
  assert.match((await damageOf(peer))[0] ?? "", /^Index "settings_pk" is damaged: /);
});

test("a server that is away is no damage", async (peer) => {
  await peer.server.shutDown();
  try {
    await assert.rejects(
      postgresDamage(peer.database),
      (error) => error instanceof Failure && error.kind === "transient",
    );
  } finally {
    await peer.server.start();
  }
});
