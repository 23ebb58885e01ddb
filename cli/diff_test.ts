import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

const file = (rows: readonly string[]) => `id,name\n${rows.join("\n")}\n`;

Deno.test("with --diff only changed rows are imported, and a file that shrank waits for run approve", async () => {
  await using cli = await testCli();
  const write = (day: number, rows: readonly string[]) =>
    Deno.writeTextFile(`${cli.folder}/in/p_2026010${day}.csv`, file(rows));
  await Deno.mkdir(`${cli.folder}/in`);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const flags = ["--prefix", "p_", "--file", "p_20260101.csv", "--stream", "people", "--identify-by", "id"];
  await cli.json("job", "create", "csv-import", "--label", "daily", ...flags, "--settle-seconds", "0", "--diff");
  const rows = Array.from({ length: 10 }, (_, row) => `${row},n${row}`);
  await write(1, rows);
  const first = await cli.json("run", "daily");
  assert.deepEqual([first.read, first.accepted, first.unchanged], [10, 10, 0]);
  assert.deepEqual([first.added, first.changed, first.removed], [10, 0, 0]);
  await write(2, [...rows.slice(1), "0,zero"]);
  const second = await cli.json("run", "daily");
  assert.deepEqual([second.read, second.accepted, second.unchanged, second.profiles_updated], [10, 1, 9, 1]);
  assert.deepEqual([second.added, second.changed, second.removed, second.bytes], [0, 1, 0, 60]);

  await write(3, rows.slice(0, 4));
  const held = await cli.run(["run", "daily"]);
  assert.equal(held.code, 8, held.stderr);
  assert.match(held.stderr, /lacks 6 of the 10 rows of the file before it/);
  const [{ id, status, read }] = await cli.json("run", "list", "--status", "held") as unknown as [
    { id: string; status: string; read: number },
  ];
  assert.deepEqual([status, read], ["held", 0]);
  assert.match(held.stderr, new RegExp(`run approve ${id}`));
  const approved = await cli.json("run", "approve", id);
  assert.deepEqual([approved.status, approved.read, approved.accepted, approved.unchanged], ["succeeded", 4, 1, 3]);
  assert.equal((await cli.run(["run", "approve", id])).code, 3);

  // One run of two files: the second is compared with the first of them.
  await write(4, [...rows.slice(0, 4), "4,four"]);
  await write(5, [...rows.slice(0, 4), "4,five"]);
  const two = await cli.json("run", "daily");
  assert.deepEqual([two.read, two.accepted, two.unchanged], [10, 2, 8]);

  const forced = await cli.json("run", "daily", "--force");
  assert.deepEqual([forced.accepted, forced.unchanged], [10 + 10 + 4 + 5 + 5, 0]);
  assert.equal((await cli.json("stream", "show", "people")).events, 14 + 34);
});

Deno.test("with --removed-marker profiles of rows that are gone are marked, and no longer once they are back", async () => {
  await using cli = await testCli();
  const write = (day: number, rows: readonly string[]) =>
    Deno.writeTextFile(`${cli.folder}/in/p_2026010${day}.csv`, file(rows));
  await Deno.mkdir(`${cli.folder}/in`);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const flags = ["--prefix", "p_", "--file", "p_20260101.csv", "--stream", "people", "--identify-by", "id"];
  const diff = ["--settle-seconds", "0", "--diff", "--removed-marker", "left"];
  await cli.json("job", "create", "csv-import", "--label", "daily", ...flags, ...diff);
  const left = async () => {
    const { attributes } = await cli.json("profile", "get", "id", "2") as unknown as {
      attributes: { readonly left: boolean; readonly name: string };
    };
    return [attributes.name, attributes.left];
  };
  await write(1, ["1,a", "2,b", "3,c"]);
  await cli.json("run", "daily");
  assert.deepEqual(await left(), ["b", false]);
  await write(2, ["1,a", "3,c"]);
  const second = await cli.json("run", "daily");
  assert.deepEqual(
    [second.read, second.accepted, second.unchanged, second.removed, second.profiles_created],
    [3, 1, 2, 1, 0],
  );
  assert.deepEqual(await left(), ["b", true]);
  await write(3, ["2,b", "1,a", "3,c"]);
  const third = await cli.json("run", "daily");
  assert.deepEqual([third.read, third.accepted, third.unchanged, third.removed], [3, 1, 2, 0]);
  assert.deepEqual(await left(), ["b", false]);
});

Deno.test("a held run says so where its file is gone by the time that it is approved", async () => {
  await using cli = await testCli();
  const path = (day: number) => `${cli.folder}/in/p_2026010${day}.csv`;
  await Deno.mkdir(`${cli.folder}/in`);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const flags = ["--prefix", "p_", "--file", "p_20260101.csv", "--stream", "people", "--identify-by", "id"];
  await cli.json("job", "create", "csv-import", "--label", "daily", ...flags, "--settle-seconds", "0", "--diff");
  await Deno.writeTextFile(path(1), file(["1,a", "2,b", "3,c"]));
  await cli.json("run", "daily");
  await Deno.writeTextFile(path(2), file(["1,a"]));
  assert.equal((await cli.run(["run", "daily"])).code, 8);
  const [{ id }] = await cli.json("run", "list", "--status", "held") as unknown as [{ id: string }];
  await Deno.remove(path(2));
  const approved = await cli.json("run", "approve", id);
  assert.deepEqual([approved.status, approved.read, approved.notes], ["succeeded", 0, [
    "What this run was approved for is not there any more: nothing was imported",
  ]]);
});
