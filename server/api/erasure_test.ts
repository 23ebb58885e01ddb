import assert from "node:assert/strict";
import { join } from "node:path";
import { makeFolder } from "../../core/engine/engine_testing.ts";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { openTestServer, type TestServer } from "../server_testing.ts";

/** Imports the customers by id and e-mail address. */
async function importCustomers(server: TestServer): Promise<void> {
  const config = { folder: server.folder };
  await server.call("POST /api/auth", { json: { method: "local-folder", label: "in", config } });
  const { json } = await server.call("POST /api/run", {
    json: { type: "csv-import", config: { stream: "customers", file: "customers.csv", identify_by: ["id", "email"] } },
  });
  for await (const run of server.runtime.runs.follow(json.data.id)) assert.notEqual(run.status, "failed");
}

Deno.test("the documented calls of deletions work as they stand, and answer with the documented fields", async () => {
  await using server = await openTestServer({ runner: "serve" });
  await importCustomers(server);
  const asked = await server.call("DELETE /api/entity/user/id/2");
  assert.equal(asked.status, 200);
  const { request_id } = asked.json.data;
  assert.match(request_id, /^[0-9a-f]{20}-\d{10}$/);
  assert.equal(Number(request_id.slice(21)) % 86_400, 0, "the day in Unix seconds");
  assert.deepEqual(asked.json, {
    status: 200,
    message: "delete request received",
    data: { request_id, completed: false },
  });
  const { run_id } = await server.runtime.erasures.get(request_id);
  for await (const run of server.runtime.runs.follow(run_id)) {
    assert.notEqual(run.status, "failed", run.failure?.message);
  }
  const status = await server.call(`GET /api/entity/deletestatus/${request_id}`);
  assert.deepEqual(status.json, {
    status: 200,
    message: "delete request received",
    data: { request_id, state: { current: "done" }, completed: true },
  });
  assert.equal((await server.call("GET /api/profile?field=id&value=2")).status, 404);
  assert.equal((await server.call("GET /api/profile?field=id&value=1")).status, 200);
  const listed = await server.call("GET /api/erasure");
  assert.ok(listed.json.data.some((one: { request_id: string }) => one.request_id === request_id));
  assert.equal((await server.call(`POST /api/erasure/${request_id}/lift`)).status, 200);
  // Whoever comes back may be erased again.
  const again = await server.call("DELETE /api/entity/user/id/2");
  assert.notEqual(again.json.data.request_id, request_id);
});

Deno.test("a deletion that names no field that identifies, no table or nobody is refused, and quotes no more than that", async () => {
  await using server = await openTestServer({ runner: "serve" });
  await importCustomers(server);
  for (
    const [path, status, said] of [
      ["user/name/Ann", 404, 'Field "name" identifies no profile of table "user"'],
      ["people/id/1", 404, 'Profile table "people" does not exist'],
      ["user/id/n%2Fa", 400, 'The value given for "id" names nobody'],
    ] as const
  ) {
    const reply = await server.call(`DELETE /api/entity/${path}`);
    assert.deepEqual([reply.status, reply.json.status, reply.json.message], [status, status, said]);
  }
  const missing = await server.call("GET /api/entity/deletestatus/nothing");
  assert.deepEqual([missing.status, missing.json.hint], [404, "See `GET /api/erasure`"]);
  assert.deepEqual((await server.call("GET /api/erasure")).json.data, []);
});

Deno.test("who is to be erased is found no more before a run has begun", async () => {
  await using folder = await makeFolder();
  const home = join(folder.path, "home");
  {
    await using server = await openTestServer({ runner: "serve", home });
    await importCustomers(server);
  }
  await using server = await openTestServer({ home });
  const paths = ["profile?field=id&value=2", "entity/user/id/2", "me/email/bo@example.com"];
  for (const path of paths) assert.equal((await server.call(`GET /api/${path}`)).status, 200, path);
  const { request_id } = (await server.call("DELETE /api/entity/user/id/2")).json.data;
  for (const path of paths) assert.equal((await server.call(`GET /api/${path}`)).status, 404, path);
  const status = await server.call(`GET /api/entity/deletestatus/${request_id}`);
  assert.equal(status.json.data.state.current, "initial");
});

onEachDatabase("the erased leave the lists of every table, by that table's rules", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer({ runner: "serve" });
  await importCustomers(server);
  const ended = async (id: string) => {
    for await (const { status, failure } of server.runtime.runs.follow(id)) {
      assert.notEqual(status, "failed", failure?.message);
    }
  };
  const lql = "SELECT id, email FROM customers INTO buyers BY id OR email";
  const { json: { data: { replay_run } } } = await server.call("POST /api/mapping", { json: { lql } });
  await ended(replay_run);
  const exact = await server.call("PUT /api/table/buyers", { json: { normalise: { email: [] } } });
  await ended(exact.json.data.replay_run);
  const members: Record<string, number> = { user: 2, buyers: 3 };
  for (const table of Object.keys(members)) {
    await server.call("POST /api/audience", { json: { name: table, list: true, table } });
    const body = "bo@example.com\nBo@example.com\nnobody@example.com";
    const { json } = await server.call(`POST /api/audience/${table}/members?field=email`, { body });
    assert.equal(json.data.members, members[table]);
  }
  const { run_id } = await server.runtime.erasures.request("id", "2");
  await ended(run_id);
  for (const [table, before] of Object.entries(members)) {
    assert.equal((await server.call(`GET /api/audience/${table}`)).json.data.members, before - 1, table);
  }
});
