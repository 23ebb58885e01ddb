/** `waybill worker`: executes what others queue, on either database, and hands its work back when it is told to stop. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { homeOf } from "../core/engine/home.ts";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import type { RunView } from "../core/engine/views.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";
import { startWorker } from "./support/waybill_process.ts";

const ROWS = 120_000;

/** Waits until a run is as wanted. */
async function until(runtime: Runtime, run: string, wanted: (view: RunView) => boolean): Promise<RunView> {
  for (;;) {
    const view = await runtime.runs.get(run);
    if (wanted(view)) return view;
    assert.ok(view.status === "queued" || view.status === "running", JSON.stringify(view));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

onEachDatabase("a worker executes what another process queues, drains, and the next one goes on", async (databases) => {
  await databases.useInHomes();
  await using folder = await temporaryFolder();
  const file = await writeCustomerFile(join(folder.path, "customers.csv"), ROWS, 5);
  await Deno.writeTextFile(join(folder.path, "small.csv"), "customer_id,email\nC1,a@example.com\n");
  const home = join(folder.path, "home");
  const place = { home, url: homeOf(home).database.url ?? "" };
  const log = createLog({ write: () => {} });
  await using runtime = await openRuntime({ home, plugins: PLUGINS, runner: "none", log });
  await runtime.auths.create({ method: "local-folder", label: "files", config: { folder: folder.path } });
  const queue = async (name: string) =>
    (await runtime.runs.start({
      type: "csv-import",
      auth: "files",
      config: { stream: "customers", file: name, identify_by: "customer_id,email" },
    })).id;

  await using first = startWorker(place);
  await first.logged(/Waiting for runs/);
  const { accepted } = await until(runtime, await queue("small.csv"), ({ status }) => status === "succeeded");
  assert.equal(accepted, 1);

  const large = await queue("customers.csv");
  const before = await until(runtime, large, ({ read }) => read > 0);
  first.signal("SIGTERM");
  const { code, signal } = await first.status;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, first.log.join("\n"));
  const between = await runtime.runs.get(large);
  assert.deepEqual([between.status, between.attempts], ["queued", 1]);
  assert.ok(between.read >= before.read && between.read < ROWS);

  await using second = startWorker(place);
  const after = await until(runtime, large, ({ status }) => status === "succeeded");
  assert.deepEqual([after.accepted, after.rejected, after.attempts], [file.rows, file.broken, 2]);
  second.signal("SIGTERM");
  assert.equal((await second.status).code, 0, second.log.join("\n"));
});
