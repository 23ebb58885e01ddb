import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { addRun } from "./import_testing.ts";
import { resolveRun } from "./resolve_run.ts";

const LOGIN = { method: "echo-login", label: "Partner", config: { host: "here", password: "hunter22" } };
const CONFIG = { stream: "s", file: "a.csv" };
const NIGHTLY = { type: "echo-import", label: "Nightly", config: CONFIG };

onEachDatabase("a job is saved with the only auth that fits, and found by id or label", async (databases) => {
  await using engine = await startEngine(databases);
  const auth = await engine.auths.create(LOGIN);
  const job = await engine.jobs.create(NIGHTLY);
  assert.equal(job.auth_id, auth.id);
  assert.deepEqual([job.type, job.status, job.last_run_id, job.config], ["echo-import", "active", null, CONFIG]);
  assert.deepEqual(await engine.jobs.get("Nightly"), job);
  assert.deepEqual(await engine.jobs.get(job.id), job);
  assert.deepEqual(await engine.jobs.list(), [job]);
});

onEachDatabase("a job without an auth that fits, or with several, says what to do", async (databases) => {
  await using engine = await startEngine(databases);
  await assert.rejects(
    engine.jobs.create(NIGHTLY),
    failure("config", /No saved auth fits job type "echo-import"/, {
      hint: /"echo-login", "echo-open".*`auth: LABEL`/,
    }),
  );
  await engine.auths.create(LOGIN);
  await engine.auths.create({ method: "echo-open", label: "Open", config: {} });
  await assert.rejects(
    engine.jobs.create(NIGHTLY),
    failure("config", /Several auths fit.*"Open", "Partner"/, { hint: /`auth: LABEL`/ }),
  );
  await engine.jobs.create({ ...NIGHTLY, auth: "Open" });
  const other = { ...NIGHTLY, label: "Bare", type: "echo-bare", config: { stream: "s" }, auth: "Open" };
  await assert.rejects(
    engine.jobs.create(other),
    failure("config", /Auth "Open" does not fit job type "echo-bare"/, {
      hint: /works with auth methods "echo-other"; "echo-open" works with job types "echo-import"/,
    }),
  );
  await assert.rejects(
    engine.jobs.create({ ...NIGHTLY, auth: "Opn" }),
    failure("config", /no auth "Opn"/, { code: "not_found" }),
  );
});

onEachDatabase("a job that cannot be saved says why", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  const create = (change: object) => engine.jobs.create({ ...NIGHTLY, ...change });
  await assert.rejects(
    create({ type: "echo-inport" }),
    failure("config", /no job type/, { code: "not_found", hint: /echo-import/ }),
  );
  await assert.rejects(create({ config: { stream: "s" } }), failure("config", /"file" is missing/));
  await assert.rejects(create({ label: "echo-bare" }), failure("config", /is the id of a job type/));
  await assert.rejects(create({ label: "0123456789abcdef0123456789ABCDEF" }), failure("config", /looks like an id/));
  await create({});
  await assert.rejects(create({}), failure("config", /Another job has the label "Nightly"/, { code: "conflict" }));
  assert.equal((await engine.jobs.list()).length, 1);
});

onEachDatabase("a change of a job merges by name and is checked as a whole", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  await engine.auths.create({ method: "echo-open", label: "Open", config: {} });
  const { id } = await engine.jobs.create({ ...NIGHTLY, auth: "Partner", config: { ...CONFIG, folder: "old" } });
  const open = await engine.auths.get("Open");
  const changed = await engine.jobs.update("Nightly", {
    label: "Daily",
    auth: "Open",
    config: { folder: null, file: "b.csv" },
  });
  assert.deepEqual([changed.id, changed.label, changed.auth_id], [id, "Daily", open.id]);
  assert.deepEqual(changed.config, { stream: "s", file: "b.csv" });
  await assert.rejects(engine.jobs.update(id, { config: { file: null } }), failure("config", /"file" is missing/));
  assert.deepEqual(await engine.jobs.get(id), changed);
});

onEachDatabase("a paused job starts no runs until it is resumed", async (databases) => {
  await using engine = await startEngine(databases);
  const auth = await engine.auths.create(LOGIN);
  const { id } = await engine.jobs.create(NIGHTLY);
  assert.equal((await engine.jobs.pause("Nightly")).status, "paused");
  await assert.rejects(
    resolveRun(engine.context, { job: id }),
    failure("config", /"Nightly" is paused/, { code: "conflict" }),
  );
  assert.equal((await engine.jobs.resume(id)).status, "active");
  const run = await resolveRun(engine.context, { job: "Nightly", config: { folder: "new", file: "b.csv" } });
  assert.deepEqual(run, {
    jobId: id,
    jobType: "echo-import",
    authId: auth.id,
    config: { stream: "s", folder: "new", file: "b.csv" },
    personal: 1,
    notes: [],
  });
});

onEachDatabase("a run may be described without a saved job", async (databases) => {
  await using engine = await startEngine(databases);
  const auth = await engine.auths.create(LOGIN);
  const run = await resolveRun(engine.context, { type: "echo-import", config: CONFIG });
  assert.deepEqual(run, {
    jobId: null,
    jobType: "echo-import",
    authId: auth.id,
    config: CONFIG,
    personal: 1,
    notes: [],
  });
  await assert.rejects(
    resolveRun(engine.context, { job: "none" }),
    failure("config", /no job "none"/, { code: "not_found" }),
  );
  await assert.rejects(
    resolveRun(engine.context, { type: "echo-import", config: {} }),
    failure("config", /"stream" is missing/),
  );
});

onEachDatabase("a job knows its newest run, and is not deleted while one has not ended", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  const { id } = await engine.jobs.create(NIGHTLY);
  await addRun(engine.context.database, { job_id: id, status: "succeeded", created_at: 5 });
  const newest = await addRun(engine.context.database, { job_id: id, status: "queued", created_at: 9 });
  await addRun(engine.context.database, { job_id: id, status: "failed", created_at: 7 });
  assert.equal((await engine.jobs.get(id)).last_run_id, newest);
  await assert.rejects(engine.jobs.delete(id), failure("config", /is queued/, { code: "conflict" }));
  await engine.context.database.kysely.updateTable("runs").set({ status: "cancelled" }).execute();
  await engine.jobs.delete(id);
  assert.deepEqual(await engine.jobs.list(), []);
});

onEachDatabase("a plan tells what a run of a saved or a described job would do", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  await engine.jobs.create(NIGHTLY);
  assert.equal((await engine.jobs.plan("Nightly")).summary, "Would read in/a.csv");
  assert.equal(
    (await engine.jobs.plan({ type: "echo-import", config: { ...CONFIG, folder: "x" } })).summary,
    "Would read x/a.csv",
  );
  assert.equal(engine.side.connects, 1);
  await engine.auths.create({ method: "echo-other", label: "Other", config: {} });
  const bare = await engine.jobs.plan({ type: "echo-bare", config: { stream: "s" } });
  assert.deepEqual(bare.facts, {});
});

onEachDatabase("a plan that the caller gives up ends at once", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  engine.side.hangs = true;
  const stop = new AbortController();
  const plan = () => engine.jobs.plan({ type: "echo-import", config: CONFIG }, { signal: stop.signal });
  const hanging = plan();
  while (engine.side.connects === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  stop.abort();
  await assert.rejects(hanging, failure("cancelled", /stopped/));
  await assert.rejects(plan(), failure("cancelled", /stopped/));
  assert.equal(engine.side.connects, 1);
});

onEachDatabase(
  "what goes wrong while connecting passes through a plan, and the next one connects anew",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { id } = await engine.auths.create({ ...LOGIN, config: { ...LOGIN.config, host: "nowhere" } });
    const plan = () => engine.jobs.plan({ type: "echo-import", config: CONFIG });
    await assert.rejects(plan(), failure("transient", /"nowhere" does not answer/));
    await assert.rejects(plan(), failure("transient", /"nowhere" does not answer/));
    await engine.auths.update(id, { config: { host: "here" } });
    await plan();
    assert.equal(engine.side.connects, 3);
  },
);
