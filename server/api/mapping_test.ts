import assert from "node:assert/strict";
import { openTestServer, type TestServer } from "../server_testing.ts";

const LQL = "SELECT id, email(email) AS email, set(name) AS names FROM customers INTO user BY id OR email ALIAS people";

/** A server whose stream `customers` has three events, which a default mapping made profiles of. */
async function filledServer(): Promise<TestServer> {
  const server = await openTestServer({ runner: "serve" });
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  const config = { stream: "customers", file: "customers.csv", identify_by: ["id"] };
  const { id } = (await server.call("POST /api/run", { json: { type: "csv-import", config } })).json.data;
  assert.equal(await endOf(server, id), "succeeded");
  return server;
}

/** Imports the customers again; gives the run's notes. */
async function importAgain(server: TestServer, identify_by: readonly string[]): Promise<readonly string[]> {
  const config = { stream: "customers", file: "customers.csv", identify_by };
  const { id } = (await server.call("POST /api/run", { json: { type: "csv-import", config } })).json.data;
  assert.equal(await endOf(server, id), "succeeded");
  return (await server.call(`GET /api/run/${id}`)).json.data.notes;
}

async function endOf(server: TestServer, run: string): Promise<string | undefined> {
  let last;
  for await (const view of server.runtime.runs.follow(run, { signal: AbortSignal.timeout(240_000) })) last = view;
  return last?.status;
}

Deno.test("a mapping is made, tried, shown, changed and deleted over HTTP", async () => {
  await using server = await filledServer();
  const suggested = await server.call("POST /api/mapping/suggest", { json: { stream: "customers" } });
  assert.match(suggested.json.data.lql, /\nSELECT\n/);
  const tried = await server.call("POST /api/mapping/test", { json: { lql: LQL, show: 1 } });
  assert.deepEqual([tried.json.data.events, tried.json.data.profiles, tried.json.data.sample.length], [3, 3, 1]);
  const rows = await server.call("POST /api/mapping/test", { json: { lql: LQL, rows: [{ id: 1 }, { id: "1" }] } });
  assert.deepEqual(rows.json.data.sample, [{ identities: { id: ["1"] }, attributes: { id: "1" } }]);

  const taken = await server.call("POST /api/mapping", { json: { lql: LQL } });
  assert.equal(taken.status, 409);
  assert.match(taken.json.hint, /`PUT \/api\/mapping\/[0-9a-f]{32}`$/);
  const changed = await server.call("PUT /api/mapping/customers", { json: { lql: LQL } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(await endOf(server, changed.json.data.replay_run), "succeeded");
  const shown = (await server.call("GET /api/mapping/people")).json.data;
  assert.deepEqual([shown.alias, shown.lql, shown.replay_run], ["people", LQL, null]);
  assert.deepEqual((await server.call("GET /api/mapping?table=user")).json.data, [shown]);
  const profile = (await server.call("GET /api/profile?table=user&field=email&value=Ann@Example.com")).json.data;
  assert.deepEqual(profile.attributes, { email: "ann@example.com", id: "1", names: ["Ann"] });

  const made = await server.call("POST /api/mapping", { json: { lql: "SELECT a FROM firms INTO company BY a" } });
  assert.deepEqual([made.status, made.headers.get("location")], [201, `/api/mapping/${made.json.data.id}`]);
  assert.equal(made.json.data.notes.length, 2);
  const gone = await server.call("DELETE /api/mapping/people");
  assert.deepEqual([gone.status, gone.json.data.deleted], [200, true]);
  assert.equal(await endOf(server, gone.json.data.replay_run), "succeeded");
  assert.equal((await server.call("GET /api/table/user")).json.data.profiles, 0);
});

Deno.test("that other fields identify is noted where they are other, in however many tables and whichever order", async () => {
  await using server = await filledServer();
  const into = async (table: string, by: string) => {
    const lql = `SELECT id, email FROM customers INTO ${table} BY ${by}`;
    const { json } = await server.call("POST /api/mapping", { json: { lql } });
    assert.equal(await endOf(server, json.data.replay_run), "succeeded");
  };
  await into("buyers", "id");
  assert.deepEqual(await importAgain(server, ["id"]), []);
  await into("readers", "id OR email");
  assert.deepEqual(await importAgain(server, ["email", "id"]), []);
  assert.deepEqual(await importAgain(server, ["email"]), [
    'Stream "customers" already identifies profiles by "id", "email"; `identify_by` changed nothing',
  ]);
});

Deno.test("what cannot be a mapping answers with line, column and caret, and changes nothing", async () => {
  await using server = await filledServer();
  const before = (await server.call("GET /api/mapping")).text;
  const deep = `SELECT ${"(".repeat(1_000)}id${")".repeat(1_000)} FROM customers INTO user BY id`;
  const wrong: readonly (readonly [lql: string, status: number, message: RegExp])[] = [
    [
      "SELECT id FORM customers INTO user BY id",
      400,
      /^Line 1, column 11: expected [^\n]*\n {2}SELECT id FORM [^\n]*\n {12}\^$/,
    ],
    ["SELECT nosuch(id) AS x FROM customers INTO user BY x", 400, /^Line 1, column 8: /],
    [deep, 400, /^Line 1, column \d+: [^\n]*deep/],
    ["", 400, /"lql"/],
    [`SELECT id FROM customers INTO user BY id -- ${"x".repeat(10_000_000)}`, 413, /over 1048576 bytes/],
  ];
  for (const [lql, status, message] of wrong) {
    for (const request of ["POST /api/mapping", "PUT /api/mapping/customers", "POST /api/mapping/test"]) {
      const reply = await server.call(request, { json: { lql } });
      assert.equal(reply.status, status, `${request}: ${reply.text.slice(0, 300)}`);
      assert.match(reply.json.message, message);
    }
  }
  const proto = await server.call("POST /api/mapping/test", {
    body: JSON.stringify({ lql: LQL, rows: [{ id: "1" }] }).replace('"id":"1"', '"__proto__":"1"'),
    headers: { "content-type": "application/json" },
  });
  assert.deepEqual([proto.status, proto.json.message], [400, 'Body field "__proto__" is not known']);
  assert.equal(
    (await server.call("POST /api/mapping/test", { json: { lql: LQL.replace("customers", "custmers") } })).json.hint,
    'Did you mean "customers"?',
  );
  assert.equal((await server.call("GET /api/mapping?stream=none")).status, 404);
  assert.equal((await server.call("GET /api/mapping")).text, before);
});

Deno.test("a table's fields and rules are seen and changed over HTTP, personal fields by those who may", async () => {
  await using server = await filledServer();
  await server.call("PUT /api/account/settings", { json: { pii_fields: ["email"] } });
  const { token } = await server.runtime.tokens.create({ scopes: ["data"] });
  const names = async (options = {}) =>
    (await server.call("GET /api/table/user/fields", options)).json.data.fields.map(({ name }: { name: string }) =>
      name
    );
  assert.deepEqual(await names(), ["email", "id", "name"]);
  assert.deepEqual(await names({ token }), ["id", "name"]);
  const changed = await server.call("PUT /api/table/1", {
    json: { deny: { id: ["1"] }, normalise: { id: ["digits"] }, most_values: 9 },
  });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(await endOf(server, changed.json.data.replay_run), "succeeded");
  const table = (await server.call("GET /api/table/user", { token })).json.data;
  assert.deepEqual([table.id, table.profiles, table.identity], [
    1,
    2,
    { normalise: { id: ["digits"] }, deny: { id: ["1"] }, most_values: 9 },
  ]);
  assert.deepEqual((await server.call("GET /api/table", { token })).json.data, [table]);
  assert.deepEqual((await server.call("GET /api/table/user/crowded", { token })).json, {
    status: "success",
    data: [],
    next: null,
  });
  assert.equal((await server.call("PUT /api/table/user", { json: { most_values: 1 } })).status, 400);
  assert.equal((await server.call("PUT /api/table/user", { json: { deny: { id: ["2"] } }, token })).status, 403);
  assert.equal((await server.call("GET /api/table/none")).status, 404);
});
