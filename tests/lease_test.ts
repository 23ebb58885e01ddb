import assert from "node:assert/strict";
import { join } from "node:path";
import { requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { LEASE } from "../core/engine/claim.ts";
import { assertSameContent } from "./support/content.ts";
import { type CustomerFile, writeCustomerFile } from "./support/customer_file.ts";
import { createPartner, openQuietRuntime, queueImport, temporaryFolder } from "./support/home.ts";
import { Observer, onlyRun } from "./support/observer.ts";
import { DATABASE_KINDS, type DatabaseKind, type Place } from "./support/place.ts";
import {
  runCli,
  startCli,
  startServer,
  startServing,
  startWorker,
  type WaybillProcess,
} from "./support/waybill_process.ts";

const ROWS = 100_000;

/** An import over SFTP, and what it leaves when nothing disturbs it. */
interface Disturbance extends AsyncDisposable {
  readonly run: string;
  readonly file: CustomerFile;
  /** A place in which the import is queued. */
  queued(name: string): Promise<Place>;
  /** A place in which it is not, but could be. */
  prepared(name: string): Promise<Place>;
  /** Keeps the second half of the file back until what it gives is called. */
  hold(): () => void;
  /** Fails unless a place holds what the undisturbed import left. */
  assertUndisturbed(place: Place): Promise<void>;
}

async function prepareDisturbance(kind: DatabaseKind): Promise<Disturbance> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const server = stack.use(await startOpenSsh());
  const proxy = stack.use(await startProxy(server));
  const places = stack.use(await kind.start());
  const file = await writeCustomerFile(join(server.folder, "customers.csv"), ROWS, 3, { joins: 500, width: [1, 8] });
  await Deno.writeTextFile(join(server.folder, "small.csv"), "customer_id\nC00000001\n");
  const at = (name: string) => join(folder.path, name);
  const prepared = await places.make(at("prepared"));
  {
    await using runtime = await openQuietRuntime(prepared, "none");
    await createPartner(runtime, { ...server, host: proxy.host, port: proxy.port });
  }
  const queued = await places.copy(prepared, at("queued"));
  const run = await queueImport(queued, {
    stream: "customers",
    file: "customers.csv",
    identify_by: "customer_id,email",
    timestamps: "updated_at",
  });
  const undisturbed = await places.copy(queued, at("undisturbed"));
  {
    await using waybill = startServing(undisturbed);
    await using observer = new Observer(undisturbed, run);
    await observer.until(waybill, ({ status }) => status === "succeeded");
    await drained(waybill);
  }
  const kept = stack.move();
  return {
    run,
    file,
    queued: (name) => places.copy(queued, at(name)),
    prepared: (name) => places.copy(prepared, at(name)),
    hold() {
      const held = Promise.withResolvers<void>();
      proxy.cutAfter(file.size / 2, () => held.promise);
      return held.resolve;
    },
    async assertUndisturbed(place) {
      const sizes = await assertSameContent(place, undisturbed);
      assert.equal(sizes["stream archive"], file.rows);
      assert.equal(sizes["rejects archive"], file.broken);
      assert.equal(sizes.profiles, file.customers);
      assert.equal(sizes.identities, file.identities);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Asks a process to end, and expects that it does so in good order. */
async function drained(waybill: WaybillProcess): Promise<void> {
  waybill.signal("SIGTERM");
  const { code, signal } = await waybill.status;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, waybill.log.join("\n"));
}

/** A worker loses its lease, another takes its run over; then the first wakes up. */
async function loseLease(disturbance: Disturbance, wakes: "while the other works" | "after the other's end") {
  const { run, file } = disturbance;
  const place = await disturbance.queued(wakes);
  await using sleeper = startWorker(place);
  await using observer = new Observer(place, run);
  await observer.until(sleeper, ({ rows_read }) => rows_read > 0);
  await observer.takeAwayAtCommit(sleeper);
  const { rows_read: before } = await observer.state();
  assert.ok(before < file.rows);

  await using other = startWorker(place);
  if (wakes === "while the other works") {
    await observer.until(other, ({ rows_read }) => rows_read > before);
    sleeper.signal("SIGCONT");
  }
  await observer.until(other, ({ status }) => status === "succeeded");
  if (wakes === "after the other's end") sleeper.signal("SIGCONT");
  await sleeper.logged(/was taken over by another process/);
  assert.equal((await observer.state()).attempts, 2);
  await disturbance.assertUndisturbed(place);

  // The other leaves, so what comes next is for the one that lost its lease.
  await drained(other);
  await using next = new Observer(place, await queueImport(place, { stream: "small", file: "small.csv" }));
  await next.until(sleeper, ({ status }) => status === "succeeded");
  await drained(sleeper);
}

/** A server is told to stop in the middle of a run; the next one goes on. */
async function handBack(disturbance: Disturbance): Promise<void> {
  const place = await disturbance.queued("handed back");
  await using observer = new Observer(place, disturbance.run);
  const release = disturbance.hold();
  await using first = startServer(place);
  await observer.until(first, ({ rows_read }) => rows_read > 0);
  await drained(first);
  release();
  const { status, rows_read, checkpoint, attempts } = await observer.state();
  assert.deepEqual({ status, attempts }, { status: "queued", attempts: 1 });
  assert.notEqual(checkpoint, null);
  assert.ok(rows_read < disturbance.file.rows);

  await using second = startServer(place);
  const again = await observer.until(second, ({ attempts }) => attempts === 2);
  assert.ok(again.rows_read >= rows_read, "What was committed stays");
  await observer.until(second, ({ status }) => status === "succeeded");
  await disturbance.assertUndisturbed(place);
  await drained(second);
}

/** A run in the foreground is killed after its first commit; something else goes on with it. */
async function killForeground(disturbance: Disturbance, taker: "waybill run retry" | "waybill worker"): Promise<void> {
  const place = await disturbance.prepared(taker);
  const release = disturbance.hold();
  await using foreground = startCli(place, [
    ...["run", "csv-import", "--auth", "partner", "--file", "customers.csv", "--stream", "customers"],
    ...["--identify-by", "customer_id,email", "--timestamps", "updated_at"],
  ]);
  const run = await onlyRun(place, foreground);
  await using observer = new Observer(place, run);
  await observer.until(foreground, ({ rows_read }) => rows_read > 0);
  await foreground.kill();
  release();
  await observer.settled();
  const { status, rows_read } = await observer.state();
  assert.equal(status, "running");
  assert.ok(rows_read < disturbance.file.rows);

  if (taker === "waybill worker") {
    await using worker = startWorker(place);
    await observer.until(worker, ({ status }) => status === "succeeded");
    await drained(worker);
  } else {
    const { code, stderr } = await runCli(place, ["run", "retry", run]);
    assert.equal(code, 0, stderr);
  }
  assert.equal((await observer.state()).attempts, 2);
  await disturbance.assertUndisturbed(place);
}

/**
 * A worker is stopped within a commit, for twice the lease, while another one waits for the run.
 *
 * PostgreSQL ends a transaction that stands still for 20 s; then the other takes the run over. SQLite knows of no such
 * end: nobody can write until the worker is continued, so its commit is still the newest claim's, and counts.
 */
async function stopWithinCommit(disturbance: Disturbance, { name }: DatabaseKind): Promise<void> {
  const place = await disturbance.queued("stopped within a commit");
  await using sleeper = startWorker(place);
  await using observer = new Observer(place, disturbance.run);
  await observer.until(sleeper, ({ attempts }) => attempts === 1);
  await using other = startWorker(place);
  await other.logged(/Waiting for runs/);
  for (;;) {
    await observer.until(sleeper, () => observer.isCommitting());
    await sleeper.pause();
    // The commit may have been over before the process stood.
    if (await observer.isCommitting()) break;
    sleeper.signal("SIGCONT");
  }
  const stopped = performance.now();
  const { rows_read: before } = await observer.state();
  if (name === "PostgreSQL") await observer.until(other, ({ rows_read }) => rows_read > before);
  while (performance.now() - stopped < 2 * LEASE) await new Promise((resolve) => setTimeout(resolve, 100));
  if (name === "SQLite") assert.deepEqual(await observer.state().then(({ rows_read }) => rows_read), before);
  sleeper.signal("SIGCONT");
  const { attempts } = await observer.until(other, ({ status }) => status === "succeeded");
  if (name === "PostgreSQL") {
    await sleeper.logged(/was taken over by another process/);
    assert.equal(attempts, 2);
  } else assert.ok(attempts <= 2);
  await disturbance.assertUndisturbed(place);
  await Promise.all([drained(other), drained(sleeper)]);
}

for (const kind of DATABASE_KINDS) {
  Deno.test({
    name: `${kind.name}: a run changes hands and leaves what an undisturbed one leaves`,
    ignore: !requireOpenSsh() || !kind.present,
    fn: async (test) => {
      await using disturbance = await prepareDisturbance(kind);
      for (const wakes of ["while the other works", "after the other's end"] as const) {
        await test.step(`a worker without its lease, awake ${wakes}, commits nothing, says so and lives on`, async () => {
          await loseLease(disturbance, wakes);
        });
      }
      await test.step("a server that is told to stop gives its run back, and the next goes on", async () => {
        await handBack(disturbance);
      });
      for (const taker of ["waybill run retry", "waybill worker"] as const) {
        await test.step(`a run in the foreground that is killed is taken over by ${taker}`, async () => {
          await killForeground(disturbance, taker);
        });
      }
    },
  });
}

Deno.test({
  name:
    "a worker that is stopped within a commit for twice the lease, and another: nothing comes twice, nothing is lost",
  ignore: !requireOpenSsh(),
  fn: async () => {
    await using stack = new AsyncDisposableStack();
    const all: [Disturbance, DatabaseKind][] = [];
    for (const kind of DATABASE_KINDS.filter(({ present }) => present)) {
      all.push([stack.use(await prepareDisturbance(kind)), kind]);
    }
    // Side by side: each waits a minute.
    await Promise.all(all.map(([disturbance, kind]) => stopWithinCommit(disturbance, kind)));
  },
});
