import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("apps and API keys are made, shown and deleted at the command line", async () => {
  await using cli = await testCli();
  const { app_id, profiledb_id, org_id } = await cli.json("app", "create", "--name", "weather");
  assert.match(String(app_id), /^[0-9a-f]{23}-/);
  assert.deepEqual([profiledb_id, org_id], [2, 1]);
  assert.equal((await cli.json("app", "update", "weather", "--name", "climate")).app_id, app_id);
  assert.match((await cli.run(["app", "list"])).stdout, /climate/);
  assert.match((await cli.run(["account", "list"])).stdout, /org id/i);
  const { api_key, api_secret, ...rest } = await cli.json("apikey", "create", "--name", "warehouse");
  assert.deepEqual(rest, {});
  const listed = await cli.run(["apikey", "list"]);
  assert.match(listed.stdout, /warehouse/);
  const shown = await cli.run(["apikey", "show", String(api_key)]);
  for (const { stdout } of [listed, shown]) assert(!stdout.includes(String(api_secret)));
  assert.deepEqual(await cli.json("apikey", "revoke", String(api_key)), { api_key, deleted: true });
  assert.deepEqual(await cli.json("app", "delete", "climate"), { app_id, deleted: true });
  assert.equal((await cli.run(["app", "show", "climate"])).code, 3);
  assert.equal((await cli.run(["app", "create"])).code, 2);
});
