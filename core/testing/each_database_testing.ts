/**
 * Runs one test on every database: SQLite, and a real PostgreSQL server where it is installed.
 *
 * @module
 */
import type { Database } from "../database/database.ts";
import { migrate } from "../database/migrations.ts";
import { type DatabaseAddress, openDatabase } from "../database/open.ts";
import { type PostgresServer, requirePostgres, startPostgres } from "./postgres.ts";

/** Names the PostgreSQL database of every data directory. */
const VARIABLE = "WAYBILL_DATABASE_URL";

/** Makes the databases of one test; they go with the test, which closes what it opened. */
export interface TestDatabases {
  /** Which one it is this time. */
  readonly kind: Database["kind"];
  /** Makes a fresh database with all its tables. */
  make(): Promise<DatabaseAddress>;
  /** Makes one and opens it. */
  open(): Promise<Database>;
  /** From here to the test's end data directories keep their tables in this kind of database: one for all of them. */
  useInHomes(): Promise<void>;
}

/** One server for all tests of a file, with a database that every other is a copy of. */
interface Cluster {
  readonly server: PostgresServer;
  readonly template: string;
}

let cluster: Cluster | undefined;
let prepared = false;

/** Registers a test twice: as "sqlite: …" and "postgres: …". The latter is skipped where PostgreSQL is missing. */
export function onEachDatabase(sentence: string, body: (databases: TestDatabases) => Promise<void>): void {
  const ignore = !preparePostgres();
  Deno.test(`sqlite: ${sentence}`, () => onSqlite(body));
  Deno.test({ name: `postgres: ${sentence}`, ignore, fn: () => onPostgres(body) });
}

let installed = false;

/** Has the server started before the first test of the file, and stopped after the last. */
function preparePostgres(): boolean {
  if (prepared) return installed;
  prepared = true;
  installed = requirePostgres();
  if (!installed) return false;
  Deno.test.beforeAll(async () => {
    const server = await startPostgres();
    const url = await server.createDatabase();
    cluster = { server, template: new URL(url).pathname.slice(1) };
    await using database = await openDatabase({ path: "", url });
    await migrate(database);
  });
  Deno.test.afterAll(() => cluster?.server.stop());
  return true;
}

async function onSqlite(body: (databases: TestDatabases) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-sqlite-" });
  let made = 0;
  try {
    await inHomes(async (use) => {
      await body(databasesOf("sqlite", use, async () => {
        const address = { path: `${folder}/${++made}.db`, url: undefined };
        await using database = await openDatabase(address);
        await migrate(database);
        return address;
      }));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function onPostgres(body: (databases: TestDatabases) => Promise<void>): Promise<void> {
  const { server, template } = cluster!;
  await inHomes(async (use) => {
    await body(
      databasesOf("postgres", use, async () => ({ path: "", url: await server.createDatabase(template) })),
    );
  });
}

/** Does work that may change which database data directories use, and puts that back. */
async function inHomes(work: (use: (address: DatabaseAddress) => void) => Promise<void>): Promise<void> {
  const before = Deno.env.get(VARIABLE);
  try {
    await work(({ url }) => Deno.env.set(VARIABLE, url ?? ""));
  } finally {
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
  }
}

function databasesOf(
  kind: TestDatabases["kind"],
  use: (address: DatabaseAddress) => void,
  make: () => Promise<DatabaseAddress>,
): TestDatabases {
  return {
    kind,
    make,
    open: async () => await openDatabase(await make()),
    useInHomes: async () => use(await make()),
  };
}
