import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "@waybill/waybill";
import { type Core, openCore } from "../core/engine/core.ts";
import { executeRun } from "../core/engine/execute_run.ts";
import { createLog } from "../core/engine/log.ts";
import { claimRun } from "../core/engine/queue.ts";
import { UnwrittenEnds } from "../core/engine/unwritten_ends.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { assertSameContent, openForReading } from "./support/content.ts";
import { writeCustomerFile } from "./support/customer_file.ts";
import { openQuietRuntime, PLUGINS, temporaryFolder } from "./support/home.ts";
import { runRedirected, startRedirected } from "./support/redirect.ts";
import { mountSmallDisk, requireSmallDisk } from "./support/small_disk.ts";
import { runCli } from "./support/waybill_process.ts";

const ignore = !requireSmallDisk();

/** Every message about a full disk says so in these words. */
const FULL = /\bdisk\b.*\bis full\b/;

/** The Failure that `work` throws, which must be that of a full disk; undefined when it throws none. */
async function fullDiskFailure(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Failure, `Not a Failure: ${error instanceof Error ? error.stack : error}`);
    assert.match(error.message, FULL);
    assert.equal(error.kind, "transient", error.message);
    assert.notEqual(error.hint, undefined);
    return error;
  }
}

const copyFolder = (from: string, to: string) => cp(from, to, { recursive: true });

/** Makes a data directory as a server does at its first start, with a token. */
async function firstStart(home: string): Promise<void> {
  await using runtime = await openQuietRuntime(home, "serve");
  await runtime.tokens.create({ name: "First", scopes: ["admin"] });
}

Deno.test({
  name: "a first start on a full disk says so at every step, and the next one goes on where there is room again",
  ignore,
  fn: async () => {
    await using disk = await mountSmallDisk({ mebibytes: 4, files: 64 });
    const home = join(disk.path, "home");
    /** What could not be written, by the last part of its path. */
    const places = new Set<string>();
    const tryWith = async (fill: () => void): Promise<boolean> => {
      fill();
      const failure = await fullDiskFailure(() => firstStart(home));
      if (failure !== undefined) places.add(/"(?:.*\/)?([^/"]*?)"/.exec(failure.message)?.[1] ?? "");
      disk.free();
      const made = failure === undefined ? 1 : 0;
      await using runtime = await openQuietRuntime(home, "serve");
      assert.equal((await runtime.tokens.list()).length, made, failure?.message);
      await runtime.tokens.create({ name: "Second", scopes: ["admin"] });
      await runtime[Symbol.asyncDispose]();
      await Deno.remove(home, { recursive: true });
      return failure === undefined;
    };
    let pages = 0;
    while (!await tryWith(() => disk.fill(pages))) pages += 3;
    let files = 0;
    while (!await tryWith(() => disk.fillFiles(files))) files++;
    console.log(`A first start takes up to ${pages} pages and ${files} files; full were ${[...places].join(", ")}`);
    assert.ok(pages > 50 && files > 5);
    for (const place of ["home", "waybill.db", "master.key"]) assert.ok(places.has(place), place);
    assert.ok([...places].some((place) => place.endsWith(".lock")), "The lock of a process");
  },
});

/** A CSV file with a row in ten that cannot be read; none of it compresses, so that every write takes several pages. */
async function writeSmallFile(path: string): Promise<void> {
  const noise = () => crypto.getRandomValues(new Uint8Array(150)).toHex();
  const lines = ["customer_id,email,updated_at,about"];
  for (let row = 0; row < 300; row++) {
    const at = `2026-01-01T00:00:${String(row % 60).padStart(2, "0")}Z`;
    lines.push(`C${row % 200},c${row % 200}@example.com,${at},${noise()}`);
    if (row % 10 === 0) lines.push(`broken ${row}${`,${noise()}`.repeat(12)}`);
  }
  await Deno.writeTextFile(path, `${lines.join("\n")}\n`);
}

/** A data directory with the auth `here` and, if a file is named, a queued import of it; gives the run's id. */
async function prepare(home: string, folder: string, file?: string): Promise<string> {
  await using runtime = await openQuietRuntime(home, "none");
  await runtime.auths.create({ method: "local-folder", label: "here", config: { folder } });
  if (file === undefined) return "";
  const config = { stream: "customers", file, identify_by: "customer_id,email", timestamps: "updated_at" };
  return (await runtime.runs.start({ type: "csv-import", auth: "here", config })).id;
}

/** Executes the queued run once; a transient failure puts it back to the queue, to be taken at once. */
async function attempt(home: string): Promise<string> {
  await using core = await openCore({ home, plugins: PLUGINS });
  const claim = await claimRun(core.database, "nobody", "any");
  assert.ok(claim !== undefined, "The run is there to be taken");
  return await executeRun(core, claim, {
    signal: new AbortController().signal,
    progress: () => {},
    log: createLog({ write: () => {} }),
    retries: { waits: [0, 0], unconnected: true },
  });
}

Deno.test({
  name:
    "an import on a disk that is full at any of its writes says so, and leaves what an undisturbed one leaves when " +
    "it is taken again",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const [queued, undisturbed] = [join(folder.path, "queued"), join(folder.path, "undisturbed")];
    await writeSmallFile(join(folder.path, "small.csv"));
    await prepare(queued, folder.path, "small.csv");
    await copyFolder(queued, undisturbed);
    assert.equal(await attempt(undisturbed), "succeeded");

    await using disk = await mountSmallDisk({ mebibytes: 8 });
    const home = join(disk.path, "home");
    const seen = { unwritten: 0, database: 0, events: 0, rejects: 0 };
    let pages = 0;
    for (let end = ""; end !== "succeeded"; pages += 2) {
      await copyFolder(queued, home);
      disk.fill(pages);
      const failure = await fullDiskFailure(async () => end = await attempt(home));
      if (failure !== undefined) seen.unwritten++;
      else if (end === "released") {
        using database = openForReading(home);
        const { message, kind } = JSON.parse(String(database.prepare("select failure from runs").get()?.failure));
        assert.match(message, FULL);
        assert.equal(kind, "transient");
        seen[/stream-/.test(message) ? "events" : /rejects/.test(message) ? "rejects" : "database"]++;
      } else assert.equal(end, "succeeded");
      disk.free();
      if (end !== "succeeded") assert.equal(await attempt(home), "succeeded");
      const sizes = await assertSameContent(home, undisturbed);
      assert.deepEqual([sizes["stream archive"], sizes["rejects archive"], sizes.profiles], [300, 30, 200]);
      await Deno.remove(home, { recursive: true });
    }
    console.log(`The import takes up to ${pages} pages; full when it wrote: ${JSON.stringify(seen)}`);
    for (const [place, times] of Object.entries(seen)) assert.ok(times > 0, `Never full: ${place}`);
  },
});

Deno.test({
  name: "how a run ended is written when there is room again, and till then it can be asked for",
  ignore,
  fn: async () => {
    await using disk = await mountSmallDisk({ mebibytes: 8 });
    const home = join(disk.path, "home");
    await prepare(home, disk.path, "none.csv");
    await using core: Core = await openCore({ home, plugins: PLUGINS });
    const claim = await claimRun(core.database, "nobody", "any");
    assert.ok(claim !== undefined);
    const ends = new UnwrittenEnds(core.database, { waits: [0], unconnected: true });
    const run = () => core.database.kysely.selectFrom("runs").select(["status", "failure"]).executeTakeFirstOrThrow();
    const why = new Failure("transient", "The other side is away").toJSON();
    disk.fill();
    // The log has room in what it took before: until that is used up, small writes still work.
    let bytes = 0;
    const write = () => core.database.kysely.updateTable("runs").set({ bytes: ++bytes }).execute();
    while (await fullDiskFailure(write) === undefined);
    assert.ok(await fullDiskFailure(() => ends.end(claim, why)));
    assert.deepEqual(ends.get(claim.run), why);
    assert.ok(await fullDiskFailure(() => ends.write()));
    assert.equal((await run()).status, "running");
    disk.free();
    await ends.write();
    assert.equal(ends.get(claim.run), undefined);
    assert.deepEqual({ ...await run() }, { status: "queued", failure: JSON.stringify(why) });
  },
});

const ROWS = 60_000;

Deno.test({
  name:
    "a server on a full disk answers 503 to what it cannot keep, reads on, and goes on with its run when there is room",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const file = await writeCustomerFile(join(folder.path, "large.csv"), ROWS, 13);
    const [queued, undisturbed] = [join(folder.path, "queued"), join(folder.path, "undisturbed")];
    const run = await prepare(queued, folder.path, "large.csv");
    let token: string;
    {
      await using runtime = await openQuietRuntime(queued, "none");
      token = (await runtime.tokens.create({ name: "Test", scopes: ["admin"] })).token;
    }
    await copyFolder(queued, undisturbed);
    {
      await using runtime = await openQuietRuntime(undisturbed, "serve");
      for await (const _ of runtime.runs.follow(run));
    }

    await using disk = await mountSmallDisk({ mebibytes: 160 });
    const home = join(disk.path, "home");
    await copyFolder(queued, home);
    // Less than the import takes.
    disk.fill(3_000);
    await using server = await startServer(home);
    server.useToken(token);
    const until = async (wanted: string) => {
      for (;;) {
        const view = await server.api(`GET /api/run/${run}`);
        if (view.status === wanted) return view;
        assert.ok(["queued", "running"].includes(view.status), JSON.stringify(view));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await until("running");
    const waiting = await until("queued");
    assert.match(waiting.failure.message, FULL);
    assert.ok(waiting.read < file.rows);

    disk.fill();
    const post = async (path: string, body: unknown) => {
      const headers = { authorization: token, "content-type": "application/json" };
      const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return { status: response.status, text: await response.text() };
    };
    const auth = (label: string) => ({ method: "local-folder", label, config: { folder: folder.path } });
    let label = 0;
    // The database's log has room in what it took before: that is used up first.
    let answer = await post("/api/auth", auth(`auth ${label}`));
    while (answer.status === 201) answer = await post("/api/auth", auth(`auth ${++label}`));
    assert.equal(answer.status, 503, answer.text);
    assert.match(answer.text, FULL);
    assert.equal((await server.api("GET /api/auth")).length, 1 + label, "Nothing of what was refused is there");

    disk.free();
    assert.equal((await post("/api/auth", auth(`auth ${label}`))).status, 201);
    // It comes again by itself, too: at once is a matter of time.
    const retry = await post(`/api/run/${run}/retry`, {});
    assert.ok(retry.status === 202 || retry.status === 409, retry.text);
    await until("succeeded");
    assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
    const sizes = await assertSameContent(home, undisturbed);
    assert.equal(sizes["stream archive"], file.rows);
    assert.equal(sizes["rejects archive"], file.broken);
    assert.equal(sizes.profiles, file.customers);
  },
});

Deno.test({
  name: "commands on a full disk end with 6 and say so, leave nothing half done, and work when there is room again",
  ignore,
  fn: async (test) => {
    await using folder = await temporaryFolder();
    await using disk = await mountSmallDisk({ mebibytes: 160 });
    const [home, queued] = [join(disk.path, "home"), join(folder.path, "queued")];
    const file = await writeCustomerFile(join(folder.path, "large.csv"), ROWS, 17);
    const assertFull = ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 6, stderr);
      assert.match(stderr, /^error: .*is full/m);
      assert.match(stderr, /^hint: .*[Ff]ree .*space/m);
    };
    const createAuth = ["auth", "create", "local-folder", "--label", "here", "--folder", folder.path];
    const createToken = ["token", "create", "--name", "Test", "--scopes", "admin"];
    const importing = "run csv-import --auth here --file large.csv --stream customers --timestamps updated_at".split(
      " ",
    );
    importing.push("--identify-by", "customer_id,email");
    const json = async (...words: string[]) => JSON.parse((await runCli(home, [...words, "--json"])).stdout);

    await test.step("the first command of all", async () => {
      disk.fill();
      assertFull(await runCli(home, createAuth));
      disk.free();
    });
    await test.step("auth create, token create, and a run that cannot be queued", async () => {
      await prepare(queued, folder.path);
      await copyFolder(queued, home);
      disk.fill();
      assertFull(await runCli(home, ["auth", "create", "local-folder", "--label", "there", "--folder", folder.path]));
      assertFull(await runCli(home, createToken));
      assertFull(await runCli(home, importing));
      disk.free();
      assert.deepEqual(await json("token", "list"), []);
      assert.deepEqual(await json("run", "list"), []);
      assert.equal((await json("auth", "list")).length, 1);
    });
    await test.step("a token that cannot be shown", async () => {
      disk.fill();
      const out = join(disk.path, "token.txt");
      const other = join(folder.path, "other");
      assertFull(await runRedirected(other, createToken, { stdout: out }));
      assert.deepEqual(JSON.parse((await runCli(other, ["token", "list", "--json"])).stdout), []);
      disk.free();
      assert.equal((await runRedirected(other, createToken, { stdout: out })).code, 0);
      assert.match(await Deno.readTextFile(out), /^waybill_\S+\n$/);
    });
    await test.step("an import that fills the disk itself, and goes on with run retry", async () => {
      disk.fill(3_000);
      const failed = await runCli(home, importing);
      assertFull(failed);
      disk.free();
      const [run] = await json("run", "list");
      // How it ended, or that it tries again, may have found no room.
      assert.notEqual(run.status, "succeeded");
      const retried = await runCli(home, ["run", "retry", run.id]);
      assert.equal(retried.code, 0, retried.stderr);
      assert.equal((await json("run", "show", run.id)).read, file.rows + file.broken);
      using database = openForReading(home);
      const count = (sql: string) => Number(database.prepare(sql).get()?.n);
      assert.equal(count("select sum(events) n from segments where kind = 'stream'"), file.rows);
      assert.equal(count("select count(*) n from profiles"), file.customers);
    });
    await test.step("rejected rows that do not fit where standard output goes", async () => {
      const [{ id }] = await json("run", "list");
      const rejects = ["run", "rejects", id, "--as-csv"];
      const whole = await runCli(home, rejects);
      assert.equal(whole.code, 0);
      assert.equal(whole.stdout.trimEnd().split("\n").length, file.broken + 1);
      const out = join(disk.path, "rejects.csv");
      disk.fill();
      assertFull(await runRedirected(home, rejects, { stdout: out }));
      disk.free();
      await Deno.remove(out);
      assert.equal((await runRedirected(home, rejects, { stdout: out })).code, 0);
      assert.equal(await Deno.readTextFile(out), whole.stdout);
    });
    await test.step("a command and a server whose log has no room do their work", async () => {
      const elsewhere = join(folder.path, "elsewhere");
      await copyFolder(queued, elsewhere);
      const log = join(disk.path, "log");
      disk.fill();
      const importing = ["run", "csv-import", "--auth", "here", "--file", "large.csv", "--stream", "customers"];
      const done = await runRedirected(elsewhere, importing, { stderr: log });
      assert.equal(done.code, 0);
      assert.match(done.stdout, /succeeded/);

      // A server that cannot show its first token does not start: nobody could ever use it.
      const unseen = await runRedirected(elsewhere, ["serve", "--port", "0", "--no-sftp"], { stderr: log });
      assert.equal(unseen.code, 6);
      assert.equal((await runCli(elsewhere, createToken)).code, 0, "None was left behind");
      await using server = startRedirected(elsewhere, ["serve", "--port", "0", "--no-sftp"], { stderr: log });
      let ended = false;
      server.status.then(() => ended = true);
      using database = openForReading(elsewhere);
      let address: unknown;
      while (typeof address !== "string") {
        assert.ok(!ended, "The server ended");
        address = database.prepare("select address from processes where kind = 'serve'").get()?.address;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      let ready = false;
      while (!ready) {
        const response = await fetch(`${address}/readyz`);
        await response.body?.cancel();
        ready = response.ok;
      }
      assert.equal((await Deno.stat(log)).size, 0);
      server.kill("SIGTERM");
      assert.equal((await server.status).code, 0);
      disk.free();
    });
  },
});
