import assert from "node:assert/strict";
import type { FailureJson } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import { gzipMember } from "../profiles/archive.ts";
import { SYSTEM } from "./actor.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { type Core, openCore } from "./core.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { newId } from "./ids.ts";
import { addRun, readRun } from "./import_testing.ts";
import { LEASE } from "./claim.ts";
import { runsOf, type RunsOptions } from "./runs.ts";
import type { Runs } from "./runtime.ts";
import type { Page, RunView } from "./views.ts";

interface Peer extends AsyncDisposable {
  readonly core: Core;
  readonly runs: Runs;
  /** Runs that this process's runner was told of. */
  readonly queued: string[];
  /** Who is there to execute runs; tests change it as they go. */
  readonly alive: { processes: Set<string>; serving: boolean };
  readonly progress: Map<string, Progress>;
  readonly halted: Map<string, FailureJson>;
  /** Runs that this process works on. */
  readonly done: Map<string, Promise<void>>;
}

async function start(
  databases: TestDatabases,
  resolve: RunsOptions["resolve"] = () => Promise.reject(new Error("Not asked for")),
): Promise<Peer> {
  const folder = await makeFolder();
  await databases.useInHomes();
  const core = await openCore({ home: folder.path, plugins: [] });
  const queued: string[] = [], progress = new Map<string, Progress>();
  const halted = new Map<string, FailureJson>(), done = new Map<string, Promise<void>>();
  const alive = { processes: new Set<string>(), serving: false };
  const runs = runsOf(core, {
    actor: SYSTEM,
    account: 1,
    resolve,
    queued: async (run) => void queued.push(run),
    progress: async (run) => progress.get(run),
    halted: (run) => halted.get(run),
    done: (run) => done.get(run),
    alive: async () => alive,
  });
  return {
    core,
    runs,
    queued,
    alive,
    progress,
    halted,
    done,
    [Symbol.asyncDispose]: async () => {
      await core[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const id = (start: string, end = "0") => start.padEnd(31, "0") + end;
const FAILED = (kind: string) => JSON.stringify({ kind, message: "It broke", hint: null, code: null });

onEachDatabase(
  "a run that starts is queued with what was resolved, and this process's runner is told",
  async (databases) => {
    const resolved = {
      jobId: newId(),
      jobType: "echo-import",
      authId: newId(),
      config: { file: "a.csv" },
      personal: 0,
      notes: [],
    };
    await using peer = await start(databases, async (input) => {
      assert.deepEqual(input, { job: "Nightly" });
      return resolved;
    });
    const run = await peer.runs.start({ job: "Nightly" });
    assert.deepEqual(
      [
        run.status,
        run.job_id,
        run.type,
        run.auth_id,
        run.config,
        run.read,
        run.attempts,
        run.started_at,
        run.failure,
      ],
      ["queued", resolved.jobId, "echo-import", resolved.authId, { file: "a.csv" }, 0, 0, null, null],
    );
    assert.deepEqual(peer.queued, [run.id]);
    assert.deepEqual(await peer.runs.get(run.id), run);
  },
);

onEachDatabase("what cannot be resolved queues nothing", async (databases) => {
  await using peer = await start(databases);
  await assert.rejects(peer.runs.start({ job: "Nightly" }), /Not asked for/);
  assert.deepEqual([peer.queued, (await peer.runs.list()).items], [[], []]);
});

onEachDatabase("a run is found by as much of its id as names it alone", async (databases) => {
  await using peer = await start(databases);
  const [one, other] = [id("abcd1"), id("abcd2")];
  for (const own of [one, other]) await addRun(peer.core.database, { id: own });
  await addRun(peer.core.database, { id: id("ffff"), account_id: 1 });
  assert.equal((await peer.runs.get("abcd1")).id, one);
  assert.equal((await peer.runs.get(other)).id, other);
  assert.equal((await peer.runs.get("ffff")).id, id("ffff"));
  await assert.rejects(peer.runs.get("abcd"), failure("config", /^Several runs have an id that starts with "abcd"$/));
  for (const wrong of ["abc", "abcd3", "ABCD1", "", "abcd%", `${one}0`]) {
    await assert.rejects(peer.runs.get(wrong), failure("config", /does not exist$/, { code: "not_found" }));
  }
});

onEachDatabase("runs are listed newest first, in pages that leave none out and give none twice", async (databases) => {
  await using peer = await start(databases);
  const ids: string[] = [];
  // Three at a time: pages end among runs that began in the same millisecond.
  for (let index = 0; index < 25; index++) {
    ids.push(
      await addRun(peer.core.database, {
        created_at: Math.floor(index / 3),
        id: id(index.toString(16).padStart(4, "0")),
      }),
    );
  }
  for (const limit of [1, 2, 3, 7, 24, 25, 26]) {
    const seen: string[] = [];
    let pages = 0;
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page: Page<RunView> = await peer.runs.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
      assert(page.items.length <= limit);
      seen.push(...page.items.map((run) => run.id));
      cursor = page.next;
      pages++;
    }
    assert.deepEqual(seen, ids.toReversed());
    assert.equal(pages, Math.ceil(25 / limit), "no page is empty");
  }
  assert.equal((await peer.runs.list({ limit: 0 })).items.length, 1);
  assert.equal((await peer.runs.list()).items.length, 25);
  await assert.rejects(peer.runs.list({ cursor: "5" }), failure("config", /^Cursor "5" is not one/));
});

onEachDatabase("runs are listed by status, and by the job's id or label", async (databases) => {
  await using peer = await start(databases);
  const { database } = peer.core;
  const job = newId();
  await database.kysely.insertInto("jobs").values({
    account_id: 1,
    id: job,
    type: "echo-import",
    label: "Nightly",
    description: "",
    auth_id: null,
    config: "{}",
    status: "active",
    personal: 0,
    revision: 1,
    created_at: 0,
    updated_at: 0,
  }).execute();
  const own = await addRun(database, { job_id: job, created_at: 1, status: "failed" });
  const newer = await addRun(database, { job_id: job, created_at: 2 });
  const other = await addRun(database, { created_at: 3, status: "failed" });
  const list = async (options: Parameters<Runs["list"]>[0]) =>
    (await peer.runs.list(options)).items.map((run) => run.id);
  assert.deepEqual(await list({ job }), [newer, own]);
  assert.deepEqual(await list({ job: "Nightly" }), [newer, own]);
  assert.deepEqual(await list({ status: "failed" }), [other, own]);
  assert.deepEqual(await list({ status: "failed", job: "Nightly" }), [own]);
  assert.deepEqual(await list({ status: "succeeded" }), []);
  await assert.rejects(
    list({ job: "nightl" }),
    failure("config", /no job "nightl"/, { code: "not_found", hint: /"Nightly"/ }),
  );
});

onEachDatabase("a run tells what happened, and what to do next by who is there", async (databases) => {
  await using peer = await start(databases);
  const { database } = peer.core;
  const auth_id = newId();
  const next = async (run: string) => (await peer.runs.get(run)).next_step;
  const add = (columns: Parameters<typeof addRun>[1]) => addRun(database, columns);
  const [fresh, again] = [await add({}), await add({ attempts: 1 })];
  const transient = await add({ status: "failed", failure: FAILED("transient") });
  const auth = await add({ status: "failed", failure: FAILED("auth"), auth_id });
  const data = await add({ status: "failed", failure: FAILED("data"), rejected: 3 });
  const stopped = await add({ status: "cancelled", failure: FAILED("cancelled") });
  const done = await add({ status: "succeeded", finished_at: 5 });
  assert.equal(await next(fresh), "waybill serve");
  assert.equal(await next(again), `waybill run retry ${again}`);
  assert.equal(await next(transient), `waybill run retry ${transient}`);
  assert.equal(await next(auth), `waybill auth check ${auth_id}`);
  assert.equal(await next(data), `waybill run rejects ${data}`);
  assert.equal(await next(stopped), `waybill run retry ${stopped}`);
  assert.equal(await next(done), null);
  peer.alive.serving = true;
  assert.deepEqual([await next(fresh), await next(again), await next(transient)], [
    null,
    null,
    `waybill run retry ${transient}`,
  ]);
  const view = await peer.runs.get(done);
  assert.deepEqual([view.finished_at, view.started_at, view.not_before], ["1970-01-01T00:00:00.005Z", null, null]);
});

onEachDatabase(
  "a running run shows how far it is: live where this process executes it, else as it was last kept",
  async (databases) => {
    await using peer = await start(databases);
    const kept: Progress = { done: 1, unit: "rows" };
    const run = await addRun(peer.core.database, { status: "running", progress: JSON.stringify(kept) });
    assert.deepEqual((await peer.runs.get(run)).progress, kept);
    peer.progress.set(run, { done: 2, total: 9, unit: "bytes", note: "a.csv" });
    assert.deepEqual((await peer.runs.get(run)).progress, { done: 2, total: 9, unit: "bytes", note: "a.csv" });
    // What an earlier attempt left would lag behind what another process has committed since.
    const left = JSON.stringify({ done: 5, total: 9, unit: "bytes" });
    const other = await addRun(peer.core.database, { status: "running", progress: left, bytes: 7 });
    assert.deepEqual((await peer.runs.get(other)).progress, { done: 7, total: 9, unit: "bytes" });
  },
);

onEachDatabase(
  "a queued run that is stopped is cancelled, a running one is asked to stop, an ended one is left",
  async (databases) => {
    await using peer = await start(databases);
    const { database } = peer.core;
    const queued = await addRun(database);
    const stopped = await peer.runs.stop(queued);
    assert.deepEqual([stopped.status, stopped.failure?.kind], ["cancelled", "cancelled"]);
    assert.notEqual(stopped.finished_at, null);
    const owner = newId();
    peer.alive.processes.add(owner);
    const running = await addRun(database, { status: "running", lease_owner: owner, lease_until: 8e15 });
    assert.equal((await peer.runs.stop(running)).status, "running");
    assert.equal((await readRun(database, running)).stop_requested, 1);
    for (const status of ["succeeded", "failed", "cancelled"] as const) {
      const ended = await addRun(database, { status });
      const before = await readRun(database, ended);
      await assert.rejects(
        peer.runs.stop(ended),
        failure("config", new RegExp(`it is ${status}$`), { code: "conflict" }),
      );
      assert.deepEqual(await readRun(database, ended), before);
    }
  },
);

onEachDatabase(
  "a failed or cancelled run is queued again where it was, with nothing of its end left",
  async (databases) => {
    await using peer = await start(databases);
    const { database } = peer.core;
    for (const status of ["failed", "cancelled"] as const) {
      const run = await addRun(database, {
        status,
        failure: FAILED("transient"),
        checkpoint: '{"row":5}',
        accepted: 5,
        rows_read: 5,
        finished_at: 9,
        stop_requested: 1,
      });
      const view = await peer.runs.retry(run);
      assert.deepEqual([view.status, view.failure, view.finished_at, view.accepted], ["queued", null, null, 5]);
      const row = await readRun(database, run);
      assert.deepEqual([row.checkpoint, row.stop_requested], ['{"row":5}', 0]);
      assert.equal(peer.queued.pop(), run);
    }
  },
);

onEachDatabase("a run that is done or in the hands of a living process is not retried", async (databases) => {
  await using peer = await start(databases);
  const { database } = peer.core;
  const owner = newId();
  peer.alive.processes.add(owner);
  const done = await addRun(database, { status: "succeeded" });
  await assert.rejects(
    peer.runs.retry(done),
    failure("config", /done already$/, { code: "conflict", hint: /new run/ }),
  );
  const lease_until = await database.now() + LEASE;
  const running = await addRun(database, { status: "running", lease_owner: owner, lease_until });
  await assert.rejects(
    peer.runs.retry(running),
    failure("config", /still running$/, { code: "conflict", hint: /waybill run stop/ }),
  );
  assert.deepEqual(peer.queued, []);
});

onEachDatabase(
  "a queued run, or one whose process is gone or silent, is handed to this process's runner",
  async (databases) => {
    await using peer = await start(databases);
    const { database } = peer.core;
    const owner = newId();
    const lease_until = await database.now() + LEASE;
    const queued = await addRun(database);
    const orphan = await addRun(database, { status: "running", lease_owner: newId(), lease_until, stop_requested: 1 });
    peer.alive.processes.add(owner);
    const silent = await addRun(database, { status: "running", lease_owner: owner, lease_until: 1 });
    for (const run of [queued, orphan, silent]) {
      await peer.runs.retry(run);
      assert.equal(peer.queued.pop(), run);
      assert.equal((await readRun(database, run)).stop_requested, 0);
    }
  },
);

onEachDatabase("a run is followed to its end, and a view comes only when something changed", async (databases) => {
  await using peer = await start(databases);
  const { database } = peer.core;
  const run = await addRun(database);
  const seen: [string, number][] = [];
  for await (const view of peer.runs.follow(run.slice(0, 12))) {
    seen.push([view.status, view.accepted]);
    const { kysely } = database;
    if (view.status === "queued") await kysely.updateTable("runs").set({ status: "running" }).execute();
    else if (view.accepted === 0) await kysely.updateTable("runs").set({ accepted: 5 }).execute();
    else await kysely.updateTable("runs").set({ status: "succeeded" }).execute();
  }
  assert.deepEqual(seen, [["queued", 0], ["running", 0], ["running", 5], ["succeeded", 5]]);
});

onEachDatabase("the end of a run of this process is seen at once, not at the next look", async (databases) => {
  await using peer = await start(databases);
  const { kysely } = peer.core.database;
  const run = await addRun(peer.core.database, { status: "running" });
  const done = Promise.withResolvers<void>();
  peer.done.set(run, done.promise);
  const statuses: string[] = [];
  const { setTimeout } = globalThis;
  const pauses = new Set<unknown>();
  try {
    for await (const { status } of peer.runs.follow(run)) {
      statuses.push(status);
      if (status !== "running") continue;
      await kysely.updateTable("runs").set({ status: "succeeded" }).execute();
      // From here on no pause ends by itself.
      globalThis.setTimeout = Object.assign((...args: Parameters<typeof setTimeout>) => {
        const timer = setTimeout(...args);
        if (args[1] === 150) {
          pauses.add(timer);
          clearTimeout(timer);
          done.resolve();
        }
        return timer;
      }, setTimeout);
    }
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert.deepEqual(statuses, ["running", "succeeded"]);
  assert.equal(pauses.size, 1);
});

onEachDatabase("whoever follows a run that came to a halt is told why, and how it goes on", async (databases) => {
  await using peer = await start(databases);
  const run = await addRun(peer.core.database, { status: "running" });
  peer.halted.set(run, { kind: "transient", message: "The disk is full", hint: "Free some space", code: null });
  await assert.rejects(Array.fromAsync(peer.runs.follow(run)), {
    kind: "transient",
    message: "The disk is full",
    hint: `Free some space: \`waybill run retry ${run}\``,
  });
});

onEachDatabase("whoever follows may stop following", async (databases) => {
  await using peer = await start(databases);
  const run = await addRun(peer.core.database);
  const stop = new AbortController();
  let views = 0;
  for await (const _ of peer.runs.follow(run, { signal: stop.signal })) {
    views++;
    stop.abort();
  }
  assert.equal(views, 1);
  await assert.rejects(
    Array.fromAsync(peer.runs.follow(id("dead"))),
    failure("config", /does not exist/, { code: "not_found" }),
  );
});

onEachDatabase("rejected rows of all segments are read in order, up to what is durable", async (databases) => {
  await using peer = await start(databases);
  const { archive, database } = peer.core;
  const run = await addRun(database);
  const line = (number: number, raw: string) =>
    `${JSON.stringify({ line: number, offset: number * 10, reason: "Broken", raw: btoa(raw) })}\n`;
  const append = (path: string, length: number, text: string) =>
    archive.append(path, length, gzipMember(new TextEncoder().encode(text)));
  const lengths = [
    await append("1/rejects/a", 0, line(2, "x,\xff") + line(3, '"')),
    await append("1/rejects/b", 0, line(9, "")),
  ];
  await append("1/rejects/b", lengths[1]!, line(10, "lost"));
  for (const [index, owner] of [run, run, newId()].entries()) {
    await database.kysely.insertInto("segments").values({
      account_id: 1,
      id: index + 1,
      kind: "rejects",
      owner,
      hour: 0,
      writer: "w",
      path: index === 1 ? "1/rejects/b" : "1/rejects/a",
      length: lengths[index] ?? 1,
      events: 0,
    }).execute();
  }
  assert.deepEqual(await Array.fromAsync(peer.runs.rejects(run.slice(0, 20))), [
    { line: 2, offset: 20, reason: "Broken", raw: "x,\ufffd" },
    { line: 3, offset: 30, reason: "Broken", raw: '"' },
    { line: 9, offset: 90, reason: "Broken", raw: "" },
  ]);
  assert.deepEqual(await Array.fromAsync(peer.runs.rejects(await addRun(database))), []);
});

onEachDatabase("a followed run whose server went away is offered to this process", async (databases) => {
  await using peer = await start(databases);
  const { kysely } = peer.core.database;
  const run = await addRun(peer.core.database, { attempts: 1 });
  const offered = Promise.withResolvers<void>();
  peer.queued.push = (offer) => {
    assert.equal(offer, run);
    offered.resolve();
    return 1;
  };
  const following = Array.fromAsync(peer.runs.follow(run));
  await offered.promise;
  await kysely.updateTable("runs").set({ status: "succeeded" }).execute();
  assert.deepEqual((await following).map(({ status }) => status), ["queued", "succeeded"]);
});
