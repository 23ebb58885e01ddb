import assert from "node:assert/strict";
import { join } from "node:path";
import { openDatabase } from "../../core/database/open.ts";
import { openRuntime } from "../../core/engine/open.ts";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { type BulkServer, openBulkServer } from "./bulk_testing.ts";

const LIST = "/v1/imports/audiences/list/";
const STATUS = `${LIST}status/`;

/** The database of a server's home, beside the server. */
function databaseOf({ folder }: BulkServer) {
  return openDatabase({ path: join(folder, "..", "home", "waybill.db"), url: Deno.env.get("WAYBILL_DATABASE_URL") });
}

function formOf(server: BulkServer, audience_name: string, text: string) {
  return { app_id: server.app_id, audience_name, identifier_type: "customer_id", file: new Blob([text]) };
}

onEachDatabase("there are 500 lists and no more, however many are asked for at once", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  {
    await using database = await databaseOf(server);
    const now = await database.now();
    await database.kysely.insertInto("audience_lists").values(Array.from({ length: 498 }, (_, at) => ({
      account_id: 1,
      id: 1_000 + at,
      app_id: server.app_id,
      name: `list ${at}`,
      audience_id: 2_000 + at,
      run_id: "",
      created_at: now,
    }))).execute();
  }
  const asked = await Promise.all(
    Array.from({ length: 6 }, (_, at) => server.bulk(`POST ${LIST}`, formOf(server, `n${at}`, '{"customer_id":"a"}'))),
  );
  const made = asked.filter(({ status }) => status === 202);
  assert.deepEqual(asked.map(({ status }) => status).sort(), [202, 202, 429, 429, 429, 429]);
  for (const { status, json, headers } of asked) {
    if (status !== 429) continue;
    assert.match(json.message, /500 audience lists.*Delete one/);
    // Waiting helps nobody.
    assert.equal(headers.get("retry-after"), null);
  }
  for (const { json } of made) assert.equal((await server.ended(STATUS, json.activity_id)).json.status, "Completed");
  assert.equal((await server.runtime.runs.list()).items.length, 2);
  const [{ json: { activity_id } }] = made as [typeof made[0]];
  const { upload_statistics } = (await server.bulk(`GET ${STATUS}${activity_id}`)).json;
  assert.equal((await server.bulk(`DELETE ${LIST}${upload_statistics.audience_list_id}`)).status, 200);
  const next = await server.bulk(`POST ${LIST}`, formOf(server, "next", '{"customer_id":"a"}'));
  assert.equal((await server.ended(STATUS, next.json.activity_id)).json.status, "Completed");
});

onEachDatabase(
  "an import that is overtaken by a newer one of its list leaves the newer one's members",
  async (databases) => {
    await databases.useInHomes();
    await using server = await openBulkServer({ runner: "none" });
    const home = join(server.folder, "..", "home");
    const { app_id } = server;
    const work = () => openRuntime({ home, plugins: [import.meta.resolve("../../plugins/mod.ts")], runner: "worker" });
    const made = await server.bulk(`POST ${LIST}`, formOf(server, "raced", '{"customer_id":"a"}'));
    let list = "";
    {
      await using _ = await work();
      const { json } = await server.ended(STATUS, made.json.activity_id);
      list = json.upload_statistics.audience_list_id;
    }
    const replace = async (text: string) => {
      const form = { app_id, identifier_type: "customer_id", file: new Blob([text]) };
      return (await server.bulk(`PUT ${LIST}${list}`, form)).json.activity_id;
    };
    const older = await replace('{"customer_id":"old"}');
    const newer = await replace('{"customer_id":"new"}\n{"customer_id":"newer"}');
    await using database = await databaseOf(server);
    const waits = (until: number) =>
      database.kysely.updateTable("runs").set({ not_before: until }).where("id", "=", older.replaceAll("-", ""))
        .execute();
    await waits(await database.now() + 3_600_000);
    await using _ = await work();
    assert.equal((await server.ended(STATUS, newer)).json.status, "Completed");
    await waits(0);
    const { json } = await server.ended(STATUS, older);
    assert.equal(json.status, "Failed");
    assert.match(json.error_reason, /newer import/);
    const [{ version, record_count }] = (await server.bulk(`GET ${LIST}app/${app_id}`)).json;
    assert.deepEqual([version, record_count], [2, 2]);
  },
);

onEachDatabase("ids of people who are being erased are refused, and counted", async (databases) => {
  await databases.useInHomes();
  await using server = await openBulkServer();
  const { runtime } = server;
  await runtime.mappings.create({ lql: "SELECT customer_id FROM people INTO weather BY customer_id" });
  await runtime.account.update({ settings: { suppress_erased: "forever" } });
  // Whoever is erased from one table is nobody's member: a field of the same name is taken for the same.
  await runtime.mappings.create({ lql: "SELECT customer_id FROM users INTO user BY customer_id" });
  for (const [value, table] of [["gone", "weather"], ["left", "user"]] as const) {
    const { request_id: id } = await runtime.erasures.request("customer_id", value, { table });
    let state = "";
    while (state !== "done") {
      for (const run of (await runtime.runs.list()).items) {
        for await (const _ of runtime.runs.follow(run.id, { signal: AbortSignal.timeout(240_000) }));
      }
      state = (await runtime.erasures.get(id)).state;
    }
  }
  const ids = ['"gone"}', '"here"}', '"gone"', '"null"}', '"left"}'];
  const lines = ids.map((id) => `{"customer_id":${id}\n`).join("");
  const made = await server.bulk(`POST ${LIST}`, formOf(server, "some", lines));
  const { json: { upload_statistics } } = await server.ended(STATUS, made.json.activity_id);
  const { total_lines, failed_lines, successful_lines } = upload_statistics;
  assert.deepEqual([total_lines, failed_lines, successful_lines], ["5", "4", "1"]);
  const [run] = (await runtime.runs.list()).items;
  assert.deepEqual([run?.read, run?.accepted, run?.rejected, run?.refused], [5, 1, 2, 2]);
  const reasons = await Array.fromAsync(runtime.runs.rejects(run!.id), ({ reason }) => reason);
  assert.ok(reasons.includes('Has a "customer_id" that names nobody'), reasons.join());
  // The line that cannot be read tells of nobody either.
  assert.equal(run?.rejected_erased, 1);
  assert.equal((await server.bulk(`GET ${LIST}app/${server.app_id}`)).json[0].record_count, 1);
});
