import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("an audience at the command line: made, counted, listed, imported, changed, deleted", async () => {
  await using cli = await testCli();
  await Deno.writeTextFile(`${cli.folder}/people.csv`, "id,city\n1,Bern\n2,Basel\n3,Bern\n");
  await Deno.writeTextFile(`${cli.folder}/list.txt`, "1\n2\n9\n");
  await Deno.writeTextFile(`${cli.folder}/filter.txt`, 'FILTER city = "Basel"');
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const run = ["run", "csv-import", "--file", "people.csv", "--stream", "people", "--identify-by", "id"];
  assert.equal((await cli.json(...run))["profiles_created"], 3);
  const filter = ["--filter", 'FILTER city = "Bern"'];
  assert.deepEqual(await cli.json("audience", "create", "--name", "In Bern", ...filter), { id: 1, slug: "in_bern" });
  assert.deepEqual(await cli.json("audience", "size", "in_bern"), { size: 2 });
  assert.deepEqual(await cli.json("audience", "members", "1"), [
    { id: 1, attributes: { city: "Bern", id: "1" } },
    { id: 3, attributes: { city: "Bern", id: "3" } },
  ]);
  assert.equal((await cli.run(["audience", "members", "1"])).stdout.split("\n").length, 3);
  assert.deepEqual(await cli.json("audience", "create", "--slug", "list", "--list"), { id: 2, slug: "list" });
  const imported = ["audience", "import", "list", "--field", "id", "--file", `${cli.folder}/list.txt`];
  assert.deepEqual(await cli.json(...imported), { id: 2, slug: "list", lines: 3, rejected: 0, members: 3 });
  assert.deepEqual(await cli.json("audience", "size", "list"), { size: 2 });
  await cli.json("audience", "update", "in_bern", "--slug", "basel", "--filter-file", `${cli.folder}/filter.txt`);
  assert.deepEqual(await cli.json("audience", "size", "basel"), { size: 1 });
  // Nothing is asked of plugins: they are not loaded.
  assert.deepEqual(await cli.json("audience", "size", "basel", "--plugin", "./none.ts"), { size: 1 });
  assert.deepEqual(await cli.json("audience", "delete", "basel"), { id: 1, deleted: true });
  const wrong = await cli.run(["audience", "create", "--slug", "x", "--filter", "FILTER city ="]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /Line 1, column 14[^]*\n +\^\n/);
});
