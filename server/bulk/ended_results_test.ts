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
