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
    provider_id: "file-service",
    provider_name: "File service",
    method: "sftp",
    label: "partner",
    description: "Nightly",
    secrets: ["password"],
    peer: null,
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
  assert.ok(checked.json.data.every(({ ok }: { ok: boolean }) => ok), checked.text);
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
  assert.match(hint, /sftp, local-folder/);
  assert.deepEqual(await refused({ method: "sftpp" }), [
    404,
    'There is no auth method "sftpp"',
    'Did you mean "sftp"?',
  ]);
  assert.equal((await refused({ method: "sftp", provider_id: "bulk" }))[0], 404);
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

Deno.test("a check that cannot connect answers what was seen", async () => {
  await using server = await openTestServer();
  const { id } = (await createFolder(server, { config: { folder: `${server.folder}/missing` } })).json.data;
  const { status, json } = await server.call(`POST /api/auth/${id}/check`);
  const failed = status === 200 ? json.data.some(({ ok }: { ok: boolean }) => !ok) : json.message.includes("missing");
  assert.ok(failed, JSON.stringify(json));
});
