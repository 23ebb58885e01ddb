/** Continuous jobs, from their making to their runs, with several workers on one queue. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { homeOf } from "../core/engine/home.ts";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import type { RunView } from "../core/engine/views.ts";
import { openDatabase } from "../core/database/open.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";
import { startWorker } from "./support/waybill_process.ts";

/** Waits until the runs of a job are as many, and have all ended. */
async function ended(runtime: Runtime, job: string, count: number): Promise<readonly RunView[]> {
  for (;;) {
    const { items } = await runtime.runs.list({ job });
    if (items.length >= count && items.every(({ status }) => status !== "queued" && status !== "running")) return items;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

onEachDatabase(
  "a continuous job runs at once, and again when it is due, once whoever of two workers sees it",
  async (databases) => {
    await databases.useInHomes();
    await using folder = await temporaryFolder();
    await Deno.writeTextFile(join(folder.path, "small.csv"), "customer_id,email\nC1,a@example.com\n");
    const home = join(folder.path, "home");
    const { database: address } = homeOf(home);
    const place = { home, url: address.url ?? "" };
    await using runtime = await openRuntime({
      home,
      plugins: PLUGINS,
      runner: "none",
      log: createLog({ write: () => {} }),
    });
    await runtime.auths.create({ method: "local-folder", label: "files", config: { folder: folder.path } });
    const { id, last_run_id, next_runs } = await runtime.jobs.create({
      type: "csv-import",
      label: "nightly",
      auth: "files",
      config: {
        stream: "customers",
        file: "small.csv",
        identify_by: "customer_id",
        keep_updated: true,
        settle_seconds: 0,
        frequency: "weekly",
      },
    });
    assert.equal(next_runs.length, 5);
    await using one = startWorker(place);
    await using other = startWorker(place);
    const [first] = await ended(runtime, id, 1);
    assert.deepEqual([first?.id, first?.status, first?.config.keep_updated], [last_run_id, "succeeded", true]);
    {
      // As if its time had come.
      await using database = await openDatabase(address);
      await database.kysely.updateTable("schedules").set({ due_at: 1, wake_at: 1 }).execute();
    }
    const runs = await ended(runtime, id, 2);
    assert.deepEqual(runs.map(({ status }) => status), ["succeeded", "succeeded"]);
    const job = await runtime.jobs.get(id);
    assert.deepEqual([job.next_runs, job.failures], [next_runs, 0]);
    for (const worker of [one, other]) worker.signal("SIGTERM");
    for (const worker of [one, other]) assert.equal((await worker.status).code, 0, worker.log.join("\n"));
    assert.equal((await runtime.runs.list({ job: id })).items.length, 2);
  },
);
