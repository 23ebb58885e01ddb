/** `waybill worker`: executes what others queue, on either database, and hands its work back when it is told to stop. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { homeOf } from "../core/engine/home.ts";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import type { RunView } from "../core/engine/views.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { createPartner, PLUGINS, temporaryFolder } from "./support/home.ts";
import { startWorker } from "./support/waybill_process.ts";

const ROWS = 60_000;

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
  if (!requireOpenSsh()) return;
  await databases.useInHomes();
  await using folder = await temporaryFolder();
  await using server = await startOpenSsh();
  await using proxy = await startProxy(server);
  const file = await writeCustomerFile(join(server.folder, "customers.csv"), ROWS, 5);
  await Deno.writeTextFile(join(server.folder, "small.csv"), "customer_id,email\nC1,a@example.com\n");
  const home = join(folder.path, "home");
  const place = { home, url: homeOf(home).database.url ?? "" };
  const log = createLog({ write: () => {} });
  await using runtime = await openRuntime({ home, plugins: PLUGINS, runner: "none", log });
  await createPartner(runtime, { ...server, host: proxy.host, port: proxy.port });
  const queue = async (name: string) =>
    (await runtime.runs.start({
      type: "csv-import",
      auth: "partner",
      config: { stream: "customers", file: name, identify_by: "customer_id,email" },
    })).id;

  await using first = startWorker(place);
  await first.logged(/Waiting for runs/);
  const { accepted } = await until(runtime, await queue("small.csv"), ({ status }) => status === "succeeded");
  assert.equal(accepted, 1);

  // The second half of the file comes when the first worker is gone.
  const held = Promise.withResolvers<void>();
  proxy.cutAfter(file.size / 2, () => held.promise);
  const large = await queue("customers.csv");
  const before = await until(runtime, large, ({ read }) => read > 0);
  first.signal("SIGTERM");
  const { code, signal } = await first.status;
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, first.log.join("\n"));
  held.resolve();
  const between = await runtime.runs.get(large);
  assert.deepEqual([between.status, between.attempts], ["queued", 1]);
  assert.ok(between.read >= before.read && between.read < ROWS);

  await using second = startWorker(place);
  const after = await until(runtime, large, ({ status }) => status === "succeeded");
  assert.deepEqual([after.accepted, after.rejected, after.attempts], [file.rows, file.broken, 2]);
  second.signal("SIGTERM");
  assert.equal((await second.status).code, 0, second.log.join("\n"));
});
