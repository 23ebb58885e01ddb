/** Accounts are tenants: what one has does not exist for the other. */
import assert from "node:assert/strict";
import { readSettings } from "../core/engine/account_settings.ts";
import { join } from "node:path";
import { openRuntime } from "../core/engine/open.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import type { Route } from "./route.ts";
import { openTestServer, type Reply, type TestServer } from "./server_testing.ts";

/** What is set where nobody said anything. */
const { pii_fields: _fields, suppress_erased: _erased, ...UNTOLD } = readSettings("{}");

/** Paths whose things belong to the installation, not to an account. */
const SHARED = ["/api/provider/", "/api/job/type/"];

/** Routes whose path names a thing that they make. */
const MAKING = ["createAuthWithId", "eraseEntity", "eraseContentEntity", "uploadToStream"];

/** Routes that a signed link is enough for, whoever brings it. */
const LINKS = ["fetchFile"];

/** Routes whose path names a profile by an identity: they are looked at below. */
const ENTITIES = ["getEntity", "getEntityByCookie", "getContentEntity", "getContentEntityByCookie", "getMe"];

/** Makes an account and gives an admin's token for it. */
async function otherAccount(server: TestServer, name: string): Promise<string> {
  await server.runtime.accounts.create({ name });
  await using runtime = await openRuntime({
    home: join(server.folder, "..", "home"),
    plugins: [import.meta.resolve("../plugins/mod.ts")],
    runner: "none",
    account: name,
  });
  return (await runtime.tokens.create({ name: "other", scopes: ["admin"] })).token;
}

/** The default account's things, by the beginning of the paths that name them. */
async function fill(server: TestServer): Promise<ReadonlyMap<string, readonly string[]>> {
  const auth = await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "partners-inbox", config: { folder: server.folder } },
  });
  const job = await server.call("POST /api/job", {
    json: {
      type: "csv-import",
      label: "nightly",
      config: { stream: "customers", file: "customers.csv", identify_by: ["id"] },
    },
  });
  const { id } = (await server.call("POST /api/job/nightly/run")).json.data;
  let last;
  for await (const run of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) })) last = run;
  assert.equal(last?.status, "succeeded");
  const { request_id, run_id } = await server.runtime.erasures.request("id", "nobody");
  // Done before there is a link that it would end.
  for await (const _ of server.runtime.runs.follow(run_id, { signal: AbortSignal.timeout(240_000) }));
  const token = (await server.runtime.tokens.list())[0]?.id ?? "";
  await server.runtime.mappings.create({ lql: "SELECT id FROM firms INTO company BY id" });
  const artifact = (await server.call(`POST /api/run/${id}/rejects/link`, { json: {} })).json.data.id;
  const login = { username: "nowhere-else", password: "Secret-1" };
  await server.call("POST /api/auth", { json: { method: "managed-sftp", label: "managed", config: login } });
  const audience = await server.call("POST /api/audience", { json: { slug: "everyone", filter: "FILTER *" } });
  const app = (await server.call("POST /api/app", { json: { name: "weather" } })).json.data;
  const key = (await server.call("POST /api/apikey", { json: { name: "warehouse" } })).json.data;
  const logs = (await server.call("POST /api/export", { json: { type: "log-export", app: "weather" } })).json.data;
  return new Map([
    ["/api/export/", [String(logs.id)]],
    ["/api/app/", [app.app_id, "weather"]],
    ["/api/apikey/", [key.api_key]],
    ["/api/audience/", [String(audience.json.data.id), "everyone"]],
    ["/api/artifact/", [artifact, artifact.slice(0, 8)]],
    ["/api/auth/", [auth.json.data.id, "partners-inbox", token]],
    ["/api/job/", [job.json.data.id, "nightly"]],
    ["/api/run/", [id, id.slice(0, 8)]],
    ["/api/sftp/account/", ["nowhere-else"]],
    ["/api/stream/", ["customers"]],
    ["/api/mapping/", [(await server.runtime.mappings.get("customers")).id, "customers"]],
    ["/api/table/", ["company", "2"]],
    ["/api/token/", [token]],
    ["/api/erasure/", [request_id]],
    ["/api/entity/deletestatus/", [request_id]],
  ]);
}

/** What came back, without what names the request. */
function told({ status, json, text }: Reply, id: string): string {
  const { request_id: _, ...body } = json ?? { text };
  return `${status} ${JSON.stringify(body).replaceAll(`\\"${id}\\"`, "ID")}`;
}

/** One of the same form that is nobody's. */
function absent(id: string): string {
  return /^[0-9a-f]+$/.test(id) ? "0123456789abcdef".repeat(2).slice(0, id.length) : "nowhere";
}

onEachDatabase("every route answers another account's ids as if they were absent", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer({ runner: "serve" });
  const things = await fill(server);
  const token = await otherAccount(server, "other");
  const routes = server.app.routes.filter(({ path, params, name }) =>
    Object.keys(params).length > 0 && ![...MAKING, ...LINKS, ...ENTITIES].includes(name) &&
    // The bulk APIs are called with a key: their own tests look at other accounts.
    !path.startsWith("/v1/") && SHARED.every((start) => !path.startsWith(start))
  );
  assert.ok(routes.length > 10);
  for (const route of routes) {
    const ids = [...things].find(([start]) => route.path.startsWith(start))?.[1];
    assert.ok(ids, `This test does not know whose ids ${route.path} takes`);
    for (const id of ids) {
      const ask = async (one: string) => {
        const call = route.body === undefined ? {} : { json: {} };
        return told(await server.call(requestOf(route, one), { token, ...call }), one);
      };
      const foreign = await ask(id);
      assert.match(foreign, /^404 /, `${route.name} ${id}: ${foreign}`);
      assert.equal(foreign, await ask(absent(id)), `${route.name} ${id}`);
    }
  }
  // What is named beside the path.
  const [auth = "", job = ""] = [things.get("/api/auth/")?.[0], things.get("/api/job/")?.[0]];
  const config = { stream: "s", file: "customers.csv" };
  const named: readonly (readonly [request: (id: string) => string, json: (id: string) => unknown, id: string])[] = [
    [(id) => `GET /api/run?job=${id}`, () => undefined, job],
    [() => "POST /api/run", (id) => ({ job: id }), job],
    [() => "POST /api/run", (id) => ({ type: "csv-import", auth: id, config }), auth],
    [() => "POST /api/job", (id) => ({ type: "csv-import", label: "x", auth: id, config }), auth],
    [() => "POST /api/job/type/csv-import/plan", (auth) => ({ auth, config }), auth],
    [() => "POST /api/job/type/csv-import/choices/file", (auth) => ({ auth, config: {} }), auth],
    [(id) => `GET /api/profile?field=id&value=${id}`, () => undefined, "1"],
    [(id) => `GET /api/entity/user/id/${id}`, () => undefined, "1"],
    [(id) => `GET /api/me/id/${id}`, () => undefined, "1"],
    [(id) => `GET /api/mapping?stream=${id}`, () => undefined, "customers"],
    [(id) => `GET /api/mapping?table=${id}`, () => undefined, "company"],
    [() => "POST /api/mapping/test", (mapping) => ({ mapping }), "customers"],
    [() => "POST /api/mapping/suggest", (stream) => ({ stream }), "customers"],
    [(id) => `DELETE /api/entity/user/id/${id}`, () => undefined, "1"],
  ];
  for (const [request, json, id] of named) {
    const ask = async (one: string) => {
      const body = json(one);
      return told(await server.call(request(one), { token, ...(body === undefined ? {} : { json: body }) }), one);
    };
    const foreign = await ask(id);
    assert.match(foreign, /^404 /, `${request(id)}: ${foreign}`);
    assert.equal(foreign, await ask(absent(id)), request(id));
  }
  for (const list of ["audience", "auth", "job", "run", "stream", "mapping"]) {
    assert.deepEqual((await server.call(`GET /api/${list}`, { token })).json.data, [], list);
  }
  assert.equal((await server.call("GET /api/token", { token })).json.data.length, 1);
  const log = (await server.call("GET /api/audit", { token })).json.data;
  assert.deepEqual(log.map(({ kind }: { kind: string }) => kind), ["token", "account"]);
  // And everything is where it was.
  for (const [start, ids] of things) {
    for (const id of ids) assert.equal((await server.call(`GET ${start}${id}`)).status, 200, `${start}${id}`);
  }
});

onEachDatabase("ids and labels of one account are free in another, and stand for what is there", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer();
  const token = await otherAccount(server, "other");
  const make = (more: object, id: string, call = {}) =>
    server.call(`POST /api/auth/${id}`, {
      json: { method: "local-folder", label: "in", config: { folder: server.folder }, ...more },
      ...call,
    });
  const id = "0123456789abcdef0123456789abcdef";
  const mine = await make({}, id);
  const own = (await server.runtime.tokens.list())[0]?.id ?? "";
  assert.equal((await make({ label: "x" }, own)).status, 409);
  // A taken id would tell of what others have.
  for (const [label, taken] of [["in", id], ["token's", own]] as const) {
    assert.equal((await make({ label }, taken, { token })).status, 201);
  }
  const theirs = (await server.call("GET /api/auth/in", { token })).json.data;
  assert.equal(theirs.id, id);
  assert.notEqual(theirs.account_id, mine.json.data.account_id);
  assert.equal((await server.call("DELETE /api/auth/in", { token })).status, 204);
  assert.equal((await server.call(`GET /api/auth/${id}`, { token })).status, 404);
  assert.deepEqual((await server.call(`GET /api/auth/${id}`)).json.data, mine.json.data);
});

onEachDatabase(
  "the same import in two accounts makes profiles in each, with its own ids and counts",
  async (databases) => {
    await databases.useInHomes();
    await using server = await openTestServer({ runner: "serve" });
    await fill(server);
    const token = await otherAccount(server, "other");
    const json = { method: "local-folder", label: "in", config: { folder: server.folder } };
    assert.equal((await server.call("POST /api/auth", { token, json })).status, 201);
    const config = { stream: "customers", file: "customers.csv", identify_by: ["email"] };
    const started = await server.call("POST /api/run", { token, json: { type: "csv-import", config } });
    assert.equal(started.status, 202, started.text);
    const path = `/api/run/${started.json.data.id}`;
    const run = async () => (await server.call(`GET ${path}`, { token })).json.data;
    while (["queued", "running"].includes((await run()).status)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { status, accepted, profiles_created } = await run();
    assert.deepEqual([status, accepted, profiles_created], ["succeeded", 3, 3]);
    const ann = "GET /api/profile?field=email&value=ann@example.com";
    assert.equal((await server.call(ann, { token })).json.data.attributes.name, "Ann");
    // The first account's mapping identifies by another field.
    assert.equal((await server.call(ann)).status, 404);
    assert.equal((await server.call("GET /api/profile?field=id&value=1")).json.data.attributes.name, "Ann");
    for (const call of [{}, { token }]) {
      assert.equal((await server.call("GET /api/stream/customers", call)).json.data.events, 3);
    }
  },
);

Deno.test("an account is shown, renamed and set over HTTP, and only the token's own", async () => {
  await using server = await openTestServer();
  const token = await otherAccount(server, "acme");
  const shown = await server.call("GET /api/account", { token });
  const { id, created, ...rest } = shown.json.data;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.match(created, /Z$/);
  assert.deepEqual(rest, { org_id: 2, name: "acme", settings: { ...UNTOLD, pii_fields: [], suppress_erased: "off" } });
  const set = await server.call("PUT /api/account/settings", {
    token,
    json: { pii_fields: ["email"], suppress_erased: "forever" },
  });
  assert.deepEqual(set.json.data, { ...UNTOLD, pii_fields: ["email"], suppress_erased: "forever" });
  const back = await server.call("PUT /api/account/settings", { token, json: { suppress_erased: null } });
  assert.deepEqual(back.json.data, { ...UNTOLD, pii_fields: ["email"], suppress_erased: "off" });
  assert.equal((await server.call("PUT /api/account", { token, json: { name: "acme 2" } })).json.data.name, "acme 2");
  const taken = await server.call("PUT /api/account", { token, json: { name: "default" } });
  assert.deepEqual([taken.status, taken.json.message], [409, 'Another account has the name "default"']);
  for (
    const settings of [{ pii_field: ["x"] }, { suppress_erased: "sometimes" }, { pii_fields: [7] }, { settings: {} }]
  ) {
    const wrong = await server.call("PUT /api/account/settings", { token, json: settings });
    assert.equal(wrong.status, 400, wrong.text);
  }
  const { settings } = (await server.call("GET /api/account")).json.data;
  assert.deepEqual(settings, { ...UNTOLD, pii_fields: [], suppress_erased: "off" });
});

function requestOf(route: Route, id: string): string {
  return `${route.method.toUpperCase()} ${route.path.replaceAll(/\{\w+\}/g, encodeURIComponent(id))}`;
}
