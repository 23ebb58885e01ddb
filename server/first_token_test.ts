import assert from "node:assert/strict";
import { ensureFirstToken } from "./first_token.ts";
import { openTestServer } from "./server_testing.ts";

Deno.test("a token is made and shown where none has scope admin, and only there", async () => {
  await using server = await openTestServer();
  const { tokens } = server.runtime;
  const told: string[] = [];
  const ensure = () => ensureFirstToken(tokens, (text) => told.push(text));
  await ensure();
  assert.deepEqual(told, []);
  const [admin] = await tokens.list();
  await tokens.create({ name: "vendor", scopes: ["data_write"] });
  await tokens.delete(admin?.id ?? "");
  await ensure();
  const [, shown = ""] = /never shown again\.\n\n {2}(\S+)\n/.exec(told[0] ?? "") ?? [];
  assert.deepEqual((await server.runtime.verifyToken(shown))?.actor.scopes, ["admin"]);
  await ensure();
  assert.equal(told.length, 1);
});
