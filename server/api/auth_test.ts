import assert from "node:assert/strict";
import { openTestServer, type TestServer } from "../server_testing.ts";

async function createFolder(server: TestServer, more: Readonly<Record<string, unknown>> = {}) {
  return await server.call("POST /api/auth", {
    json: { provider_id: "file-service", method: "local-folder", config: { folder: server.folder }, ...more },
  });
}

Deno.test("an auth is made, shown, listed and changed without its config ever coming back", async () => {
  await using server = await openTestServer();
  const made = await server.call("POST /api/auth", {
    json: {
      provider_id: "file-service",
      method: "sftp",
      label: "partner",
      description: "Nightly",
      config: { host: "sftp.partner.invalid", username: "waybill", password: "hunter2" },
    },
  });
  assert.equal(made.status, 201, made.text);
  const { id, created, updated, ...rest } = made.json.data;
  assert.deepEqual(rest, {
    account_id: (await server.runtime.account.get()).id,
    provider_id: "file-service",
    provider_name: "File service",
    method: "sftp",
    label: "partner",
    description: "Nightly",
    secrets: ["password"],
    peer: null,
    user_id: (await server.runtime.tokens.list())[0]?.id,
    user_name: "test",
  });
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.equal(created, updated);
  assert.equal(made.headers.get("location"), `/api/auth/${id}`);

  const changed = await server.call(`PUT /api/auth/${id}`, { json: { config: { port: "2222", host: "b.invalid" } } });
  assert.deepEqual([changed.status, changed.json.data.secrets], [200, ["password"]]);
  const { config } = await server.runtime.auths.get(id);
  assert.deepEqual([config.host, config.port, config.username], ["b.invalid", 2222, "waybill"]);
  const shown = [made, changed, await server.call(`GET /api/auth/${id}`), await server.call("GET /api/auth")];
  for (const { text } of shown) assert.doesNotMatch(text, /hunter2|\.invalid|2222/);
  assert.deepEqual(shown[3]?.json.data, [changed.json.data]);
});

Deno.test("config is taken as an object and as a list of names and values", async () => {
  await using server = await openTestServer();
  assert.equal((await createFolder(server)).status, 201);
  const listed = await createFolder(server, { config: [{ name: "folder", value: server.folder }] });
  assert.equal(listed.status, 201, listed.text);
  const { id } = listed.json.data;
  const checked = await server.call(`POST /api/auth/${id}/check`);
  assert.equal(checked.json.data.ok, true, checked.text);
  assert.deepEqual(checked.json.data.checks.map(({ name }: { name: string }) => name), ["folder"]);
  const twice = { config: [{ name: "folder", value: "/a" }, { name: "folder", value: "/b" }] };
  assert.match((await createFolder(server, twice)).json.message, /"folder" is given twice/);
});

Deno.test("an auth without a label gets one that is free", async () => {
  await using server = await openTestServer();
  const labels = [];
  for (let count = 0; count < 3; count++) labels.push((await createFolder(server)).json.data.label);
  assert.deepEqual(labels, ["local-folder", "local-folder-2", "local-folder-3"]);
});

Deno.test("the method must be known, belong to the provider, and be named where there are several", async () => {
  await using server = await openTestServer();
  const refused = async (body: Readonly<Record<string, unknown>>) => {
    const { status, json } = await server.call("POST /api/auth", { json: { config: {}, ...body } });
    return [status, json.message, json.hint];
  };
  assert.deepEqual(await refused({}), [
    400,
    'Body field "method" is missing',
    "See GET /api/provider for what there is",
  ]);
  const [status, message, hint] = await refused({ provider_id: "file-service" });
  assert.deepEqual([status, message], [400, 'Body field "method" is missing: provider "file-service" has several']);
  assert.match(hint, /sftp, .*local-folder/);
  assert.deepEqual(await refused({ method: "sftpp" }), [
    404,
    'There is no auth method "sftpp"',
    'Did you mean "sftp"?',
  ]);
  assert.equal((await refused({ method: "sftp", provider_id: "nowhere" }))[0], 404);
  assert.equal((await refused({ method: "sftp", provider_id: "bulk" }))[0], 400);
});

Deno.test("a change of provider or method is refused; naming the present ones is not", async () => {
  await using server = await openTestServer();
  const { id } = (await createFolder(server)).json.data;
  const put = async (json: unknown) => (await server.call(`PUT /api/auth/${id}`, { json })).status;
  assert.equal(await put({ provider_id: "file-service", label: "renamed" }), 200);
  assert.equal(await put({ provider_id: "other" }), 400);
  assert.equal(await put({ method: "sftp" }), 400);
});

Deno.test("a label that is taken answers 409", async () => {
  await using server = await openTestServer();
  assert.equal((await createFolder(server, { label: "one" })).status, 201);
  const taken = await createFolder(server, { label: "one" });
  assert.equal(taken.status, 409, taken.text);
});

Deno.test("a deleted auth is gone", async () => {
  await using server = await openTestServer();
  const { id } = (await createFolder(server)).json.data;
  const deleted = await server.call(`DELETE /api/auth/${id}`);
  assert.deepEqual([deleted.status, deleted.text], [204, ""]);
  assert.equal((await server.call(`GET /api/auth/${id}`)).status, 404);
});

Deno.test("a check that cannot go on answers what was seen", async () => {
  await using server = await openTestServer();
  const { id } = (await createFolder(server, { config: { folder: `${server.folder}/missing` } })).json.data;
  const { status, json } = await server.call(`POST /api/auth/${id}/check`);
  assert.equal(status, 200);
  const { ok, checks: [check, ...others] } = json.data;
  assert.deepEqual([ok, check.name, check.ok, others], [false, "folder", false, []]);
  assert.match(check.detail, /missing" does not exist/);
  const config = { host: "nowhere.invalid", username: "u", password: "p" };
  const sftp = await server.call("POST /api/auth", { json: { method: "sftp", config } });
  const unreachable = await server.call(`POST /api/auth/${sftp.json.data.id}/check`);
  assert.equal(unreachable.status, 200, unreachable.text);
  assert.equal(unreachable.json.data.ok, false);
  assert.match(unreachable.json.data.checks.at(-1).detail, /nowhere\.invalid/);
});

Deno.test("a free id of 32 hex digits in the path makes an auth with it; a taken one answers 409", async () => {
  await using server = await openTestServer();
  const id = "00112233445566778899aabbccddeeff";
  const json = { method: "local-folder", config: { folder: server.folder } };
  const made = await server.call(`POST /api/auth/${id}`, { json });
  assert.deepEqual([made.status, made.json.data?.id], [201, id], made.text);
  assert.equal(made.headers.get("location"), `/api/auth/${id}`);
  assert.equal((await server.call(`GET /api/auth/${id}`)).json.data.id, id);
  assert.equal((await server.call(`POST /api/auth/${id}`, { json })).status, 409);
  const [token] = await server.runtime.tokens.list();
  assert.equal((await server.call(`POST /api/auth/${token?.id}`, { json })).status, 409);
  for (const wrong of [`${id}0`, id.toUpperCase(), "partner"]) {
    const reply = await server.call(`POST /api/auth/${wrong}`, { json });
    assert.deepEqual([reply.status, reply.json.hint], [
      400,
      "Give 32 hex digits in lower case, or let Waybill choose one",
    ]);
  }
});

Deno.test("deleting an auth over HTTP pauses its jobs and stops its runs", async () => {
  await using server = await openTestServer();
  const { id } = (await createFolder(server)).json.data;
  const config = { stream: "s", file: "customers.csv" };
  await server.call("POST /api/job", { json: { type: "csv-import", label: "nightly", auth: id, config } });
  const run = (await server.call("POST /api/job/nightly/run")).json.data;
  assert.equal((await server.call(`DELETE /api/auth/${id}`)).status, 204);
  const job = (await server.call("GET /api/job/nightly")).json.data;
  assert.deepEqual([job.status, job.auth_id], ["paused", null]);
  assert.equal((await server.call(`GET /api/run/${run.id}`)).json.data.status, "cancelled");
});

Deno.test("the documented calls of auths work as they stand, and answer with the documented fields", async () => {
  await using server = await openTestServer();
  const documented = ["account_id", "id", "provider_id", "provider_name", "user_id"];
  const call = async (request: string, json?: unknown) =>
    await server.call(request, {
      token: null,
      headers: { authorization: server.token, "content-type": "application/json" },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
  const id = "1b53b88a06b418b07d601b6f57b8eb40";
  const config = [{ name: "host", value: "a.invalid" }, { name: "username", value: "u" }, {
    name: "password",
    value: "value_that_will_get_encrypted",
  }];
  const body = { provider_id: "file-service", method: "sftp", config };
  const made = await call(`POST /api/auth/${id}`, body);
  const oauthtoken = { token: "oauth_value_1", token_secret: "oauth_value_2" };
  const oauth2token = { access_token: "oauth_value_3", expiry: 1_700_000_000, scope: ["a", "b"], extra: { id: null } };
  const changed = await call(`PUT /api/auth/${id}`, {
    provider_id: "file-service",
    config: [{ name: "password", value: "oauth_value_4" }],
    oauth2token,
    oauthtoken,
  });
  const shown = await call(`GET /api/auth/${id}?access_token=${server.token}`);
  for (const [reply, status] of [[made, 201], [changed, 200], [shown, 200]] as const) {
    assert.equal(reply.status, status, reply.text);
    assert.equal(reply.json.status, "success");
    for (const field of documented) assert.match(reply.json.data[field] ?? "", /./, field);
    assert.deepEqual([reply.json.data.id, reply.json.data.provider_name], [id, "File service"]);
    assert.match(reply.json.data.account_id, /^[0-9a-f]{32}$/);
    assert.doesNotMatch(reply.text, /value_/);
  }
  assert.deepEqual(shown.json.data.secrets, ["password", "oauthtoken", "oauth2token"]);
  const removed = await call(`DELETE /api/auth/${id}`);
  assert.deepEqual([removed.status, removed.text], [204, ""]);
});

Deno.test("OAuth tokens left out stay, null removes one, and what is no object is refused", async () => {
  await using server = await openTestServer();
  const config = { folder: server.folder };
  const made = await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config, oauth2token: { a: "1" }, oauthtoken: { b: "2" } },
  });
  assert.deepEqual([made.status, made.json.data.secrets], [201, ["oauthtoken", "oauth2token"]]);
  const put = async (json: unknown) => await server.call("PUT /api/auth/in", { json });
  assert.deepEqual((await put({ description: "x" })).json.data.secrets, ["oauthtoken", "oauth2token"]);
  assert.deepEqual((await put({ config: {} })).json.data.secrets, ["oauthtoken", "oauth2token"]);
  assert.deepEqual((await put({ oauthtoken: null })).json.data.secrets, ["oauth2token"]);
  assert.deepEqual((await put({ oauth2token: null })).json.data.secrets, []);
  const deep = `{"oauthtoken":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`;
  const headers = { "content-type": "application/json" };
  for (
    const reply of [
      await put({ oauthtoken: "canary" }),
      await put({ oauth2token: ["canary"] }),
      await server.call("PUT /api/auth/in", { body: deep, headers }),
    ]
  ) {
    assert.equal(reply.status, 400, reply.text);
    assert.doesNotMatch(reply.text, /canary/);
  }
});
