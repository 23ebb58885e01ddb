import assert from "node:assert/strict";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import type { RunsTable } from "../database/tables.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { startEngine } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { addRun, readRun } from "./import_testing.ts";
import { type Claim, holdFence, LEASE, LeaseLost } from "./claim.ts";
import { claimRun, extendLeases, finishRun, heldRuns, releaseRun } from "./queue.ts";

/** A process that takes part, without its lock. */
async function addProcess(database: Database): Promise<string> {
  const id = newId();
  await database.kysely.insertInto("processes")
    .values({ id, kind: "serve", machine: "here", pid: 1, address: null, started_at: 0, seen_at: 0 }).execute();
  return id;
}

async function change(database: Database, run: string, columns: Partial<RunsTable>): Promise<void> {
  await database.kysely.updateTable("runs").set(columns).where("id", "=", run).execute();
}

/** Claims until there is nothing left. */
async function claimAll(database: Database, owner: string): Promise<Claim[]> {
  const claims: Claim[] = [];
  for (let claim; (claim = await claimRun(database, owner, "any")) !== undefined;) claims.push(claim);
  return claims;
}

/** Far in the future of any clock. */
const LATER = 8.64e15;

onEachDatabase(
  "the run whose time came first is claimed first, then the older one, then the one with the smaller id",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    const owner = await addProcess(database);
    const id = (digit: string) => digit.repeat(32);
    await addRun(database, { id: id("d"), not_before: 5, created_at: 1 });
    await addRun(database, { id: id("c"), not_before: 3, created_at: 4 });
    await addRun(database, { id: id("b"), not_before: 3, created_at: 2 });
    await addRun(database, { id: id("a"), not_before: 3, created_at: 4 });
    await addRun(database, { id: id("e"), not_before: LATER });
    for (const status of ["succeeded", "failed", "cancelled"] as const) await addRun(database, { status });
    const claims = await claimAll(database, owner);
    assert.deepEqual(claims.map(({ run }) => run), ["b", "a", "c", "d"].map(id));
  },
);

onEachDatabase(
  "a claim takes the lease, counts the attempt, moves the fence and keeps the first start",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    const owner = await addProcess(database);
    const run = await addRun(database, { failure: '{"kind":"transient"}', finished_at: 1 });
    const before = await database.now();
    const claim = await claimRun(database, owner, "any");
    assert.deepEqual(claim, { account: 1, run, fence: 1 });
    const row = await readRun(database, run);
    assert.deepEqual(
      [row.status, row.attempts, row.fence, row.lease_owner, row.failure, row.finished_at],
      ["running", 1, 1, owner, null, null],
    );
    assert((row.started_at ?? 0) >= before && row.lease_until === row.started_at! + LEASE);
    await database.write((transaction) => releaseRun(transaction, claim!));
    await change(database, run, { started_at: 5 });
    assert.deepEqual(await claimRun(database, owner, "any"), { account: 1, run, fence: 2 });
    const again = await readRun(database, run);
    assert.deepEqual([again.attempts, again.started_at], [2, 5]);
  },
);

onEachDatabase("a run that waits for its time is not claimed before it", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const run = await addRun(database, { not_before: LATER });
  assert.equal(await claimRun(database, owner, "any"), undefined);
  await change(database, run, { not_before: await database.now() });
  assert.equal((await claimRun(database, owner, "any"))?.run, run);
});

onEachDatabase("a process that takes only its own runs leaves the others alone", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const [one, other] = [await addRun(database), await addRun(database)];
  assert.equal(await claimRun(database, owner, []), undefined);
  assert.equal(await claimRun(database, owner, [newId()]), undefined);
  assert.equal((await claimRun(database, owner, [other, newId()]))?.run, other);
  assert.equal((await readRun(database, one)).status, "queued");
});

onEachDatabase("runs of one job go one after another, those of others and of no job at once", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const [job, another] = [newId(), newId()];
  const first = await addRun(database, { job_id: job, created_at: 1 });
  const second = await addRun(database, { job_id: job, created_at: 2 });
  const third = await addRun(database, { job_id: another, created_at: 3 });
  const free = [await addRun(database, { created_at: 4 }), await addRun(database, { created_at: 5 })];
  const claims = await claimAll(database, owner);
  assert.deepEqual(claims.map(({ run }) => run), [first, third, ...free]);
  await finishRun(database.kysely, claims[0]!, { status: "succeeded" }, 0);
  assert.deepEqual((await claimAll(database, owner)).map(({ run }) => run), [second]);
});

onEachDatabase("the same job id in another account is another job", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  await database.kysely.insertInto("accounts").values({
    id: 2,
    public_id: "2",
    name: "two",
    settings: "{}",
    next_position: 1,
    import_epoch: 0,
    created_at: 0,
  })
    .execute();
  const owner = await addProcess(database);
  const job_id = newId();
  await addRun(database, { job_id });
  await addRun(database, { job_id, account_id: 2 });
  assert.deepEqual((await claimAll(database, owner)).map(({ account }) => account).sort(), [1, 2]);
});

onEachDatabase(
  "a running run is free when its lease ran out or its process is gone, and not before",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    const [owner, rival] = [await addProcess(database), await addProcess(database)];
    const run = await addRun(database, { job_id: newId() });
    const claim = await claimRun(database, owner, "any");
    assert.equal(await claimRun(database, rival, "any"), undefined);
    await change(database, run, { lease_until: await database.now() - 1 });
    assert.deepEqual(await claimRun(database, rival, "any"), { ...claim, fence: 2 });
    assert.equal(await claimRun(database, owner, "any"), undefined);
    await database.kysely.deleteFrom("processes").where("id", "=", rival).execute();
    assert.deepEqual(await claimRun(database, owner, "any"), { ...claim, fence: 3 });
    const row = await readRun(database, run);
    assert.deepEqual([row.attempts, row.lease_owner], [3, owner]);
  },
);

onEachDatabase("a process takes over none of the runs that it is working on", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const run = await addRun(database);
  await claimRun(database, owner, "any");
  await change(database, run, { lease_until: 1 });
  assert.equal(await claimRun(database, owner, "any", [run]), undefined);
  assert.equal((await claimRun(database, owner, "any", [newId()]))?.fence, 2);
});

onEachDatabase("claimers of several connections get different runs, each run once", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const runs = new Set<string>();
  for (let index = 0; index < 24; index++) runs.add(await addRun(database));
  await using other = await openDatabase(engine.address);
  const owners = [await addProcess(database), await addProcess(database)];
  const claims = (await Promise.all(
    [database, other, database, other].map((own, index) => claimAll(own, owners[index % 2]!)),
  )).flat();
  assert.equal(claims.length, runs.size);
  assert.deepEqual(new Set(claims.map(({ run }) => run)), runs);
  assert(claims.every(({ fence }) => fence === 1));
});

onEachDatabase(
  "a claim that was taken over holds no fence, and neither finishes nor gives back the run",
  async (databases) => {
    await using engine = await startEngine(databases);
    const { database } = engine.context;
    const [owner, rival] = [await addProcess(database), await addProcess(database)];
    const run = await addRun(database);
    const old = (await claimRun(database, owner, "any"))!;
    await database.write((transaction) => holdFence(transaction, old));
    await change(database, run, { lease_until: 1 });
    const claim = (await claimRun(database, rival, "any"))!;
    const before = await readRun(database, run);
    const lost = (error: unknown) => error instanceof LeaseLost && error.message.includes(run);
    await assert.rejects(database.write((transaction) => holdFence(transaction, old)), lost);
    await assert.rejects(finishRun(database.kysely, old, { status: "succeeded" }, 9), lost);
    await database.write((transaction) => releaseRun(transaction, old));
    assert.deepEqual(await readRun(database, run), before);
    await database.write((transaction) => holdFence(transaction, claim));
  },
);

onEachDatabase("a run that ended keeps its outcome and is held by nobody", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const failure = { kind: "data", message: "Broken", hint: null, code: null } as const;
  for (
    const outcome of [{ status: "succeeded" }, { status: "failed", failure }, { status: "cancelled", failure }] as const
  ) {
    const run = await addRun(database);
    const claim = (await claimRun(database, owner, [run]))!;
    await finishRun(database.kysely, claim, outcome, 77);
    const row = await readRun(database, run);
    assert.deepEqual(
      [row.status, row.failure, row.finished_at, row.lease_owner, row.lease_until],
      [outcome.status, "failure" in outcome ? JSON.stringify(failure) : null, 77, null, null],
    );
    await assert.rejects(database.write((transaction) => holdFence(transaction, claim)), LeaseLost);
  }
  assert.deepEqual(await heldRuns(database, owner), []);
});

onEachDatabase("a run that was given back is claimed again at once, and its position stays", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const run = await addRun(database, { checkpoint: '{"row":5}' });
  const claim = (await claimRun(database, owner, "any"))!;
  await database.write((transaction) => releaseRun(transaction, claim));
  const row = await readRun(database, run);
  assert.deepEqual([row.status, row.lease_owner, row.lease_until, row.checkpoint], ["queued", null, null, '{"row":5}']);
  assert.deepEqual(await claimRun(database, owner, "any"), { ...claim, fence: 2 });
});

onEachDatabase("a heartbeat extends the leases of the runs being worked on, and of no others", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const [owner, rival] = [await addProcess(database), await addProcess(database)];
  const [worked, idle, foreign] = [await addRun(database), await addRun(database), await addRun(database)];
  for (const [run, by] of [[worked, owner], [idle, owner], [foreign, rival]] as const) {
    await claimRun(database, by, [run]);
    await change(database, run, { lease_until: 1 });
  }
  await extendLeases(database, owner, []);
  assert.equal((await readRun(database, worked)).lease_until, 1);
  const before = await database.now();
  await extendLeases(database, owner, [worked, foreign]);
  assert(((await readRun(database, worked)).lease_until ?? 0) >= before + LEASE);
  assert.equal((await readRun(database, idle)).lease_until, 1);
  assert.equal((await readRun(database, foreign)).lease_until, 1);
});

onEachDatabase("a process sees which runs it holds, and which it was asked to stop", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const [one, other] = [await addRun(database, { created_at: 1 }), await addRun(database, { created_at: 2 })];
  await addRun(database, { not_before: LATER });
  await claimAll(database, owner);
  await change(database, other, { stop_requested: 1 });
  const held = await heldRuns(database, owner);
  assert.deepEqual(
    new Map(held.map(({ run, ...rest }) => [run, rest])),
    new Map([
      [one, { fence: 1, stopRequested: false }],
      [other, { fence: 1, stopRequested: true }],
    ]),
  );
});

onEachDatabase("a heartbeat does not wait for a commit, which extends the lease itself", async (databases) => {
  await using engine = await startEngine(databases);
  const { database } = engine.context;
  const owner = await addProcess(database);
  const [held, idle] = [await addRun(database), await addRun(database)];
  const claims = await claimAll(database, owner);
  for (const run of [held, idle]) await change(database, run, { lease_until: 1 });
  await using other = await openDatabase(engine.address);
  const release = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const commit = other.write(async (transaction) => {
    await holdFence(transaction, claims.find(({ run }) => run === held)!);
    holding.resolve();
    await release.promise;
  }, { beside: true });
  await holding.promise;
  // On SQLite every write waits for the transaction under way.
  if (database.kind === "sqlite") release.resolve();
  await extendLeases(database, owner, [held, idle]);
  const now = await database.now();
  assert.ok((await readRun(database, idle)).lease_until! > now);
  if (database.kind === "postgres") assert.equal((await readRun(database, held)).lease_until, 1);
  release.resolve();
  await commit;
});
