import assert from "node:assert/strict";
import { onEachDatabase } from "../../core/testing/each_database_testing.ts";
import { DAY, type ExportServer, openExportServer } from "./exports_testing.ts";

const PROFILE_EXPORT = "profile-export";

async function enableChanges({ server, table }: ExportServer): Promise<string> {
  const input = { type: PROFILE_EXPORT, table: "user", job_type: "profile_changes" } as const;
  await server.runtime.enabledExports.enable(input);
  return `/v1/exports/profiles/${table}/profile_changes`;
}

/** Customer ids of the profiles that a file of changes tells of. */
function told(text: string): string[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line).profile["_ll.raw_customer_id"] ?? "erased");
}

async function erase({ server }: ExportServer, customer: string): Promise<void> {
  const { request_id } = await server.runtime.erasures.request("customer_id", customer);
  for (let state = ""; state !== "done";) {
    state = (await server.runtime.erasures.get(request_id)).state;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

onEachDatabase(
  "changes that an erasure ended before they were given are told again, also once a link was handed out",
  async (databases) => {
    await databases.useInHomes();
    await using it = await openExportServer();
    const path = await enableChanges(it);
    // The link is handed out, and the file ends before anybody reads it.
    assert.equal((await it.results(path, PROFILE_EXPORT)).status, 302);
    await erase(it, "c");
    await it.people({ d: { name: "Di" } });
    assert.deepEqual(told(await it.file(await it.results(path, PROFILE_EXPORT))), ["erased", "a", "b", "d"]);
  },
);

onEachDatabase(
  "a run of changes tells what happened since the results that were given, and moves nothing",
  async (databases) => {
    await databases.useInHomes();
    await using it = await openExportServer();
    const { server } = it;
    const path = await enableChanges(it);
    assert.deepEqual(told(await it.file(await it.results(path, PROFILE_EXPORT))), ["a", "b", "c"]);
    await it.people({ d: { name: "Di" } });
    const run = async () => {
      const { id } = await server.runtime.runs.start({ type: PROFILE_EXPORT, config: { job_type: "profile_changes" } });
      for await (const _ of server.runtime.runs.follow(id));
      const result = await server.call(`POST /api/run/${id}/result`, { json: {} });
      return told(await (await server.app.fetch(new Request(result.json.data.url))).text());
    };
    assert.deepEqual(await run(), ["d"]);
    assert.deepEqual(await run(), ["d"]);
    it.ahead = DAY;
    await it.ended(PROFILE_EXPORT, 4);
    assert.deepEqual(told(await it.file(await server.bulk(`GET ${path}`))), ["d"]);
  },
);

/** A token that may not see personal fields. */
async function campaigner({ server }: ExportServer): Promise<string> {
  return (await server.runtime.tokens.create({ name: "campaigner", scopes: ["campaign_manager"] })).token;
}

onEachDatabase(
  "results end when the account calls other fields personal, but for exports of who may see them",
  async (databases) => {
    await databases.useInHomes();
    await using it = await openExportServer();
    const { server, table, audience } = it;
    const token = await campaigner(it);
    const profiles = { type: PROFILE_EXPORT, table: "user", job_type: "profile" };
    assert.equal((await server.call("POST /api/export", { token, json: profiles })).status, 201);
    const input = { type: "audience-export", audience: "letters", identifier_type: "email" } as const;
    await server.runtime.enabledExports.enable(input);
    const path = `/v1/exports/profiles/${table}/profile`;
    const hers = await it.results(path, PROFILE_EXPORT);
    const whole = await it.results(`/v1/exports/audiences/${audience}/email`, "audience-export");
    assert.match(await it.file(hers), /example\.com/);
    await server.call("PUT /api/account/settings", { json: { pii_fields: ["email"] } });
    assert.equal((await server.app.fetch(new Request(hers.headers.get("location")!))).status, 404);
    assert.match(await it.file(whole), /example\.com/);
    const again = await it.file(await it.results(path, PROFILE_EXPORT));
    assert.match(again, /Cy/);
    assert.doesNotMatch(again, /example\.com/);
  },
);

onEachDatabase("files of runs end likewise, where the account calls more fields personal", async (databases) => {
  await databases.useInHomes();
  await using it = await openExportServer();
  const { server } = it;
  const result = async (token: string) => {
    const config = { audience: "letters", identifier_type: "email" };
    const { id } = (await server.call("POST /api/run", { token, json: { type: "audience-export", config } })).json.data;
    for await (const { failure } of server.runtime.runs.follow(id)) assert.equal(failure, null);
    const link = async () => await server.call(`POST /api/run/${id}/result`, { token, json: {} });
    const { url } = (await link()).json.data;
    return { link, open: async () => (await server.app.fetch(new Request(url))).status };
  };
  const personal = async (...pii_fields: string[]) => await server.runtime.account.update({ settings: { pii_fields } });
  await personal("name");
  const hers = await result(await campaigner(it));
  const whole = await result(server.token);
  await personal();
  assert.equal(await hers.open(), 200);
  await personal("email");
  assert.deepEqual([await hers.open(), (await hers.link()).status], [404, 404]);
  assert.deepEqual([await whole.open(), (await whole.link()).status], [200, 201]);
});

onEachDatabase(
  "whoever enables an export last counts: results end where they may not see what is in them",
  async (databases) => {
    await databases.useInHomes();
    await using it = await openExportServer();
    const { server, table } = it;
    await server.runtime.account.update({ settings: { pii_fields: ["email"] } });
    const enable = (token = server.token) =>
      server.call("POST /api/export", { token, json: { type: PROFILE_EXPORT, table: "user", job_type: "profile" } });
    const { id } = (await enable()).json.data;
    const path = `/v1/exports/profiles/${table}/profile`;
    const before = await it.results(path, PROFILE_EXPORT);
    assert.match(await it.file(before), /example\.com/);
    const lowered = await enable(await campaigner(it));
    const { enabled_by, results_generated_at } = lowered.json.data;
    assert.deepEqual([lowered.json.data.id, results_generated_at], [id, null]);
    assert.equal(enabled_by, "campaigner");
    assert.equal((await server.app.fetch(new Request(before.headers.get("location")!))).status, 404);
    const after = await it.results(path, PROFILE_EXPORT);
    assert.doesNotMatch(await it.file(after), /example\.com/);
    // Who may see more takes nothing away; what is made next has it.
    await enable();
    assert.doesNotMatch(await it.file(after), /example\.com/);
    it.ahead = DAY;
    await it.ended(PROFILE_EXPORT, 3);
    for (let text = ""; !text.includes("example.com");) text = await it.file(await server.bulk(`GET ${path}`));
  },
);

onEachDatabase(
  "deleting an app ends what is fetched of it, its profiles included; its table stays",
  async (databases) => {
    await databases.useInHomes();
    await using it = await openExportServer();
    const { server } = it;
    const { apps, enabledExports, tables } = server.runtime;
    for (const job_type of ["profile", "profile_changes"] as const) {
      await enabledExports.enable({ type: PROFILE_EXPORT, table: "weather", job_type });
    }
    await enabledExports.enable({ type: "log-export", app: "weather" });
    await enabledExports.enable({ type: PROFILE_EXPORT, table: "user", job_type: "profile" });
    await apps.delete("weather");
    assert.deepEqual((await enabledExports.list()).map(({ name }) => name), ["user"]);
    assert.equal((await server.bulk(`GET /v1/exports/profiles/${server.profiledb_id}/profile`)).status, 404);
    assert.ok((await tables.list()).some(({ name }) => name === "weather"));
  },
);

onEachDatabase("who fetches learns that results could not be made, and whoever enabled them why", async (databases) => {
  await databases.useInHomes();
  await using it = await openExportServer();
  const { server, audience } = it;
  const json = { type: "audience-export", audience: "letters", identifier_type: "email" };
  const { data } = (await server.call("POST /api/export", { token: await campaigner(it), json })).json;
  assert.equal(data.last_run, null);
  await server.runtime.account.update({ settings: { pii_fields: ["email"] } });
  const path = `/v1/exports/audiences/${audience}/email`;
  assert.match((await server.bulk(`GET ${path}`)).json.message, /they are being made/);
  const run = await it.ended("audience-export", 1);
  const shown = (await server.call(`GET /api/export/${data.id}`)).json.data;
  assert.deepEqual(shown.last_run, { id: run.id, status: "failed", failure: run.failure?.message });
  const told = await server.bulk(`GET ${path}`);
  assert.deepEqual([told.status, told.json.error, told.headers.get("retry-after")], [404, "not_found", "60"]);
  assert.match(told.json.message, /^The results could not be made\. See why with .*export/);
  assert.doesNotMatch(told.text, /personal|"email"/);
  await server.runtime.account.update({ settings: { pii_fields: [] } });
  await it.ended("audience-export", 2);
  assert.equal((await it.results(path, "audience-export")).status, 302);
  assert.equal((await server.runtime.enabledExports.get(String(data.id))).last_run?.failure, null);
});
