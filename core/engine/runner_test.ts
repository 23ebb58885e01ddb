import assert from "node:assert/strict";
import { sql } from "kysely";
import { Failure } from "../contracts/failure.ts";
import { alteredDatabase } from "../database/altered_testing.ts";
import { collectLog, type LogLine } from "../testing/collect_log.ts";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import type { Claim } from "./claim.ts";
import { failure, makeFolder } from "./engine_testing.ts";
import { homeOf } from "./home.ts";
import { readRun } from "./import_testing.ts";
import { openRuntime } from "./open.ts";
import { Processes } from "./processes.ts";
import { claimRun } from "./queue.ts";
import { Runner, type RunnerOptions } from "./runner.ts";
import type { Runtime } from "./runtime.ts";
import type { RunView } from "./views.ts";

const PLUGINS = [import.meta.resolve("./runner_plugin_testing.ts")];

type Act = "finish" | "wait" | "crash" | "fail" | "throw" | "deaf" | "drop" | "away" | "hold";

interface Peer extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly database: Database;
  readonly log: readonly LogLine[];
  /** Queues a run. */
  queue(act: Act, rows?: number): Promise<string>;
  /** Starts a runner in this process, as a process of its own would. */
  start(takes: "any" | "own", options?: Partial<RunnerOptions>): Promise<Runner & AsyncDisposable>;
  /** The run once it has ended. */
  end(run: string): Promise<RunView>;
}

async function startPeer(databases: TestDatabases): Promise<Peer> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder());
  await databases.useInHomes();
  const { log, lines } = collectLog();
  const engineLog = { ...log, with: () => engineLog };
  const runtime = stack.use(
    await openRuntime({ home: folder.path, plugins: PLUGINS, runner: "none", log: engineLog }),
  );
  await runtime.auths.create({ method: "staged-open", label: "Open", config: {} });
  const database = stack.use(await openDatabase(homeOf(folder.path).database));
  return {
    runtime,
    database,
    log: lines,
    queue: async (act, rows = 3) =>
      (await runtime.runs.start({ type: "staged-import", config: { stream: "people", rows, act } })).id,
    start: async (takes, options = {}) => {
      const kind = takes === "any" ? "serve" : "cli";
      const processes = await Processes.join(database, `${folder.path}/processes`, kind);
      stack.use(processes);
      return new Runner({ database, processes, home: folder.path, plugins: PLUGINS, takes, log, ...options });
    },
    end: async (run) => {
      const views = await Array.fromAsync(runtime.runs.follow(run));
      return views.at(-1)!;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Waits until it is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

onEachDatabase("a runner that takes any run executes what is queued, and what comes later", async (databases) => {
  await using peer = await startPeer(databases);
  const before = await peer.queue("finish", 4);
  const job = "0".repeat(32);
  await peer.database.kysely.updateTable("runs").set({ job_id: job }).where("id", "=", before).execute();
  await using runner = await peer.start("any");
  const { status, read, accepted, profiles_created, attempts, failure, progress } = await peer.end(before);
  assert.deepEqual([status, read, accepted, profiles_created, attempts, failure], ["succeeded", 4, 4, 4, 1, null]);
  assert.deepEqual(progress, { done: 4, unit: "rows" });
  await until(() => endOf(peer, before) !== undefined);
  assert.deepEqual(endOf(peer, before), { level: "info", fields: { run: before, job, status: "succeeded" } });
  const later = await peer.queue("finish", 5);
  runner.wake();
  assert.equal((await peer.end(later)).profiles_updated, 0);
  assert.equal((await peer.runtime.streams.get("people")).events, 9);
  const line = await logged(
    peer,
    ({ message, fields }) => message === "All rows are handed over" && fields.run === later,
  );
  assert.deepEqual([line.level, line.fields], ["info", { run: later, rows: 5 }]);
  await until(() => endOf(peer, later) !== undefined);
  assert.deepEqual(endOf(peer, later), { level: "info", fields: { run: later, status: "succeeded" } });
});

/** A line of the log, once it is there: what a run's thread tells may come after the database shows how it ended. */
async function logged(peer: { readonly log: readonly LogLine[] }, is: (line: LogLine) => boolean): Promise<LogLine> {
  await until(() => peer.log.some(is));
  return peer.log.find(is)!;
}

/** The log's line of a run's end. */
function endOf(peer: { readonly log: readonly LogLine[] }, run: string) {
  const line = peer.log.find(({ message, fields }) => message === "The run ended" && fields.run === run);
  return line && { level: line.level, fields: line.fields };
}

onEachDatabase("a runner that takes its own runs leaves the others in the queue", async (databases) => {
  await using peer = await startPeer(databases);
  const [other, own] = [await peer.queue("finish"), await peer.queue("finish")];
  await using runner = await peer.start("own");
  runner.add(own);
  assert.equal((await peer.end(own)).status, "succeeded");
  assert.deepEqual([(await peer.runtime.runs.get(other)).status, (await readRun(peer.database, other)).fence], [
    "queued",
    0,
  ]);
});

onEachDatabase("a run that fails keeps its failure, and what it committed", async (databases) => {
  await using peer = await startPeer(databases);
  await using _runner = await peer.start("any");
  const run = await peer.end(await peer.queue("fail"));
  assert.deepEqual([run.status, run.accepted], ["failed", 3]);
  assert.deepEqual(run.failure, { kind: "data", message: "The file is broken", hint: "Mend it", code: null });
});

onEachDatabase("a run that throws anything else is a bug, whose stack is in the log alone", async (databases) => {
  await using peer = await startPeer(databases);
  await using _runner = await peer.start("any");
  const run = await peer.end(await peer.queue("throw"));
  assert.deepEqual([run.status, run.failure?.kind, run.failure?.message], [
    "failed",
    "bug",
    "undefined is not a function",
  ]);
  await logged(peer, ({ level, message }) => level === "error" && message.includes("runner_plugin_testing.ts"));
  assert(!JSON.stringify(run).includes("runner_plugin_testing.ts"));
});

onEachDatabase("a run whose thread crashes fails as a bug, and the runner goes on", async (databases) => {
  await using peer = await startPeer(databases);
  await using _runner = await peer.start("any");
  const run = await peer.end(await peer.queue("crash"));
  assert.deepEqual([run.status, run.failure?.kind, run.accepted], ["failed", "bug", 3]);
  assert.match(run.failure?.message ?? "", /^The run's thread ended: .*Nobody catches this/);
  assert.equal((await peer.end(await peer.queue("finish"))).status, "succeeded");
});

onEachDatabase(
  "a run that is stopped ends as cancelled, and goes on from its position when it is retried",
  async (databases) => {
    await using peer = await startPeer(databases);
    await using runner = await peer.start("any");
    const id = await peer.queue("wait");
    await until(() => runner.progress(id)?.done === 3);
    await peer.runtime.runs.stop(id);
    const stopped = await peer.end(id);
    assert.deepEqual([stopped.status, stopped.failure?.kind, stopped.accepted], ["cancelled", "cancelled", 3]);
    assert.equal(stopped.failure?.message, "The run was stopped by request");
    await until(() => runner.progress(id) === undefined);
    await until(() => endOf(peer, id) !== undefined);
    assert.deepEqual(endOf(peer, id)?.fields, { run: id, status: "cancelled" });
    assert(peer.log.every(({ level }) => level !== "error"), "somebody asked for it: it is no error");
    await peer.runtime.runs.retry(id);
    const again = await peer.end(id);
    assert.deepEqual([again.status, again.accepted, again.attempts], ["succeeded", 3, 2]);
  },
);

onEachDatabase(
  "a runner that goes down gives its runs back, and the next one goes on from their position",
  async (databases) => {
    await using peer = await startPeer(databases);
    const first = await peer.start("any");
    const id = await peer.queue("wait");
    await until(() => first.progress(id)?.done === 3);
    await first[Symbol.asyncDispose]();
    const row = await readRun(peer.database, id);
    assert.deepEqual([row.status, row.lease_owner, row.lease_until, row.failure], ["queued", null, null, null]);
    assert.deepEqual([row.checkpoint, row.accepted], ['{"row":3}', 3]);
    await using _next = await peer.start("any");
    const { status, accepted, attempts } = await peer.end(id);
    assert.deepEqual([status, accepted, attempts], ["succeeded", 3, 2]);
    assert.equal((await peer.runtime.streams.get("people")).events, 3);
  },
);

onEachDatabase("a runner that goes down keeps what its runs told so far", async (databases) => {
  await using peer = await startPeer(databases);
  const first = await peer.start("any");
  const id = await peer.queue("wait");
  await until(() => first.progress(id)?.done === 3);
  await first[Symbol.asyncDispose]();
  const { status, notes, progress, duration_ms } = await peer.runtime.runs.get(id);
  assert.deepEqual([status, notes, progress], ["queued", ["It waits"], { done: 3, unit: "rows" }]);
  assert.ok(duration_ms > 0);
});

onEachDatabase(
  "a run that does not stop when asked is cut off after a while, and what it committed stays",
  async (databases) => {
    await using peer = await startPeer(databases);
    await using runner = await peer.start("any", { stopGrace: 50 });
    const id = await peer.queue("deaf");
    await until(() => runner.progress(id)?.done === 3);
    await peer.runtime.runs.stop(id);
    const { status, accepted, failure } = await peer.end(id);
    assert.deepEqual([status, accepted, failure?.kind], ["cancelled", 3, "cancelled"]);
    assert.equal(failure?.message, "The run was stopped by request; it did not stop when asked and was cut off");
    await peer.runtime.runs.retry(id);
    assert.deepEqual([(await peer.end(id)).status, (await peer.runtime.streams.get("people")).events], [
      "succeeded",
      3,
    ]);
  },
);

onEachDatabase("a run whose line drops tries again by itself, and goes on from its position", async (databases) => {
  await using peer = await startPeer(databases);
  await using _runner = await peer.start("any", { retries: { waits: [1], unconnected: true } });
  const id = await peer.queue("drop");
  const { status, accepted, attempts, failure, notes } = await peer.end(id);
  assert.deepEqual([status, accepted, attempts, failure, notes], ["succeeded", 3, 2, null, ["The line is bad"]]);
  const { level } = await logged(peer, ({ message }) => message === "The line dropped; the run tries again in 1 s");
  assert.equal(level, "warn");
});

onEachDatabase(
  "a runner whose disk is full when its run is to try again says why that came to a halt",
  async (databases) => {
    await using peer = await startPeer(databases);
    const full = new Failure("transient", 'The disk that holds database "waybill.db" is full');
    let run = "", isFull = false;
    const database = alteredDatabase(peer.database, {
      write: async (work, options) => {
        if (isFull) throw full;
        const done = await peer.database.write(work, options);
        // It has begun: what its own thread writes still finds room.
        isFull = run !== "" && (await readRun(peer.database, run)).attempts > 0;
        return done;
      },
    });
    await using runner = await peer.start("own", { database, retries: { waits: [1], unconnected: true } });
    run = await peer.queue("drop");
    runner.add(run);
    await until(() => runner.halted(run) !== undefined);
    assert.deepEqual([runner.halted(run)?.kind, runner.halted(run)?.message], ["transient", full.message]);
    const { status, attempts } = await peer.runtime.runs.get(run);
    assert.deepEqual([status, attempts], ["queued", 1]);
    const id = run;
    run = "";
    isFull = false;
    assert.equal((await peer.end(id)).status, "succeeded");
  },
);

onEachDatabase("a runner that takes its own runs takes one again that waited to try again", async (databases) => {
  await using peer = await startPeer(databases);
  await using runner = await peer.start("own", { retries: { waits: [1], unconnected: false } });
  const id = await peer.queue("drop");
  runner.add(id);
  const { status, attempts } = await peer.end(id);
  assert.deepEqual([status, attempts], ["succeeded", 2]);
});

onEachDatabase(
  "a run that is wanted again before its thread has told that it ended is taken again",
  async (databases) => {
    await using peer = await startPeer(databases);
    await using runner = await peer.start("own");
    const id = await peer.queue("wait");
    runner.add(id);
    await until(() => runner.progress(id)?.done === 3);
    await peer.runtime.runs.stop(id);
    runner.add(id);
    assert.equal((await peer.end(id)).status, "cancelled");
    await peer.runtime.runs.retry(id);
    assert.equal((await peer.end(id)).status, "succeeded");
  },
);

onEachDatabase(
  "a run that waits to try again tells why and until when, is stopped at once, and retried at once",
  async (databases) => {
    await using peer = await startPeer(databases);
    await using _runner = await peer.start("any", { retries: { waits: [3_600_000], unconnected: true } });
    const id = await peer.queue("drop");
    await until(async () => (await readRun(peer.database, id)).retries === 1);
    const waiting = await peer.runtime.runs.get(id);
    assert.deepEqual([waiting.status, waiting.failure?.message, waiting.finished_at], [
      "queued",
      "The line dropped",
      null,
    ]);
    assert.ok(Date.parse(waiting.not_before ?? "") > Date.now() + 2_000_000);
    assert.equal((await peer.runtime.runs.stop(id)).status, "cancelled");
    await peer.runtime.runs.retry(id);
    assert.equal((await peer.end(id)).status, "succeeded");

    const other = await peer.queue("drop");
    await until(async () => (await readRun(peer.database, other)).retries === 1);
    await peer.runtime.runs.retry(other);
    assert.equal((await peer.end(other)).status, "succeeded");
  },
);

onEachDatabase("a run that gets nowhere tries again as often as planned, then fails", async (databases) => {
  await using peer = await startPeer(databases);
  await using _runner = await peer.start("any", { retries: { waits: [1, 1, 1], unconnected: true } });
  const { status, attempts, failure } = await peer.end(await peer.queue("away"));
  assert.deepEqual([status, attempts, failure?.kind, failure?.message], [
    "failed",
    4,
    "transient",
    "The other side is away",
  ]);
});

onEachDatabase("a runner that goes down takes no more runs", async (databases) => {
  await using peer = await startPeer(databases);
  const runner = await peer.start("any");
  await runner[Symbol.asyncDispose]();
  const id = await peer.queue("finish");
  runner.add(id);
  runner.wake();
  assert.equal((await peer.runtime.runs.get(id)).status, "queued");
});

onEachDatabase("two runs go at a time, and the next when one of them has ended", async (databases) => {
  await using peer = await startPeer(databases);
  await using runner = await peer.start("any");
  const ids = [await peer.queue("wait"), await peer.queue("wait"), await peer.queue("wait")];
  await until(() => ids.filter((id) => runner.progress(id)?.done === 3).length === 2);
  const waiting = ids.filter((id) => runner.progress(id) === undefined);
  assert.equal(waiting.length, 1);
  const [running] = ids.filter((id) => !waiting.includes(id));
  assert.equal((await peer.runtime.runs.get(waiting[0]!)).status, "queued");
  await peer.runtime.runs.stop(running!);
  await until(() => runner.progress(waiting[0]!)?.done === 3);
});

onEachDatabase(
  "a run that another process took over is let go of, and its new owner's state stays",
  async (databases) => {
    await using peer = await startPeer(databases);
    await using runner = await peer.start("any");
    const id = await peer.queue("wait");
    await until(() => runner.progress(id)?.done === 3);
    await using rival = await startRival(peer.database);
    let claim: Claim | undefined;
    // Its owner may prolong the lease between the two.
    while (claim === undefined) {
      await peer.database.kysely.updateTable("runs").set({ lease_until: 1 }).execute();
      claim = await claimRun(peer.database, rival.id, "any");
    }
    assert.equal(claim.run, id);
    await until(() => runner.progress(id) === undefined);
    const { status, fence, lease_owner, failure } = await readRun(peer.database, id);
    assert.deepEqual([status, fence, lease_owner, failure], ["running", claim.fence, rival.id, null]);
  },
);

async function startRival(database: Database): Promise<AsyncDisposable & { readonly id: string }> {
  const folder = await makeFolder();
  const processes = await Processes.join(database, folder.path, "cli");
  return {
    id: processes.id,
    [Symbol.asyncDispose]: async () => {
      await processes[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

onEachDatabase("a runner that cannot read the queue says so, and works again once it can", async (databases) => {
  await using peer = await startPeer(databases);
  await using runner = await peer.start("any");
  assert.equal((await peer.end(await peer.queue("finish"))).status, "succeeded");
  assert.equal(runner.failing, undefined);
  await sql`alter table runs rename to hidden`.execute(peer.database.kysely);
  runner.wake();
  await until(() => runner.failing !== undefined);
  await logged(peer, ({ level, message }) => level === "error" && message.startsWith("The queue could not be read"));
  await sql`alter table hidden rename to runs`.execute(peer.database.kysely);
  runner.wake();
  await until(() => runner.failing === undefined);
  assert.equal((await peer.end(await peer.queue("finish"))).status, "succeeded");
});

onEachDatabase(
  "a held run waits until each thing that it is held for is approved, or it is stopped",
  async (databases) => {
    await using peer = await startPeer(databases);
    await using _runner = await peer.start("any");
    const { runs } = peer.runtime;
    const run = await peer.queue("hold");
    const held = await peer.end(run);
    assert.deepEqual([held.status, held.failure?.message, held.next_step], [
      "held",
      "Half of the rows are gone",
      `waybill run approve ${run}`,
    ]);
    assert.deepEqual([held.accepted, held.finished_at === null], [3, false], "what was committed before stays");
    assert.deepEqual((await runs.list({ status: "held" })).items.map(({ id }) => id), [run]);
    await assert.rejects(runs.retry(run), failure("config", / waits for approval$/, { code: "conflict" }));
    await runs.approve(run);
    const again = await peer.end(run);
    assert.deepEqual([again.status, again.failure?.message, again.accepted], ["held", "So is the header", 3]);
    await runs.approve(run);
    const done = await peer.end(run);
    assert.deepEqual([done.status, done.failure, done.accepted], ["succeeded", null, 3]);
    assert.deepEqual(done.notes, ["Approved: Half of the rows are gone", "Approved: So is the header"]);
    await assert.rejects(runs.approve(run), failure("config", / is not held: it is succeeded$/, { code: "conflict" }));

    const other = await peer.queue("hold");
    assert.equal((await peer.end(other)).status, "held");
    assert.equal((await runs.stop(other)).status, "cancelled");
    await assert.rejects(
      runs.approve(other),
      failure("config", / is not held: it is cancelled$/, { code: "conflict" }),
    );
  },
);
