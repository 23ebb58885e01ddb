import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { migrate } from "../database/migrations.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { checkDatabase } from "./check_database.ts";
import { openCore } from "./core.ts";
import { examine } from "./doctor.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { homeOf, openHome } from "./home.ts";
import { claimHome } from "./home_id.ts";

const VARIABLE = "WAYBILL_MASTER_KEY";

/** A folder for data directories, which all have one master key and, on PostgreSQL, one database. */
async function startPeer(databases: TestDatabases) {
  await databases.useInHomes();
  const folder = await makeFolder();
  const before = Deno.env.get(VARIABLE);
  Deno.env.set(VARIABLE, crypto.getRandomValues(new Uint8Array(32)).toBase64());
  return {
    at: (name: string) => join(folder.path, name),
    [Symbol.asyncDispose]: async () => {
      if (before === undefined) Deno.env.delete(VARIABLE);
      else Deno.env.set(VARIABLE, before);
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function open(home: string): Promise<void> {
  await using _core = await openCore({ home, plugins: [] });
}

const idPath = (home: string) => join(homeOf(home).archiveDir, "home.id");

/** As a Waybill of before data directories had ids left it. */
async function forgetId(home: string): Promise<void> {
  await Deno.remove(idPath(home));
  await using database = await openDatabase(homeOf(home).database);
  await database.kysely.deleteFrom("settings").where("name", "=", "data_directory").execute();
}

/** Puts another data directory's database into this one; on PostgreSQL they have one anyhow. */
async function shareDatabase(kind: TestDatabases["kind"], from: string, to: string): Promise<void> {
  if (kind === "sqlite") await Deno.copyFile(homeOf(from).database.path, homeOf(to).database.path);
}

onEachDatabase("a second data directory with the same master key is refused, and both are named", async (databases) => {
  await using peer = await startPeer(databases);
  const [mine, other] = [peer.at("mine"), peer.at("other")];
  await open(mine);
  assert.equal(((await Deno.stat(idPath(mine))).mode ?? 0) & 0o777, 0o600);
  const home = await openHome(other);
  if (databases.kind === "sqlite") await open(other);
  await shareDatabase(databases.kind, mine, other);
  const refused = failure(
    "config",
    new RegExp(`belongs to another data directory: "${mine}" on ".+", not "${other}"$`),
    {
      hint: databases.kind === "sqlite" ? /from one backup/ : /workers share one data directory/,
    },
  );
  await assert.rejects(open(other), refused);
  await assert.rejects(checkDatabase(other), refused);
  await using database = await openDatabase(home.database);
  await assert.rejects(claimHome(home, database), refused);
  await open(mine);
});

onEachDatabase(
  "the doctor tells of another data directory's database, and looks no further into it",
  async (databases) => {
    await using peer = await startPeer(databases);
    const [mine, other] = [peer.at("mine"), peer.at("other")];
    await open(mine);
    await openHome(other);
    if (databases.kind === "sqlite") await open(other);
    await shareDatabase(databases.kind, mine, other);
    const masterKey = Deno.env.get(VARIABLE);
    const lines = await Array.fromAsync(examine({ home: other, host: "127.0.0.1", port: 0, masterKey }));
    const line = (name: string) => lines.find((line) => line.name === name);
    assert.match(line("database")?.detail ?? "", /belongs to another data directory/);
    assert.equal(line("archive")?.detail, "Not checked: the database belongs to another data directory");
  },
);

onEachDatabase("a data directory of before they had ids is adopted when it is opened", async (databases) => {
  await using peer = await startPeer(databases);
  const [mine, other] = [peer.at("mine"), peer.at("other")];
  await open(mine);
  await forgetId(mine);
  await open(mine);
  await open(mine);
  await openHome(other);
  if (databases.kind === "postgres") await assert.rejects(open(other), failure("config", /belongs to another/));
});

onEachDatabase(
  "a data directory that is moved or restored goes on, and is told by its new place",
  async (databases) => {
    await using peer = await startPeer(databases);
    const [mine, moved, other] = [peer.at("mine"), peer.at("moved"), peer.at("other")];
    await open(mine);
    await cp(mine, moved, { recursive: true });
    await open(moved);
    if (databases.kind === "postgres") {
      await openHome(other);
      await assert.rejects(open(other), failure("config", new RegExp(`directory: "${moved}" on `)));
    }
  },
);

onEachDatabase("an archive that lost its id gets it back as the refusal says", async (databases) => {
  await using peer = await startPeer(databases);
  const mine = peer.at("mine");
  await open(mine);
  const id = await Deno.readTextFile(idPath(mine));
  await Deno.remove(idPath(mine));
  if (databases.kind === "postgres") {
    await assert.rejects(
      open(mine),
      failure("config", /belongs to another/, { hint: new RegExp(`write "${id.trim()}"`) }),
    );
    await Deno.writeTextFile(idPath(mine), id.trim());
  }
  await open(mine);
  assert.equal((await Deno.readTextFile(idPath(mine))).trim(), id.trim());
  await Deno.writeTextFile(idPath(mine), "");
  await assert.rejects(open(mine), failure("config", /home\.id" holds no id/));
});

onEachDatabase("of two data directories that start with one new database, one gets it", async (databases) => {
  if (databases.kind === "sqlite") return;
  await using peer = await startPeer(databases);
  await databases.useInHomes();
  const both = await Promise.allSettled([open(peer.at("one")), open(peer.at("other"))]);
  const refused = both.flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  assert.equal(refused.length, 1);
  failure("config", /belongs to another data directory/)(refused[0]);
});

onEachDatabase("two processes that start at once in one data directory agree on its id", async (databases) => {
  await using peer = await startPeer(databases);
  const home = await openHome(peer.at("mine"));
  await using one = await openDatabase(home.database);
  await using other = await openDatabase(home.database);
  await migrate(one);
  await Promise.all([claimHome(home, one), claimHome(home, other)]);
  await open(home.dir);
});
