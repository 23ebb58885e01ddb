import assert from "node:assert/strict";
import { openTestServer } from "../server_testing.ts";

Deno.test("tokens are listed, shown and deleted, and none is ever in an answer", async () => {
  await using server = await openTestServer();
  const { id, token } = await server.runtime.tokens.create({ name: "vendor", scopes: ["data_write"] });
  const shown = await server.call(`GET /api/token/${id}`);
  const { created, ...rest } = shown.json.data;
  assert.deepEqual(rest, { id, name: "vendor", scopes: ["data_write"] });
  assert.match(created, /Z$/);
  const listed = await server.call("GET /api/token");
  assert.deepEqual(listed.json.data.map(({ name }: { name: string }) => name).sort(), ["test", "vendor"]);
  for (const { text } of [shown, listed]) assert.ok(!text.includes(token) && !text.includes(server.token));
  assert.equal((await server.call("GET /api/token", { token })).status, 403);
  assert.equal((await server.call(`DELETE /api/token/${id}`)).status, 204);
  assert.equal((await server.call("GET /api/token", { token })).status, 401);
  assert.equal((await server.call(`DELETE /api/token/${id}`)).status, 404);
});

Deno.test("a token's id is an auth's: it is shown and deleted as one, without the token", async () => {
  await using server = await openTestServer();
  const { id, token } = await server.runtime.tokens.create({ name: "vendor", scopes: ["data"] });
  const shown = await server.call(`GET /api/auth/${id}`);
  assert.deepEqual([shown.status, shown.json.data.label, shown.json.data.method], [200, "vendor", "token"]);
  assert.ok(!shown.text.includes(token));
  assert.equal((await server.call(`DELETE /api/auth/${id}`)).status, 204);
  assert.equal((await server.call(`GET /api/auth/${id}`)).status, 404);
});

Deno.test("the last admin token is not deleted over HTTP", async () => {
  await using server = await openTestServer();
  const [admin] = await server.runtime.tokens.list();
  await server.runtime.tokens.create({ name: "vendor", scopes: ["data"] });
  for (const path of ["token", "auth"]) {
    const refused = await server.call(`DELETE /api/${path}/${admin?.id}`);
    assert.equal(refused.status, 409);
    assert.match(refused.json.hint, /token create --name NAME --scopes admin/);
  }
  await server.runtime.tokens.create({ name: "second", scopes: ["admin"] });
  assert.equal((await server.call(`DELETE /api/token/${admin?.id}`)).status, 204);
});
