import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("rejected rows get a link, which is listed, shown and revoked", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  await Deno.writeTextFile(`${cli.folder}/in/a.csv`, "id,email\n1,ada@example.org\n2,bo@example.org,many\n");
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const flags = ["--file", "a.csv", "--stream", "people", "--identify-by", "id,email"];
  const { id = "" } = await cli.json("run", "csv-import", ...flags) as { id?: string };
  const made = await cli.run(["run", "rejects", id, "--link", "--as-csv", "--expires-in", "30m"]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(
    made.stdout,
    /^http:\/\/127\.0\.0\.1:8080\/files\/[0-9a-f]{32}\/[0-9a-f]{32}\/rejects-\w{8}\.csv\?expires=\d+&signature=v1\.\S+\n$/,
  );
  assert.match(made.stderr, /Good until .*; whoever has it can fetch the file/);
  assert.match(made.stderr, /No server works on this data directory: .*waybill serve/);
  assert.match(made.stderr, /waybill artifact revoke [0-9a-f]{32}/);
  const link = await cli.json("run", "rejects", id, "--link");
  assert.deepEqual([link["status"], link["run_id"], link["media_type"]], ["ready", id, "application/x-ndjson"]);
  const list = await cli.json("artifact", "list") as unknown as { id: string; name: string; size: number }[];
  assert.deepEqual(list.map(({ name }) => name), [`rejects-${id.slice(0, 8)}.jsonl`, `rejects-${id.slice(0, 8)}.csv`]);
  assert.equal(list[1]?.size, "id,email\n2,bo@example.org,many\n".length);
  assert.match((await cli.run(["artifact", "list"])).stdout, /ready +rejects-\w+\.jsonl/);
  const shown = await cli.run(["artifact", "show", list[0]!.id]);
  assert.match(shown.stdout, /status +ready\n/);
  assert.doesNotMatch(shown.stdout, /http|v1\./);
  const revoked = await cli.run(["artifact", "revoke", list[0]!.id.slice(0, 12)]);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.match((await cli.run(["artifact", "list"])).stdout, /revoked +rejects-\w+\.jsonl/);
  const again = await cli.run(["artifact", "revoke", list[0]!.id]);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /opens nothing any more: it is revoked/);
});

Deno.test("a link's time, and flags that go with none, are said", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  await Deno.writeTextFile(`${cli.folder}/a.csv`, "id\n1\n");
  const { id = "" } = await cli.json("run", "csv-import", "--file", "a.csv", "--stream", "s") as { id?: string };
  const rejects = (...flags: string[]) => cli.run(["run", "rejects", id, ...flags]);
  const alone = await rejects("--expires-in", "24h");
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--expires-in is for links/);
  const wrong = await rejects("--link", "--expires-in", "tomorrow");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Give minutes, hours or days/);
  const long = await rejects("--link", "--expires-in", "8d");
  assert.equal(long.code, 3);
  assert.match(long.stderr, /at most 7 days/);
  assert.match((await cli.run(["artifact", "list"])).stderr, /There is none/);
});
