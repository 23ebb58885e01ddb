import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("a run whose rejected rows were erased says how many, and what is listed adds up", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  const text = "id,email\n1,ada@example.org\n2,bo@example.org\n1,ada@example.org,many\n2,bo@example.org,many\n";
  await Deno.writeTextFile(`${cli.folder}/in/a.csv`, text);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const { id } = await cli.json(
    "run",
    "csv-import",
    "--file",
    "a.csv",
    "--stream",
    "people",
    "--identify-by",
    "id,email",
  );
  await cli.json("erasure", "request", "email", "ADA@example.org");
  const run = await cli.json("run", "show", String(id));
  assert.deepEqual([run.read, run.accepted, run.rejected, run.rejected_erased], [4, 2, 2, 1]);
  const shown = await cli.run(["run", "show", String(id)]);
  assert.match(shown.stdout, /rejected +2, 1 of them erased\n/);
  assert.match(shown.stdout, /Has 3 cells/);
  assert.doesNotMatch(shown.stdout, /more/);
  const listed = await cli.run(["run", "rejects", String(id)]);
  assert.match(listed.stdout, /bo@example.org/);
  assert.doesNotMatch(listed.stdout, /ada/);
  assert.match(listed.stderr, /1 of 2 rejected rows is not shown: about people who were erased/);
  await cli.json("erasure", "request", "id", "2");
  assert.match((await cli.run(["run", "show", String(id)])).stdout, /rejected +2, 2 of them erased\n/);
  assert.equal((await cli.json("run", "show", String(id))).next_step, null);
});
