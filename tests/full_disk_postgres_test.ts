import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "@waybill/waybill";
import type { FailureJson } from "../core/contracts/failure.ts";
import { requirePostgres, startPostgres } from "@waybill/waybill/testing";
import { openCore } from "../core/engine/core.ts";
import { executeRun } from "../core/engine/execute_run.ts";
import { createLog } from "../core/engine/log.ts";
import { claimRun } from "../core/engine/queue.ts";
import { assertSameContent } from "./support/content.ts";
import { type CustomerFile, writeCustomerFile } from "./support/customer_file.ts";
import { openQuietRuntime, PLUGINS, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { databaseUrl, homePath, type Place, type Places, placesOn } from "./support/place.ts";
import { mountSmallDisk, requireSmallDisk, type SmallDisk } from "./support/small_disk.ts";
import { runCli, startWorker } from "./support/waybill_process.ts";

const ignore = !requireSmallDisk() || !requirePostgres();

/** Every message about a full disk says so in these words. */
const FULL = /\bdisk\b.*\bis full\b/;

const VARIABLE = "WAYBILL_DATABASE_URL";

/** A small disk that PostgreSQL's user may pass through. */
async function mountForServer(mebibytes: number): Promise<SmallDisk> {
  const disk = await mountSmallDisk({ mebibytes });
  await Deno.chmod(disk.path, 0o755);
  return disk;
}

/** A place with a queued import of a file in `folder`, and a copy of it where that was executed. */
async function prepare(places: Places, folder: string, rows: number) {
  const file: CustomerFile = await writeCustomerFile(join(folder, "customers.csv"), rows, 29);
  const queued = await places.make(join(folder, "queued"));
  let run: string;
  {
    await using runtime = await openQuietRuntime(queued, "none");
    await runtime.auths.create({ method: "local-folder", label: "here", config: { folder } });
    const identities = { identify_by: "customer_id,email", timestamps: "updated_at" };
    const config = { stream: "customers", file: "customers.csv", ...identities };
    ({ id: run } = await runtime.runs.start({ type: "csv-import", auth: "here", config }));
  }
  const undisturbed = await places.copy(queued, join(folder, "undisturbed"));
  assert.equal(await attempt(undisturbed), "succeeded");
  const assertUndisturbed = async (place: Place) => {
    const sizes = await assertSameContent(place, undisturbed);
    assert.deepEqual(
      [sizes["stream archive"], sizes["rejects archive"], sizes.profiles],
      [file.rows, file.broken, file.customers],
    );
  };
  return { file, run, queued, assertUndisturbed };
}

/** Executes the queued run once; a transient failure puts it back to the queue, to be taken at once. */
async function attempt(place: Place): Promise<string> {
  const before = Deno.env.get(VARIABLE);
  Deno.env.set(VARIABLE, databaseUrl(place));
  try {
    await using core = await openCore({ home: homePath(place), plugins: PLUGINS });
    const claim = await claimRun(core.database, "nobody", "any");
    assert.ok(claim !== undefined, "The run is there to be taken");
    return await executeRun(core, claim, {
      signal: new AbortController().signal,
      progress: () => {},
      log: createLog({ write: () => {} }),
      retries: { waits: [0, 0], unconnected: true },
    });
  } finally {
    if (before === undefined) Deno.env.delete(VARIABLE);
    else Deno.env.set(VARIABLE, before);
  }
}

/** The Failure that `work` throws; undefined when it throws none. */
async function thrownBy(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Failure, `Not a Failure: ${error instanceof Error ? error.stack : error}`);
    return error;
  }
}

/** What the place's run last failed with. */
async function failureOf(place: Place, run: string): Promise<FailureJson> {
  await using observer = new Observer(place, run);
  return JSON.parse((await observer.state()).failure ?? "{}");
}

Deno.test({
  name:
    "an import whose PostgreSQL has a full disk says so wherever it is met, and leaves what an undisturbed one leaves",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using disk = await mountForServer(160);
    await using server = await startPostgres({ data: { folder: join(disk.path, "postgres") } });
    const places = placesOn(server);
    const { run, queued, assertUndisturbed } = await prepare(places, folder.path, 300);
    const seen = { unopened: 0, released: 0 };
    let pages = 0;
    for (let end = ""; end !== "succeeded"; pages += 12) {
      const place = await places.copy(queued, join(folder.path, "home"));
      disk.fill(pages);
      const thrown = await thrownBy(async () => end = await attempt(place));
      disk.free();
      if (end !== "succeeded") {
        const failure = thrown ?? await failureOf(place, run);
        assert.match(failure.message, FULL);
        assert.equal(failure.kind, "transient", failure.message);
        assert.match(failure.hint ?? "", /^Free space on PostgreSQL's disk/);
        seen[thrown === undefined ? "released" : "unopened"]++;
        assert.equal(await attempt(place), "succeeded");
      }
      await assertUndisturbed(place);
      await server.sql(`drop database ${new URL(databaseUrl(place)).pathname.slice(1)}`);
    }
    console.log(`The import takes up to ${pages} pages of PostgreSQL's disk; full: ${JSON.stringify(seen)}`);
    assert.ok(seen.unopened > 0 && seen.released > 0);

    const place = await places.copy(queued, join(folder.path, "home"));
    const create = ["auth", "create", "local-folder", "--label", "there", "--folder", folder.path];
    const commands = [create, ["token", "create", "--name", "Test", "--scopes", "admin"]];
    disk.fill();
    let refused = 0;
    for (const command of commands) {
      const { code, stderr } = await runCli(place, command);
      // What fits into pages that are there still works.
      if (code === 0) continue;
      refused++;
      assert.equal(code, 6, stderr);
      assert.match(stderr, FULL);
    }
    assert.ok(refused > 0);
    disk.free();
    for (const command of commands.slice(-1)) assert.equal((await runCli(place, command)).code, 0);
  },
});

Deno.test({
  name: "an import whose archive has a full disk, with PostgreSQL elsewhere, says so and goes on when there is room",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using disk = await mountSmallDisk({ mebibytes: 8 });
    await using server = await startPostgres();
    const places = placesOn(server);
    const { run, queued, assertUndisturbed } = await prepare(places, folder.path, 3_000);
    const seen = { unopened: 0, released: 0 };
    let pages = 0;
    for (let end = ""; end !== "succeeded"; pages += 7) {
      const place = await places.copy(queued, join(disk.path, "home"));
      disk.fill(pages);
      const thrown = await thrownBy(async () => end = await attempt(place));
      if (thrown !== undefined) {
        assert.match(thrown.message, FULL);
        seen.unopened++;
      } else if (end === "released") {
        const { kind, message } = await failureOf(place, run);
        assert.match(message, FULL);
        assert.equal(kind, "transient");
        seen.released++;
      }
      disk.free();
      if (end !== "succeeded") assert.equal(await attempt(place), "succeeded");
      await assertUndisturbed(place);
    }
    console.log(`The import takes up to ${pages} pages of the archive's disk; full: ${JSON.stringify(seen)}`);
    assert.ok(seen.released > 0);
  },
});

Deno.test({
  name: "a PostgreSQL that goes down because its log has no room costs a retry once it is back, and no row",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    // For the log alone: the tables would fill it up before the log needs its next file, and be refused for that.
    await using disk = await mountForServer(160);
    await using server = await startPostgres({
      log: { folder: join(disk.path, "log") },
      // Where it restarts by itself, it may find room: what its log no longer needs is removed then.
      settings: { max_wal_size: "1GB", wal_recycle: "off", restart_after_crash: "off" },
    });
    const places = placesOn(server);
    const { run, queued, assertUndisturbed } = await prepare(places, folder.path, 30_000);
    const place = await places.copy(queued, join(folder.path, "home"));
    await server.sql("checkpoint");
    // Room for half of what the import's log takes.
    disk.fill(2_500);
    await using worker = startWorker(place);
    await worker.logged(/could not be (read or )?written|tries again|"status":"succeeded"/);
    const { code, stderr } = await runCli(place, ["run", "list"]);
    assert.equal(code, 6, stderr);
    assert.match(stderr, /cannot be reached/);
    disk.free();
    await server.shutDown();
    await server.start();
    // It comes again by itself, too: at once is a matter of time.
    const retry = await runCli(place, ["run", "retry", run]);
    assert.ok(retry.code === 0 || retry.code === 3, retry.stderr);
    await using observer = new Observer(place, run);
    const { attempts } = await observer.until(worker, ({ status }) => status === "succeeded");
    assert.ok(attempts > 1);
    worker.signal("SIGTERM");
    assert.equal((await worker.status).code, 0);
    await assertUndisturbed(place);
  },
});
