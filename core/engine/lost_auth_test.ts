import assert from "node:assert/strict";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { resolveRun } from "./resolve_run.ts";

const CONFIG = { stream: "s", file: "a.csv" };

onEachDatabase("a job whose auth was deleted takes no other by itself, and is mended by one", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create({ method: "echo-open", label: "Partner", config: {} });
  await engine.jobs.create({ type: "echo-import", label: "Nightly", config: CONFIG });
  const other = await engine.auths.create({ method: "echo-open", label: "Rival", config: {} });
  await engine.auths.delete("Partner");
  const gone = failure("config", /^The auth of job "Nightly" was deleted$/, {
    code: "conflict",
    hint: /`waybill job update Nightly --auth LABEL`/,
  });
  await assert.rejects(engine.jobs.resume("Nightly"), gone);
  await assert.rejects(resolveRun(engine.context, { job: "Nightly" }), gone);
  await assert.rejects(engine.jobs.plan("Nightly"), gone);
  await assert.rejects(engine.jobs.update("Nightly", { config: { file: "b.csv" } }), gone);
  assert.equal((await engine.jobs.get("Nightly")).auth_id, null);
  assert.equal((await engine.jobs.update("Nightly", { auth: "Rival" })).auth_id, other.id);
  await assert.rejects(
    resolveRun(engine.context, { job: "Nightly" }),
    failure("config", /is paused$/, { code: "conflict", hint: /`waybill job resume Nightly`/ }),
  );
  await engine.jobs.resume("Nightly");
  assert.equal((await resolveRun(engine.context, { job: "Nightly" })).authId, other.id);
});

onEachDatabase("auths made at once without a label get one each", async (databases) => {
  await using engine = await startEngine(databases);
  const made = await Promise.all(
    Array.from({ length: 12 }, () => engine.auths.create({ method: "echo-open", config: {} })),
  );
  const wanted = ["echo-open", ...Array.from({ length: 11 }, (_, index) => `echo-open-${index + 2}`)];
  assert.deepEqual(new Set(made.map(({ label }) => label)), new Set(wanted));
});
