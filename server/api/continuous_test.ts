/** Continuous jobs over HTTP. */
import assert from "node:assert/strict";
import { openTestServer } from "../server_testing.ts";

Deno.test("a continuous job tells its next runs over HTTP, is queued at once, pauses and resumes", async () => {
  await using server = await openTestServer();
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  const make = (label: string, config: object) =>
    server.call("POST /api/job", {
      json: { type: "csv-import", label, config: { stream: "s", file: "a.csv", keep_updated: true, ...config } },
    });
  const { json: { data: job } } = await make("nightly", { frequency: "hourly", timezone: "Asia/Kathmandu" });
  assert.equal(job.next_runs.length, 5);
  for (const time of job.next_runs) assert.match(time, /:15:00\.000Z$/);
  const run = (await server.call(`GET /api/run/${job.last_run_id}`)).json.data;
  assert.deepEqual([run.status, run.job_id, run.config.keep_updated], ["queued", job.id, true]);
  const paused = (await server.call("POST /api/job/nightly/pause")).json.data;
  assert.deepEqual([paused.status, paused.next_runs, paused.paused_reason, paused.failures], ["paused", [], null, 0]);
  assert.equal((await server.call("POST /api/job/nightly/resume")).json.data.next_runs.length, 5);
  const wrong = await make("wrong", { frequency: "0 25 * * *" });
  assert.equal(wrong.status, 400);
  assert.match(wrong.json.message, /"frequency" must be one of .*cron expression/);
  const type = (await server.call("GET /api/job/type/csv-import")).json.data;
  assert.equal(type.config_schema.properties.timezone.default, "UTC");
  const settings = { notify_email: ["ops@example.com"], notify_webhook: "https://example.com/waybill" };
  const set = await server.call("PUT /api/account/settings", { json: settings });
  assert.deepEqual({ ...set.json.data, ...settings }, set.json.data);
});
