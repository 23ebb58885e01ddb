import assert from "node:assert/strict";
import { openTestServer, type TestServer } from "../server_testing.ts";

const FILE = { stream: "customers", file: "customers.csv", identify_by: ["id"] };

/** Asks for a run until it has ended. */
async function ended(server: TestServer, id: string) {
  // `follow` waits for changes, so nothing here depends on speed.
  for await (const _ of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  return (await server.call(`GET /api/run/${id}`)).json.data;
}

async function openWithFolder(runner: "serve" | "none" = "none"): Promise<TestServer> {
  const server = await openTestServer({ runner });
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "here", config: { folder: server.folder } },
  });
  return server;
}

Deno.test("a file becomes profiles: job, plan, run, rejects, stream and profile", async () => {
  await using server = await openWithFolder("serve");
  const job = await server.call("POST /api/job", {
    json: { type: "csv-import", auth: "here", label: "nightly", config: FILE },
  });
  assert.equal(job.status, 201, job.text);
  assert.equal((await server.call(`GET ${job.headers.get("location")}`)).json.data.label, "nightly");

  const plan = await server.call("POST /api/job/nightly/plan");
  assert.equal(plan.status, 200, plan.text);
  assert.deepEqual(plan.json.data.sample.columns, ["id", "email", "name"]);

  const started = await server.call("POST /api/job/nightly/run");
  assert.equal(started.status, 202, started.text);
  const run = await ended(server, started.json.data.id);
  assert.deepEqual(
    [run.status, run.read, run.accepted, run.rejected, run.profiles_created],
    ["succeeded", 4, 3, 1, 3],
    JSON.stringify(run),
  );

  const rejects = await server.call(`GET /api/run/${run.id}/rejects`);
  assert.equal(rejects.json.data.length, 1);
  assert.match(rejects.json.data[0].raw, /broken/);
  assert.deepEqual((await server.call("GET /api/stream/customers")).json.data.identify_by, ["id"]);
  const fields = (await server.call("GET /api/stream/customers/fields")).json.data;
  assert.deepEqual(fields.map(({ name }: { name: string }) => name).sort(), ["email", "id", "name"]);
  const profile = await server.call("GET /api/profile?field=id&value=2");
  assert.equal(profile.json.data.attributes.name, "Bo, Jr.");
  assert.equal((await server.call("GET /api/profile?field=id&value=99")).status, 404);
});

Deno.test("a run of a job type needs no job; without a runner it waits and can be stopped", async () => {
  await using server = await openWithFolder();
  const started = await server.call("POST /api/run", { json: { type: "csv-import", auth: "here", config: FILE } });
  assert.equal(started.status, 202, started.text);
  assert.equal(started.json.data.status, "queued");
  const { id } = started.json.data;
  assert.equal(started.headers.get("location"), `/api/run/${id}`);
  assert.equal((await server.call(`POST /api/run/${id}/stop`)).json.data.status, "cancelled");
  assert.equal((await server.call(`POST /api/run/${id}/retry`)).status, 202);
  const retry = (json: Record<string, unknown>) => server.call(`POST /api/run/${id}/retry`, { json });
  assert.equal((await retry({ reject_threshold: "5%" })).json.data.config.reject_threshold, "5%");
  assert.match((await retry({ reject_threshold: "5 rows" })).text, /must be a number of rows/);
  assert.match((await retry({ file: "other.csv" })).text, /\\"file\\" is not known/);
  assert.equal((await server.call("GET /api/run?status=queued")).json.data[0].id, id);
  assert.deepEqual((await server.call("GET /api/run?status=failed")).json.data, []);
});

Deno.test("a run may be forced, and the files that a job has imported are listed", async () => {
  await using server = await openWithFolder();
  const json = { type: "csv-import", auth: "here", label: "nightly", config: FILE };
  assert.equal((await server.call("POST /api/job", { json })).status, 201);
  const files = await server.call("GET /api/job/nightly/file");
  assert.deepEqual([files.status, files.json.data, files.json.next], [200, [], null]);
  assert.equal((await server.call("GET /api/job/nightly/file?cursor=x")).status, 400);
  assert.equal((await server.call("GET /api/job/nowhere/file")).status, 404);
  assert.equal((await server.call("POST /api/job/nightly/run", { json: { force: true } })).status, 202);
  assert.equal((await server.call("POST /api/run", { json: { job: "nightly", force: true } })).status, 202);
  assert.equal((await server.call("POST /api/run", { json: { job: "nightly", force: "yes" } })).status, 400);
});

Deno.test("runs are listed a page at a time, newest first", async () => {
  await using server = await openWithFolder();
  const made = [];
  for (let count = 0; count < 3; count++) {
    const { json } = await server.call("POST /api/run", { json: { type: "csv-import", config: FILE } });
    made.push(json.data);
  }
  // Runs of one millisecond go by their ids.
  made.sort((a, b) => a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1);
  const first = (await server.call("GET /api/run?limit=2")).json;
  const second = (await server.call(`GET /api/run?limit=2&cursor=${encodeURIComponent(first.next)}`)).json;
  const ids = (runs: readonly { readonly id: string }[]) => runs.map(({ id }) => id);
  assert.deepEqual(ids([...first.data, ...second.data]), ids(made));
  assert.equal(second.next, null);
  assert.equal((await server.call("GET /api/run?limit=0")).status, 400);
  assert.equal((await server.call("GET /api/run?job=nowhere")).status, 404);
});

Deno.test("a run names either a job or a type", async () => {
  await using server = await openWithFolder();
  for (const json of [{}, { job: "a", type: "csv-import" }, { job: "a", auth: "here" }, { auth: "here" }]) {
    assert.equal((await server.call("POST /api/run", { json })).status, 400, JSON.stringify(json));
  }
  assert.equal((await server.call("POST /api/run", { json: { job: "nowhere" } })).status, 404);
});

Deno.test("choices come a page at a time, filtered by what was typed", async () => {
  await using server = await openWithFolder();
  for (const name of ["a.csv", "b.csv"]) await Deno.writeTextFile(`${server.folder}/${name}`, "x\n1\n");
  const choices = async (more: object) => {
    const reply = await server.call("POST /api/job/type/csv-import/choices/file", { json: { auth: "here", ...more } });
    assert.equal(reply.status, 200, reply.text);
    return { values: reply.json.data.map(({ value }: { value: string }) => value), next: reply.json.next };
  };
  const first = await choices({ limit: 2 });
  assert.deepEqual(first.values, ["a.csv", "b.csv"]);
  assert.deepEqual(await choices({ limit: 2, cursor: first.next }), { values: ["customers.csv"], next: null });
  assert.deepEqual((await choices({ query: "CUST" })).values, ["customers.csv"]);
});

Deno.test("a job type tells what a run would do, and which fields it has", async () => {
  await using server = await openWithFolder();
  const plan = await server.call("POST /api/job/type/csv-import/plan", { json: { auth: "here", config: FILE } });
  assert.equal(plan.status, 200, plan.text);
  const type = (await server.call("GET /api/job/type/csv-import")).json.data;
  assert.deepEqual(type.auth_methods, ["sftp", "sftp-pgp-private", "managed-sftp", "local-folder", "s3"]);
  assert.ok(type.fields.some(({ flag }: { flag: string }) => flag === "identify-by"));
  assert.ok(type.config_schema.required.includes("file"));
  assert.ok(type.choices.some(({ field }: { field: string }) => field === "file"));
  const types = (await server.call("GET /api/job/type")).json.data;
  assert.deepEqual(types.map(({ id }: { id: string }) => id), [
    "csv-import",
    "json-import",
    "profile-import",
    "sftp-csv-export",
    "email-csv",
    "audience-import",
    "audience-export",
    "profile-export",
    "log-export",
  ]);
  assert.deepEqual(types[0], type);
  const provider = (await server.call("GET /api/provider/file-service")).json.data;
  const own = types.filter(({ provider_id }: { provider_id: string }) => provider_id === "file-service");
  assert.deepEqual(provider.job_types, own);
  assert.equal(provider.auth_methods[0].config_schema.properties.password.writeOnly, true);
  const [summary] = (await server.call("GET /api/provider")).json.data;
  assert.deepEqual([summary.auth_methods, summary.job_types], [[
    "sftp",
    "sftp-pgp-private",
    "sftp-pgp-public",
    "managed-sftp",
    "local-folder",
    "s3",
    "email",
  ], [
    "csv-import",
    "json-import",
    "sftp-csv-export",
    "email-csv",
  ]]);
});

Deno.test("a job is changed, paused, resumed and deleted", async () => {
  await using server = await openWithFolder();
  await server.call("POST /api/job", { json: { type: "csv-import", label: "nightly", config: FILE } });
  const changed = await server.call("PUT /api/job/nightly", {
    json: { label: "daily", config: { identify_by: "id,email" } },
  });
  assert.deepEqual(changed.json.data.config.identify_by, ["id", "email"], changed.text);
  assert.equal((await server.call("POST /api/job/daily/pause")).json.data.status, "paused");
  assert.notEqual((await server.call("POST /api/job/daily/run")).status, 202);
  assert.equal((await server.call("POST /api/job/daily/resume")).json.data.status, "active");
  assert.equal((await server.call("DELETE /api/job/daily")).status, 204);
  assert.deepEqual((await server.call("GET /api/job")).json.data, []);
});

Deno.test("a config that does not parse names the field", async () => {
  await using server = await openWithFolder();
  const reply = await server.call("POST /api/job", {
    json: { type: "csv-import", label: "x", config: { ...FILE, delimiter: ";;" } },
  });
  assert.equal(reply.status, 400);
  assert.match(reply.json.message, /delimiter/);
});
