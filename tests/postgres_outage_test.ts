/** A server whose PostgreSQL goes away in the middle of a run, and comes back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requirePostgres, startPostgres } from "@waybill/waybill/testing";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { PLUGINS, temporaryFolder } from "./support/home.ts";

const VARIABLE = "WAYBILL_DATABASE_URL";
const ROWS = 120_000;

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

Deno.test({
  name: "a server whose database goes away says so, lives, and goes on with its run once it is back",
  ignore: !requirePostgres(),
  fn: async () => {
    await using postgres = await startPostgres();
    await using folder = await temporaryFolder();
    const home = join(folder.path, "home");
    const file = await writeCustomerFile(join(folder.path, "customers.csv"), ROWS, 6);
    const before = Deno.env.get(VARIABLE);
    Deno.env.set(VARIABLE, await postgres.createDatabase());
    try {
      await using server = await startServer(home);
      const log = createLog({ write: () => {} });
      await using runtime = await openRuntime({ home, plugins: PLUGINS, runner: "none", log });
      const answer = async (path: string) => {
        const response = await fetch(server.url + path);
        return { status: response.status, text: await response.text() };
      };
      await runtime.auths.create({ method: "local-folder", label: "files", config: { folder: folder.path } });
      const { id } = await runtime.runs.start({
        type: "csv-import",
        auth: "files",
        config: { stream: "customers", file: "customers.csv", identify_by: "customer_id,email" },
      });
      // It sees the run to its end, however long the database is away.
      const followed = Array.fromAsync(runtime.runs.follow(id));
      followed.catch(() => {});
      while ((await runtime.runs.get(id)).read === 0) await pause();

      await postgres.shutDown();
      let ready = await answer("/readyz");
      for (; ready.status === 200; ready = await answer("/readyz")) await pause();
      assert.equal(ready.status, 503);
      assert.match(ready.text, /The database \\"test_1\\" at 127\.0\.0\.1:\d+, user \\"waybill\\", /);
      assert.equal((await answer("/healthz")).status, 200);
      while (!/could not be read or written|could not be written/.test(server.stderr())) await pause();

      await postgres.start();
      while ((await answer("/readyz")).status !== 200) await pause();
      const committed = (await runtime.runs.get(id)).read;
      assert.ok(committed > 0 && committed < ROWS, `${committed} rows`);
      // It would try again by itself, some seconds later.
      let retried = false;
      for (let run = await runtime.runs.get(id); run.status !== "succeeded"; run = await runtime.runs.get(id)) {
        assert.ok(run.status === "queued" || run.status === "running", JSON.stringify(run));
        if (run.failure !== null) assert.equal(run.failure.kind, "transient");
        if (run.status === "queued" && !retried) await runtime.runs.retry(id);
        retried ||= run.status === "queued";
        await pause();
      }
      const { read, accepted, rejected, attempts } = await runtime.runs.get(id);
      assert.deepEqual([read, accepted, rejected], [file.rows + file.broken, file.rows, file.broken]);
      assert.ok(attempts > 1);
      assert.equal((await followed).at(-1)?.status, "succeeded");
      assert.equal((await runtime.streams.get("customers")).events, file.rows);
      assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
      for (const secret of [postgres.password, encodeURIComponent(postgres.password)]) {
        assert.ok(!(server.stderr() + ready.text).includes(secret));
      }
    } finally {
      if (before === undefined) Deno.env.delete(VARIABLE);
      else Deno.env.set(VARIABLE, before);
    }
  },
});
