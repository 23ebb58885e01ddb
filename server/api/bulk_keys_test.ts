import assert from "node:assert/strict";
import { openTestServer } from "../server_testing.ts";

Deno.test("apps are made, listed, renamed and deleted over HTTP", async () => {
  await using server = await openTestServer();
  const made = await server.call("POST /api/app", { json: { name: "weather" } });
  assert.equal(made.status, 201, made.text);
  const { app_id } = made.json.data;
  assert.equal(made.headers.get("location"), `/api/app/${app_id}`);
  assert.equal((await server.call("POST /api/app", { json: { name: "weather" } })).status, 409);
  assert.equal((await server.call("POST /api/app", { json: {} })).status, 400);
  assert.deepEqual((await server.call("GET /api/app")).json.data, [made.json.data]);
  assert.deepEqual((await server.call("GET /api/app/weather")).json.data, made.json.data);
  const renamed = await server.call(`PUT /api/app/${app_id}`, { json: { name: "climate" } });
  assert.deepEqual(renamed.json.data, { ...made.json.data, name: "climate" });
  assert.equal((await server.call("DELETE /api/app/climate")).status, 204);
  assert.equal((await server.call(`GET /api/app/${app_id}`)).status, 404);
  assert.equal((await server.call("GET /api/account")).json.data.org_id, made.json.data.org_id);
});

Deno.test("an API key's secret is in the one answer that makes it, and the key opens /v1 until it is deleted", async () => {
  await using server = await openTestServer();
  const made = await server.call("POST /api/apikey", { json: { name: "warehouse" } });
  assert.equal(made.status, 201, made.text);
  const { api_key, api_secret, ...rest } = made.json.data;
  assert.equal(rest.user_name, "test");
  assert.equal(made.headers.get("location"), `/api/apikey/${api_key}`);
  for (const path of ["/api/apikey", `/api/apikey/${api_key}`]) {
    const shown = await server.call(`GET ${path}`);
    assert.deepEqual([shown.json.data].flat(), [{ api_key, ...rest }]);
    assert.ok(!shown.text.includes(api_secret));
  }
  const ask = async () => {
    const authorization = `Basic ${new TextEncoder().encode(`${api_key}:${api_secret}`).toBase64()}`;
    const { status, headers } = await server.call("GET /v1/nothing", { token: null, headers: { authorization } });
    assert.equal(headers.get("cache-control"), "no-store");
    return status;
  };
  assert.equal(await ask(), 404);
  assert.equal((await server.call(`DELETE /api/apikey/${api_key}`)).status, 204);
  assert.equal(await ask(), 401);
  assert.ok(!server.lines.join("\n").includes(api_secret));
});
