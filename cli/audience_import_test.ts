import assert from "node:assert/strict";
import { join } from "node:path";
import { testCli } from "./cli_testing.ts";

Deno.test("audience-import takes a file of this machine: it makes the audience, then replaces its members", async () => {
  await using cli = await testCli();
  await cli.json("app", "create", "--name", "weather");
  const path = join(cli.folder, "ids.jsonl");
  const run = ["run", "audience-import", "--app-id", "weather", "--audience-name", "News letter", "--file", path];
  await Deno.writeTextFile(path, '{"customer_id":"a"}\n{"customer_id":"b"}\nbad\n');
  const first = await cli.json(...run);
  assert.deepEqual([first.status, first.read, first.accepted, first.rejected], ["succeeded", 3, 2, 1]);
  await Deno.writeTextFile(path, '{"customer_id":"c"}\n');
  const second = await cli.run(run);
  assert.equal(second.code, 0, second.stderr);
  const shown = await cli.json("audience", "show", "news_letter");
  assert.deepEqual([shown.name, shown.table, shown.members, shown.field], ["News letter", "weather", 1, "customer_id"]);
  assert.match((await cli.run(["run", "rejects", String(first.id)])).stdout, /Is not valid JSON/);
  // The file stays where it is.
  assert.equal(await Deno.readTextFile(path), '{"customer_id":"c"}\n');
});

Deno.test("audience-import reads from a folder with an auth, and says what is missing", async () => {
  await using cli = await testCli();
  await cli.json("app", "create", "--name", "weather");
  await cli.json("auth", "create", "local-folder", "--label", "drop", "--folder", cli.folder);
  await Deno.writeTextFile(join(cli.folder, "ids.jsonl"), '{"customer_id":"a"}\n');
  const list = ["--app-id", "weather", "--audience-name", "n"];
  const from = ["--auth", "drop", "--file", "ids.jsonl"];
  assert.equal((await cli.json("run", "audience-import", ...list, ...from)).accepted, 1);
  assert.equal(
    (await cli.json("job", "create", "audience-import", "--label", "daily", ...list, ...from)).label,
    "daily",
  );
  const plan = await cli.run(["job", "plan", "daily"]);
  assert.match(plan.stdout, /Would make the ids in/);
  assert.equal((await cli.json("run", "daily")).accepted, 1);
  for (
    const [flags, code, message] of [
      [[...list, "--file", join(cli.folder, "none.jsonl")], 3, /does not exist/],
      [["--app-id", "nowhere", "--audience-name", "n", ...from], 3, /no app "nowhere"/],
      [["--app-id", "weather", ...from], 3, /--audience-name.*must be given/],
      [["--app-id", "weather", "--audience-list-id", "77", ...from], 3, /no audience list 77/],
      [[...list, "--identifier-type", "email", ...from], 3, /identifier-type/],
    ] as const
  ) {
    const refused = await cli.run(["run", "audience-import", ...flags]);
    assert.equal(refused.code, code, refused.stderr);
    assert.match(refused.stderr, message);
  }
});
