import assert from "node:assert/strict";
import type { Database } from "../database/database.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { addRun, readRun, startImport } from "./import_testing.ts";
import { LeaseLost } from "./claim.ts";
import { claimRun, finishRun, hastenEarlier, keepDuration, postponeRun } from "./queue.ts";
import { UnwrittenEnds } from "./unwritten_ends.ts";

const FAR = 8e15;

async function addProcess(database: Database): Promise<string> {
  const id = newId();
  await database.kysely.insertInto("processes")
    .values({ id, kind: "cli", machine: "here", pid: 1, address: null, started_at: 0, seen_at: 0 }).execute();
  return id;
}

onEachDatabase("a process that takes its own runs takes those that they have to wait for, first", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const job_id = newId();
  const dead = await addRun(database, {
    job_id,
    created_at: 1,
    status: "running",
    attempts: 1,
    lease_owner: newId(),
    lease_until: FAR,
  });
  const early = await addRun(database, { job_id, created_at: 2 });
  const own = await addRun(database, { job_id, created_at: 3 });
  await addRun(database, { created_at: 0 });
  await addRun(database, { created_at: 0, job_id: newId() });
  for (const next of [dead, early, own]) {
    const claim = (await claimRun(database, owner, [own]))!;
    assert.equal(claim.run, next);
    assert.equal(await claimRun(database, owner, [own], [next]), undefined);
    await finishRun(database.kysely, claim, { status: "succeeded" }, 9);
  }
  assert.equal(await claimRun(database, owner, [own]), undefined);
});

onEachDatabase("a run that waits to try again is not overtaken by a later one of its job", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const job_id = newId();
  const first = await addRun(database, { job_id, created_at: 1 });
  const second = await addRun(database, { job_id, created_at: 2 });
  const claim = (await claimRun(database, owner, "any"))!;
  const away = { kind: "transient", message: "Away", hint: null, code: null } as const;
  assert(await postponeRun(database.kysely, claim, { failure: away, until: FAR, retries: 1 }));
  assert.equal(await claimRun(database, owner, "any"), undefined);
  await hastenEarlier(database, 1, first);
  assert.equal(await claimRun(database, owner, "any"), undefined);
  await hastenEarlier(database, 1, second);
  assert.equal((await claimRun(database, owner, "any"))?.run, first);
});

onEachDatabase("of a paused job a run that had begun goes on, and one that had not waits", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  await engine.auths.create({ method: "echo-open", label: "Open", config: {} });
  const job = { type: "echo-import", config: { stream: "s", file: "a.csv" } };
  const { id: job_id } = await engine.jobs.create({ ...job, label: "Nightly" });
  const run = await addRun(database, { job_id });
  await engine.jobs.pause("Nightly");
  assert.equal(await claimRun(database, owner, "any"), undefined);
  await engine.jobs.resume("Nightly");
  await claimRun(database, owner, "any");
  await engine.jobs.pause("Nightly");
  const heir = await addProcess(database);
  await database.kysely.deleteFrom("processes").where("id", "=", owner).execute();
  assert.equal((await claimRun(database, heir, "any"))?.run, run);
});

onEachDatabase("a run that was asked to stop begins no commit, and nothing of it is committed", async (databases) => {
  await using peer = await startImport(databases);
  const commits = peer.commits();
  await commits.commit(peer.batch([{ fields: { id: "1" } }]));
  await peer.database.kysely.updateTable("runs").set({ stop_requested: 1 }).execute();
  const before = await peer.content();
  await assert.rejects(
    commits.commit(peer.batch([{ fields: { id: "2" } }])),
    failure("cancelled", /^The run was stopped by request$/),
  );
  assert.deepEqual(await peer.content(), before);
});

onEachDatabase("a run that fails for a while once it was asked to stop is cancelled", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const run = await addRun(database);
  const claim = (await claimRun(database, await addProcess(database), "any"))!;
  await database.kysely.updateTable("runs").set({ stop_requested: 1 }).execute();
  const ends = new UnwrittenEnds(database, { waits: [1], unconnected: true });
  assert.equal(await ends.end(claim, { kind: "transient", message: "Away", hint: null, code: null }), false);
  const { status, failure: why } = await readRun(database, run);
  assert.deepEqual([status, JSON.parse(why!).message], ["cancelled", "The run was stopped by request"]);
});

onEachDatabase("the time that a run has worked only grows, and only by its newest claim", async (databases) => {
  await using peer = await startImport(databases);
  await keepDuration(peer.database, peer.claim, 3_000);
  await peer.commits().commit(peer.batch([{ fields: { id: "1" } }], { duration: 2_500 }));
  assert.equal((await peer.run()).duration_ms, 3_000);
  await peer.commits().commit(peer.batch([{ fields: { id: "2" } }], { duration: 3_500 }));
  await keepDuration(peer.database, peer.claim, 3_200);
  await keepDuration(peer.database, { ...peer.claim, fence: 0 }, 9_000);
  assert.equal((await peer.run()).duration_ms, 3_500);
  await peer.database.kysely.updateTable("runs").set({ fence: 9 }).execute();
  await assert.rejects(peer.commits().commit(peer.batch([{ fields: { id: "3" } }])), LeaseLost);
});
