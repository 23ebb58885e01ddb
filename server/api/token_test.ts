import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../core/database/open.ts";
import { openTestServer } from "../server_testing.ts";

Deno.test("tokens are listed, shown and deleted, and none is ever in an answer", async () => {
  await using server = await openTestServer();
  const { id, token } = await server.runtime.tokens.create({ name: "vendor", scopes: ["data_write"] });
  const shown = await server.call(`GET /api/token/${id}`);
  const { created, ...rest } = shown.json.data;
  assert.deepEqual(rest, {
    id,
    account_id: (await server.runtime.account.get()).id,
    name: "vendor",
    description: "",
    scopes: ["data_write"],
    expires: null,
    user_id: null,
    user_name: null,
  });
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
    assert.match(refused.json.hint, /`POST \/api\/auth\/createtoken {"name":"NAME","scopes":"admin"}`/);
  }
  await server.runtime.tokens.create({ name: "second", scopes: ["admin"] });
  assert.equal((await server.call(`DELETE /api/token/${admin?.id}`)).status, 204);
});

Deno.test("the documented calls that create tokens work as they stand, and show the token this once", async () => {
  await using server = await openTestServer();
  const create = async (body: unknown) =>
    await server.call("POST /api/auth/createtoken", {
      token: null,
      headers: { authorization: server.token, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const description = "Token used for myapp to upload data to lytics, read schema";
  const made = await create({ scopes: ["data_manager"], name: "my-app", description });
  assert.equal(made.status, 201, made.text);
  const { account_id, id, provider_id, provider_name, name, config, ...ours } = made.json.data;
  assert.deepEqual(
    [made.json.status, account_id, name, provider_id, provider_name],
    ["success", (await server.runtime.account.get()).id, "my-app", "waybill", "Waybill"],
  );
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(config, [{ api_key: ours.token }]);
  assert.deepEqual([ours.scopes, ours.expires, ours.description], [["data_manager"], null, description]);
  assert.equal(ours.user_name, "test");
  assert.equal(made.headers.get("location"), `/api/token/${id}`);
  assert.equal((await server.call("GET /api/auth", { token: ours.token })).status, 200);

  const vendor = await create({ expires: "100h", scopes: ["data_write"], name: "my-app-name" });
  const { created, expires, token } = vendor.json.data;
  const hours = Temporal.Instant.from(created).until(expires).total("hours");
  assert.ok(hours >= 99.99 && hours <= 100.01, `${hours} h`);
  assert.equal((await server.call("GET /api/auth", { token })).status, 403);

  const listed = await create({ expires: "100h", scopes: "admin, data", name: "commas" });
  assert.deepEqual(listed.json.data.scopes, ["admin", "data"]);
  for (const { json } of [made, vendor, listed]) {
    const shown = await server.call(`GET /api/auth/${json.data.id}`);
    assert.deepEqual([shown.status, shown.json.data.account_id], [200, account_id]);
    assert.ok(!shown.text.includes(json.data.token));
    assert.equal((await server.call(`DELETE /api/auth/${json.data.id}`)).status, 204);
    assert.equal((await server.call("GET /api/auth", { token: json.data.token })).status, 401);
  }
});

Deno.test("a token that cannot be made says why, and makes none", async () => {
  await using server = await openTestServer();
  const create = (json: unknown) => server.call("POST /api/auth/createtoken", { json });
  const wrong: readonly (readonly [json: unknown, message: RegExp])[] = [
    [{ name: "x" }, /"scopes" is missing|"scopes" must/],
    [{ name: "x", scopes: [] }, /needs a scope/],
    [{ name: "x", scopes: " , " }, /needs a scope/],
    [{ name: "x", scopes: ["admin", "nobody"] }, /no scope "nobody"/],
    [{ name: "x", scopes: ["__proto__"] }, /no scope "__proto__"/],
    [{ name: "x", scopes: [7] }, /"scopes" must/],
    [{ name: "x", scopes: ["data"], expires: "soon" }, /"soon" is no time/],
    [{ name: "x", scopes: ["data"], expires: "-1h" }, /"-1h" is no time/],
    [{ name: "x", scopes: ["data"], expires: "0h" }, /past/],
    [{ name: "x", scopes: ["data"], expires: 100 }, /"expires"/],
    [{ name: "x\u0007", scopes: ["data"] }, /control characters/],
    [{ name: "x\u0000", scopes: ["data"] }, /U\+0000/],
    [{ name: "x", scopes: ["data"], expire: "100h" }, /"expire" is not known/],
  ];
  for (const [json, message] of wrong) {
    const reply = await create(json);
    assert.equal(reply.status, 400, reply.text);
    assert.match(reply.json.message, message);
  }
  const large = await create({ name: "x", scopes: ["data"], description: "x".repeat(1024 * 1024) });
  assert.equal(large.status, 413);
  assert.equal((await server.runtime.tokens.list()).length, 1);
});

Deno.test("to callers without a say over tokens, a token's id is no auth's", async () => {
  await using server = await openTestServer();
  const { token } = await server.runtime.tokens.create({ name: "manager", scopes: ["data_manager"] });
  const [admin] = await server.runtime.tokens.list();
  for (const method of ["GET", "DELETE"]) {
    const ask = async (id: string) => {
      const { status, json: { request_id: _, ...json } } = await server.call(`${method} /api/auth/${id}`, { token });
      return [status, JSON.stringify(json).replaceAll(id, "ID")];
    };
    assert.deepEqual(await ask(admin?.id ?? ""), await ask("0".repeat(32)));
    assert.equal((await ask(admin?.id ?? ""))[0], 404);
  }
  assert.equal((await server.call("GET /api/token")).status, 200);
});

Deno.test("an expired token answers 401 and says that it expired", async () => {
  await using server = await openTestServer();
  const { id, token } = await server.runtime.tokens.create({ name: "brief", scopes: ["admin"], expires: "1m" });
  assert.equal((await server.call("GET /api/auth", { token })).status, 200);
  await using database = await openDatabase({
    path: join(server.folder, "..", "home", "waybill.db"),
    url: Deno.env.get("WAYBILL_DATABASE_URL"),
  });
  await database.kysely.updateTable("tokens").set({ expires_at: await database.now() }).where("id", "=", id).execute();
  const expired = await server.call("GET /api/auth", { token });
  assert.equal(expired.status, 401);
  assert.match(expired.json.message, /^The API token "brief" expired at /);
  assert.match(expired.headers.get("www-authenticate") ?? "", /^Bearer/);
});
