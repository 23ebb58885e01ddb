import assert from "node:assert/strict";
import type { RunView } from "../core/engine/views.ts";
import { testCli } from "./cli_testing.ts";

Deno.test("a run over its reject threshold says what stays, and goes on with another threshold", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  const rows = Array.from({ length: 20 }, (_, row) => row % 5 === 4 ? `${row},too,many` : `${row},a${row}@example.com`);
  await Deno.writeTextFile(`${cli.folder}/in/a.csv`, `id,email\n${rows.join("\n")}\n`);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const flags = ["--file", "a.csv", "--stream", "people", "--identify-by", "id", "--reject-threshold", "3"];
  const failed = await cli.run(["run", "csv-import", ...flags]);
  assert.equal(failed.code, 5, failed.stderr);
  const [{ id }] = await cli.json("run", "list") as unknown as [{ id: string }];
  assert.match(
    failed.stderr,
    /4 of 20 rows were rejected, .* threshold of 3 rows allows; 16 rows are imported and stay/,
  );
  assert.match(failed.stderr, new RegExp(`waybill run rejects ${id}`));
  const { failure } = await cli.json("run", "show", id);
  assert.match(JSON.stringify(failure), new RegExp(`"hint":".*task waybill run rejects ${id}`));
  assert.match(failed.stderr, new RegExp(`waybill run retry ${id} --reject-threshold NUMBER`));

  assert.equal((await cli.run(["run", "retry", id])).code, 5);
  const wrong = await cli.run(["run", "retry", id, "--reject-threshold", "many"]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /must be a number of rows/);
  const run = await cli.json("run", "retry", id, "--reject-threshold", "25%");
  assert.deepEqual([run.status, run.read, run.accepted, run.rejected], ["succeeded", 20, 16, 4]);
  assert.equal((run.config as Record<string, unknown>).reject_threshold, "25%");
  assert.equal((await cli.json("stream", "show", "people")).events, 16);
});

Deno.test("the bytes of a run that failed on its threshold are those of the rows it counts, in its progress too", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  const line = "1,a@example.com\n";
  const text = `id,email\n${line.repeat(150_000)}bad,too,many\n${line.repeat(50_000)}`;
  await Deno.writeTextFile(`${cli.folder}/in/a.csv`, text);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const flags = ["--file", "a.csv", "--stream", "people", "--reject-threshold", "0"];
  assert.equal((await cli.run(["run", "csv-import", ...flags])).code, 5);
  const [run] = await cli.json("run", "list") as unknown as [RunView];
  assert.equal(run.rejected, 1);
  // The header, the rows, and the bad row.
  assert.equal(run.bytes, 9 + run.accepted * line.length + 13);
  assert.equal(run.progress?.done, run.bytes);
});
