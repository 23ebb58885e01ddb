import assert from "node:assert/strict";
import { join } from "node:path";
import { migrate } from "../database/migrations.ts";
import { openSqlite } from "../database/sqlite.ts";
import { requirePeer } from "../testing/peer.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { openHome } from "./home.ts";

Deno.test("a data directory is made for its owner alone, and opens again", async () => {
  await using folder = await makeFolder();
  const home = await openHome(join(folder.path, "deep", "home"));
  for (const dir of [home.dir, home.archiveDir]) {
    assert.equal(((await Deno.stat(dir)).mode ?? 0) & 0o777, 0o700, dir);
  }
  await Deno.writeTextFile(join(home.archiveDir, "kept"), "");
  assert.deepEqual(await openHome(home.dir), home);
  const names = Array.from(Deno.readDirSync(home.dir), ({ name }) => name).sort();
  assert.deepEqual(names, ["archive", "waybill.db"]);
  assert.equal(((await Deno.stat(home.database.path)).mode ?? 0) & 0o777, 0o600);
});

const SQLITE = "/usr/bin/sqlite3";

Deno.test({
  name: "opening a data directory again leaves the database's locks: another process deletes no log in use",
  ignore: !requirePeer("sqlite3", SQLITE),
  fn: async () => {
    await using folder = await makeFolder();
    const { dir, database: { path } } = await openHome(join(folder.path, "home"));
    await using database = await openSqlite(path);
    await migrate(database);
    await openHome(dir);
    // It deletes the log when it closes what it takes for the last connection.
    const { success } = await new Deno.Command(SQLITE, { args: [path, "select count(*) from runs"] }).output();
    assert.ok(success);
    await Deno.stat(`${path}-wal`);
  },
});

Deno.test("a data directory that cannot be written is a failure that names it", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(join(folder.path, "file"), "");
  const hint = /--home or WAYBILL_HOME/;
  await assert.rejects(
    openHome(join(folder.path, "file")),
    failure("config", /"[^"]*file" is a file, or lies below one$/, { hint }),
  );
  await assert.rejects(openHome(join(folder.path, "file", "home")), failure("config", /lies below one$/, { hint }));
});
