import assert from "node:assert/strict";
import { join } from "node:path";
import { failure, makeFolder } from "./engine_testing.ts";
import { openHome } from "./home.ts";

Deno.test("a data directory is made for its owner alone, and opens again", async () => {
  await using folder = await makeFolder();
  const home = await openHome(join(folder.path, "deep", "home"));
  for (const dir of [home.dir, home.archiveDir, home.spoolDir]) {
    assert.equal(((await Deno.stat(dir)).mode ?? 0) & 0o777, 0o700, dir);
  }
  await Deno.writeTextFile(join(home.archiveDir, "kept"), "");
  assert.deepEqual(await openHome(home.dir), home);
  const names = Array.from(Deno.readDirSync(home.dir), ({ name }) => name).sort();
  assert.deepEqual(names, ["archive", "spool"]);
});

Deno.test("a data directory that cannot be written is a failure that names it", async () => {
  await using folder = await makeFolder();
  await Deno.writeTextFile(join(folder.path, "file"), "");
  const hint = /--home or WAYBILL_HOME/;
  await assert.rejects(
    openHome(join(folder.path, "file")),
    failure("config", /"[^"]*file" cannot be written/, { hint }),
  );
  await assert.rejects(openHome(join(folder.path, "file", "home")), failure("config", /cannot be written/, { hint }));
});
