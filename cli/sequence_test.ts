import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("a job imports a dated sequence file by file, each once, and lists what it imported", async () => {
  await using cli = await testCli();
  const folder = `${cli.folder}/in`;
  await Deno.mkdir(folder);
  const put = (name: string, ...ids: number[]) =>
    Deno.writeTextFile(`${folder}/${name}`, `id,name\n${ids.map((id) => `${id},p${id}\n`).join("")}`);
  await put("people_20260102.csv", 3, 4);
  await put("people_20260101.csv", 1, 2);
  await put("readme_20260101.csv", 99);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", folder);
  const flags = ["--file", "people_20260101.csv", "--stream", "people", "--identify-by", "id"];
  const wrong = await cli.run(["job", "create", "csv-import", "--label", "n", ...flags, "--prefix", "people_("]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /The prefix "people_\(" is wrong at character 8: missing closing \)/);

  const sequence = ["--prefix", "people_", "--settle-seconds", "0"];
  await cli.json("job", "create", "csv-import", "--label", "nightly", ...flags, ...sequence);
  const plan = await cli.json("job", "plan", "nightly");
  const { files } = plan.facts as { files: { file: string; state: string }[] };
  assert.deepEqual(files.map(({ file, state }) => `${file} ${state}`), [
    "people_20260101.csv new",
    "people_20260102.csv new",
  ]);
  const read = async (...more: string[]) => (await cli.json("run", "nightly", ...more)).read;
  assert.equal(await read(), 4);
  assert.equal(await read(), 0);
  await put("people_20260103.csv", 5);
  assert.equal(await read(), 1);
  await put("people_2026-01-02.csv", 6);
  const late = await cli.json("run", "nightly");
  assert.match(JSON.stringify(late.notes), /people_2026-01-02.csv.* came late/);
  assert.equal(await read("--force"), 6);

  const listed = await cli.json("job", "files", "nightly") as unknown as { path: string; rows: number; hash: string }[];
  assert.deepEqual(listed.map(({ path, rows }) => `${path} ${rows}`).sort(), [
    "people_2026-01-02.csv 1",
    "people_20260101.csv 2",
    "people_20260102.csv 2",
    "people_20260103.csv 1",
  ]);
  const { stdout } = await cli.run(["job", "files", "nightly", "--limit", "1"]);
  assert.match(stdout, /^file +imported +rows +rejected +run/);
  assert.equal(stdout.trim().split("\n").length, 2);

  const once = ["run", "csv-import", ...flags, ...sequence];
  assert.equal((await cli.json(...once)).read, 6, "without a job, its ledger is that of auth, job type and stream");
  assert.equal((await cli.json(...once)).read, 0);
  await cli.run(["job", "delete", "nightly"]);
});

Deno.test("rejected rows of a sequence are mended and imported by its job, with some options left out this once", async () => {
  await using cli = await testCli();
  const folder = `${cli.folder}/in`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/p_20260101.csv`, 'id,tags\n1,a&b\n2,"c"x&d\n3,e\n');
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", folder);
  const flags = ["--file", "p_20260101.csv", "--stream", "people", "--identify-by", "id", "--multi-value", "tags"];
  const daily = ["--prefix", "p_", "--settle-seconds", "0", "--diff", "--keep-updated", "--time-of-day", "00:00"];
  await cli.json("job", "create", "csv-import", "--label", "nightly", ...flags, ...daily);
  const { id, rejected } = await cli.json("run", "nightly");
  assert.equal(rejected, 1);
  const { stdout } = await cli.run(["run", "rejects", String(id), "--as-csv"]);
  await Deno.writeTextFile(`${folder}/mended.csv`, stdout.replace('"c"x', "c"));
  const once = ["--file", "mended.csv", "--unset", "prefix,diff,keep-updated"];
  assert.match(JSON.stringify(await cli.json("job", "plan", "nightly", ...once)), /mended\.csv/);
  assert.equal((await cli.json("run", "nightly", ...once)).accepted, 1);
  const { attributes } = await cli.json("profile", "get", "id", "2");
  assert.deepEqual(attributes, { id: "2", tags: ["c", "d"] });
  const { config } = await cli.json("job", "show", "nightly");
  assert.deepEqual((config as { prefix: string }).prefix, "p_");
  assert.deepEqual((await cli.json("run", "nightly")).read, 0);
  const typed = await cli.run(["run", "csv-import", ...flags, "--unset", "prefix"]);
  assert.deepEqual([typed.code, /no flag --unset/.test(typed.stderr)], [2, true], typed.stderr);
  const wrong = await cli.run(["run", "nightly", "--unset", "nothing"]);
  assert.deepEqual([wrong.code, /has no "nothing"/.test(wrong.stderr)], [3, true], wrong.stderr);
});

Deno.test("a file of a sequence whose rows were all rejected says how it is imported again", async () => {
  await using cli = await testCli();
  await Deno.writeTextFile(`${cli.folder}/p_20260101.csv`, 'id,n\n1,"c"x\n');
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const flags = ["--file", "p_20260101.csv", "--prefix", "p_", "--stream", "people", "--settle-seconds", "0"];
  const { stderr } = await cli.run(["run", "csv-import", ...flags]);
  assert.match(stderr, /Every one of the 1 rows was rejected/);
  assert.match(stderr, /run the job once with --force then/);
  assert.equal((await cli.json("run", "csv-import", ...flags)).read, 0);
});

Deno.test("imported files are moved, and another sequence of the folder stays", async () => {
  await using cli = await testCli();
  const folder = `${cli.folder}/in`;
  await Deno.mkdir(folder);
  for (const name of ["a_20260101.csv", "a_20260102.csv", "b_20260101.csv"]) {
    await Deno.writeTextFile(`${folder}/${name}`, "id\n1\n");
  }
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", folder);
  const flags = ["--file", "a_20260101.csv", "--stream", "s", "--prefix", "a_", "--settle-seconds", "0"];
  const run = await cli.json("run", "csv-import", ...flags, "--after-import", "move", "--move-to", "done");
  assert.equal(run.read, 2);
  const names = (path: string) => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
  assert.deepEqual(names(folder), ["b_20260101.csv", "done"]);
  assert.deepEqual(names(`${folder}/done`), ["a_20260101.csv", "a_20260102.csv"]);
});
