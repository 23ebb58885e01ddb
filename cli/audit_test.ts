import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";
import { thisUser } from "./user.ts";

Deno.test("the audit log names who typed a command, and tells that nothing of it was changed", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  await cli.json("auth", "update", "in", "--description", "Theirs");
  const { stdout } = await cli.run(["audit", "list", "--json"]);
  const entries = JSON.parse(stdout);
  assert.deepEqual(
    entries.map(({ sequence, action, kind, label, detail }: Record<string, unknown>) => ({
      sequence,
      action,
      kind,
      label,
      detail,
    })),
    [
      { sequence: 2, action: "update", kind: "auth", label: "in", detail: { changed: ["description"] } },
      { sequence: 1, action: "create", kind: "auth", label: "in", detail: { method: "local-folder" } },
    ],
  );
  const { kind, id, name } = await thisUser();
  assert.deepEqual(entries[0].actor, { kind, id, name });
  const first = await cli.run(["audit", "list", "--limit", "1"]);
  assert.match(first.stdout, /update +auth +in/);
  assert.match(first.stderr, /audit list --cursor 2/);
  const verified = await cli.run(["audit", "verify", "--json"]);
  assert.deepEqual([verified.code, JSON.parse(verified.stdout)], [0, {
    ok: true,
    entries: 2,
    head: entries[0].hash,
    problems: [],
  }]);
  assert.match((await cli.run(["audit", "verify"])).stdout, /whole +yes/);
});
