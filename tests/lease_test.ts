import assert from "node:assert/strict";
import { join } from "node:path";
import { requireOpenSsh, startOpenSsh } from "@waybill/waybill/testing";
import { assertSameContent } from "./support/content.ts";
import { type CustomerFile, writeCustomerFile } from "./support/customer_file.ts";
import { copyHome, prepareImport, queueImport, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { startServer, startServing, type WaybillProcess } from "./support/waybill_process.ts";

const ROWS = 120_000;

/** An import over SFTP, and what it leaves when nothing disturbs it. */
interface Disturbance extends AsyncDisposable {
  readonly run: string;
  readonly file: CustomerFile;
  /** A data directory in which the import is queued. */
  queued(name: string): Promise<string>;
  /** Fails unless a data directory holds what the undisturbed import left. */
  assertUndisturbed(home: string): Promise<void>;
}

async function prepareDisturbance(): Promise<Disturbance> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const server = stack.use(await startOpenSsh());
  const file = await writeCustomerFile(join(server.folder, "customers.csv"), ROWS, 3);
  await Deno.writeTextFile(join(server.folder, "small.csv"), "customer_id\nC00000001\n");
  const [queued, undisturbed] = [join(folder.path, "queued"), join(folder.path, "undisturbed")];
  const run = await prepareImport(queued, server, {
    stream: "customers",
    file: "customers.csv",
    identify_by: "customer_id,email",
    timestamps: "updated_at",
  });
  await copyHome(queued, undisturbed);
  await using waybill = startServing(undisturbed);
  using observer = new Observer(undisturbed, run);
  await observer.until(waybill, ({ status }) => status === "succeeded");
  await drained(waybill);
  return {
    run,
    file,
    async queued(name) {
      const home = join(folder.path, name);
      await copyHome(queued, home);
      return home;
    },
    async assertUndisturbed(home) {
      const sizes = await assertSameContent(home, undisturbed);
      assert.equal(sizes["stream archive"], file.rows);
      assert.equal(sizes["rejects archive"], file.broken);
      assert.equal(sizes.profiles, file.customers);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Asks a process to end, and expects that it does so in good order. */
async function drained(waybill: WaybillProcess): Promise<void> {
  waybill.signal("SIGTERM");
  const { code, signal } = await waybill.status;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, waybill.log.join("\n"));
}

/**
 * Stops a process somewhere between its first commit and its last, as a machine does that sleeps, and lets its lease
 * run out. Never within a transaction: it would keep the database locked.
 */
async function stopWithoutLease(waybill: WaybillProcess, observer: Observer): Promise<void> {
  await observer.until(waybill, ({ rows_read }) => rows_read > 0);
  await waybill.pause();
  while (!observer.expireLease()) {
    waybill.signal("SIGCONT");
    await observer.until(waybill, () => true);
    await waybill.pause();
  }
}

/** A process loses its lease, another takes its run over; then the first wakes up. */
async function loseLease(disturbance: Disturbance, wakes: "while the other works" | "after the other's end") {
  const { run, file } = disturbance;
  const home = await disturbance.queued(wakes);
  await using sleeper = startServing(home);
  using observer = new Observer(home, run);
  await stopWithoutLease(sleeper, observer);
  const { rows_read: before } = observer.state();
  assert.ok(before < file.rows);

  await using other = startServing(home);
  if (wakes === "while the other works") {
    await observer.until(other, ({ rows_read }) => rows_read > before);
    sleeper.signal("SIGCONT");
  }
  await observer.until(other, ({ status }) => status === "succeeded");
  if (wakes === "after the other's end") sleeper.signal("SIGCONT");
  await sleeper.logged(/was taken over by another process/);
  assert.equal(observer.state().attempts, 2);
  await disturbance.assertUndisturbed(home);

  // The other leaves, so what comes next is for the one that lost its lease.
  await drained(other);
  using next = new Observer(home, await queueImport(home, { stream: "small", file: "small.csv" }));
  await next.until(sleeper, ({ status }) => status === "succeeded");
  await drained(sleeper);
}

/** A server is told to stop in the middle of a run; the next one goes on. */
async function handBack(disturbance: Disturbance): Promise<void> {
  const home = await disturbance.queued("handed back");
  using observer = new Observer(home, disturbance.run);
  await using first = startServer(home);
  await observer.until(first, ({ rows_read }) => rows_read > 0);
  await drained(first);
  const { status, rows_read, checkpoint, attempts } = observer.state();
  assert.deepEqual({ status, attempts }, { status: "queued", attempts: 1 });
  assert.notEqual(checkpoint, null);
  assert.ok(rows_read < disturbance.file.rows);

  await using second = startServer(home);
  const again = await observer.until(second, ({ attempts }) => attempts === 2);
  assert.ok(again.rows_read >= rows_read, "What was committed stays");
  await observer.until(second, ({ status }) => status === "succeeded");
  await disturbance.assertUndisturbed(home);
  await drained(second);
}

Deno.test({
  name: "a run changes hands and leaves what an undisturbed one leaves",
  ignore: !requireOpenSsh(),
  fn: async (test) => {
    await using disturbance = await prepareDisturbance();
    for (const wakes of ["while the other works", "after the other's end"] as const) {
      await test.step(`a worker without its lease, awake ${wakes}, commits nothing, says so and lives on`, async () => {
        await loseLease(disturbance, wakes);
      });
    }
    await test.step("a server that is told to stop gives its run back at its checkpoint, and the next goes on", async () => {
      await handBack(disturbance);
    });
  },
});
