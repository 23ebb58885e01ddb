/**
 * The process that executes exports of audiences, profiles, changes of profiles and raw logs is killed at random points:
 * results are those of one that nobody disturbed, a full export and the changes after it make just the profiles that
 * there are, each hour has one file, and nothing else is left.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Database } from "../core/database/database.ts";
import { ArtifactFiles } from "../core/engine/artifacts/artifact_files.ts";
import { sweepArtifacts } from "../core/engine/artifacts/sweep_artifacts.ts";
import {
  applyChanges,
  assertSame,
  type FeedRow,
  type Profiles,
  profilesIn,
  readFull,
} from "../core/engine/change_feed_testing.ts";
import { openCore } from "../core/engine/core.ts";
import { queueRefresh } from "../core/engine/exports/refresh.ts";
import { homeOf } from "../core/engine/home.ts";
import { LogCollector } from "../core/engine/raw_logs/collector.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { Spool } from "../core/engine/spool.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { Observer } from "./support/observer.ts";
import { DATABASE_KINDS, databaseUrl, homePath, openPlace, type Place } from "./support/place.ts";
import { freshSeed, seeded } from "./support/seeded.ts";
import { startServing } from "./support/waybill_process.ts";

/** How often a process is killed that is at some of them. */
const KILLS: Readonly<Record<string, number>> = { SQLite: 12, PostgreSQL: 3 };
/** Processes that are killed between two results at most: they take up the same runs. */
const A_ROUND = 3;

const PEOPLE = 12_000, EVENTS = 4_000, HOURS = 4, HOUR = 3_600_000;
/** The last hour that was complete when this began. */
const NEWEST = Math.floor((Date.now() - HOUR - 600_000) / HOUR) * HOUR;

/** The enabled exports. */
type Name = "audience" | "profile" | "profile_changes";

for (const kind of DATABASE_KINDS) {
  const kills = KILLS[kind.name] ?? 0;
  Deno.test({
    name: `${kills} kills of audience, profile and log exports leave what undisturbed ones leave, on ${kind.name}`,
    ignore: !kind.present,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using places = await kind.start();
      const place = await places.make(join(folder.path, "home"));
      // Makes the database.
      await (await openQuietRuntime(place, "none"))[Symbol.asyncDispose]();
      // Elsewhere the processes may not write.
      const out = join(homePath(place), "out");
      await Deno.mkdir(out);
      await using database = await openPlace(place);
      const peer = new Peer(place, database, out);
      await peer.prepare();
      const seed = freshSeed(), random = seeded(seed);
      const hits = new Map<string, number>();
      let undisturbed = 0;
      for (let round = 0, killed = 0; killed < kills || round < 2; round++) {
        await peer.change(round);
        await peer.queue();
        assert.ok(round < 2 * kills, `seed ${seed}: runs end before they are killed`);
        // The first round tells how long it takes.
        for (let tries = 0; round > 0 && tries < A_ROUND && killed < kills; tries++) {
          const types = await peer.killOnce(random() * undisturbed);
          if (types.length > 0) killed++;
          for (const type of types) hits.set(type, (hits.get(type) ?? 0) + 1);
        }
        const took = await peer.finish();
        if (round === 0) undisturbed = took;
        await peer.check(`seed ${seed}, round ${round}`, random() < 0.7);
      }
      await peer.checkLeft();
      console.log(`${kills} kills by seed ${seed} met: ${JSON.stringify(Object.fromEntries(hits))}`);
    },
  });
}

/** Which results. */
interface Source {
  readonly type: "audience-export" | "profile-export";
  readonly source_id: string;
  readonly variant: string;
}

/** A data directory with exports of each kind, and somebody who fetches their results. */
class Peer {
  readonly #sources = new Map<Name, Source>();
  /** What the one who follows has made of the files of changes. */
  readonly #followed: Profiles = new Map();
  /** Customers that changed since those that were fetched last. */
  #changed = new Set<string>();

  constructor(private readonly place: Place, private readonly database: Database, private readonly out: string) {}

  async prepare(): Promise<void> {
    await Deno.mkdir(join(this.out, "logs"));
    await this.#withRuntime(async ({ auths, apps }) => {
      await auths.create({ method: "local-folder", label: "files", config: { folder: this.out } });
      await this.#collect((await apps.create({ name: "weather" })).app_id);
    });
    await this.#import("people", Array.from({ length: PEOPLE }, (_, id) => id), "first");
    await this.#withRuntime(async ({ audiences, enabledExports, jobs, runs }) => {
      const { id } = await audiences.create({ name: "Letters", filter: "FILTER EXISTS email" });
      await enabledExports.enable({ type: "audience-export", audience: "letters", identifier_type: "email" });
      this.#sources.set("audience", { type: "audience-export", source_id: String(id), variant: "email" });
      for (const job_type of ["profile", "profile_changes"] as const) {
        await enabledExports.enable({ type: "profile-export", table: "user", job_type });
        this.#sources.set(job_type, { type: "profile-export", source_id: "1", variant: job_type });
      }
      // The clock is to start none of them by itself.
      const time_of_day = new Date(Date.now() + 12 * HOUR).toISOString().slice(11, 16);
      const config = { app: "weather", output: "logs/{hour}.log.gz", continuous: true, time_of_day };
      await jobs.create({ type: "log-export", label: "logs", auth: "files", config });
      // There is a last hour from here on.
      await runs.start({ job: "logs" });
    });
    await this.database.kysely.updateTable("enabled_exports").set({ refresh_at: null }).execute();
    await this.finish();
  }

  /** Some profiles change, and some come; nothing does in the first round. */
  async change(round: number): Promise<void> {
    if (round === 0) return;
    const ids = Array.from({ length: PEOPLE }, (_, id) => id).filter((id) => id % 9 === round % 9);
    const fresh = Array.from({ length: 500 }, (_, index) => PEOPLE + 500 * round + index);
    await this.#import(`changes${round}`, [...ids, ...fresh], `round ${round}`);
  }

  /** Queues a run of each; of hours, as if the last were some ago. */
  async queue(): Promise<void> {
    const { kysely } = this.database;
    for (const { name } of Deno.readDirSync(join(this.out, "logs"))) await Deno.remove(join(this.out, "logs", name));
    await kysely.updateTable("runs").set({ path: `logs/${hourFile(HOURS)}` }).where("job_type", "=", "log-export")
      .execute();
    await this.#refresh();
    await this.#withRuntime(({ runs }) => runs.start({ job: "logs" }));
  }

  async #refresh(): Promise<void> {
    await this.database.write(async (transaction) => {
      const now = await this.database.now();
      for (const row of await transaction.selectFrom("enabled_exports").selectAll().execute()) {
        await queueRefresh(transaction, row, { now });
      }
    });
  }

  /** Starts a process and kills it so many milliseconds after it took a run; gives the types of runs that it had. */
  async killOnce(pause: number): Promise<string[]> {
    const before = new Map((await this.#open()).map(({ id, attempts }) => [id, attempts]));
    if (before.size === 0) return [];
    const taken = async () => (await this.#open()).filter(({ id, attempts }) => attempts > (before.get(id) ?? 0));
    await using waybill = startServing(this.place);
    while ((await taken()).length === 0) {
      assert.ok(!waybill.ended(), waybill.log.join("\n"));
      await wait(2);
    }
    await wait(pause);
    await waybill.kill();
    await using observer = new Observer(this.place, "");
    await observer.settled();
    return (await taken()).map(({ type }) => type);
  }

  /** Lets all runs come to their ends; gives how many milliseconds that took from the first attempt on. */
  async finish(): Promise<number> {
    if ((await this.#open()).length === 0) return 0;
    await using waybill = startServing(this.place);
    let began = 0;
    for (let open = await this.#open(); open.length > 0; open = await this.#open()) {
      if (open.some(({ status }) => status === "running")) began ||= performance.now();
      assert.ok(!waybill.ended(), waybill.log.join("\n"));
      await wait(2);
    }
    const took = performance.now() - began;
    waybill.signal("SIGTERM");
    assert.equal((await waybill.status).code, 0, waybill.log.join("\n"));
    const failed = await this.database.kysely.selectFrom("runs").select(["job_type", "failure"])
      .where("status", "!=", "succeeded").execute();
    assert.deepEqual(failed, []);
    return took;
  }

  async #open() {
    return await this.database.kysely.selectFrom("runs").select(["id", "job_type as type", "status", "attempts"])
      .where("status", "in", ["queued", "running"]).execute();
  }

  /** Looks at all results. Changes that nobody fetches are told again. */
  async check(where: string, fetchesChanges: boolean): Promise<void> {
    const profiles = await profilesIn(this.database.kysely);
    const emails = [...profiles.values()].map(({ email }) => JSON.stringify({ EMAIL: email }));
    assert.deepEqual((await this.#fetch("audience")).sort(), emails.sort(), `${where}: the audience`);
    assertSame(readFull(rowsOf(await this.#fetch("profile"))), profiles, `${where}: all profiles`);
    this.#checkHours(where);
    if (!fetchesChanges) return;
    const rows = rowsOf(await this.#fetch("profile_changes"));
    const told = rows.map(({ profile }) => (profile as Record<string, unknown>)["_ll.raw_customer_id"]);
    assert.deepEqual(told.sort(), [...this.#changed].sort(), `${where}: whose changes are told`);
    applyChanges(this.#followed, rows);
    assertSame(this.#followed, profiles, `${where}: who follows the changes`);
    this.#changed = new Set();
  }

  #checkHours(where: string): void {
    const expected = Array.from({ length: HOURS }, (_, ago) => hourFile(ago));
    const found = Array.from(Deno.readDirSync(join(this.out, "logs")), ({ name }) => name).sort();
    const textOf = (name: string) =>
      new TextDecoder().decode(gunzipSync(Deno.readFileSync(join(this.out, "logs", name))));
    // While this runs another hour may come to its end, in which nothing happened. Names are in the order of the hours.
    const later = found.filter((name) => name > hourFile(0));
    assert.deepEqual(later.map(textOf), later.map(() => ""), `${where}: hours that ended meanwhile`);
    assert.deepEqual(found.slice(0, found.length - later.length), expected.sort(), where);
    for (let ago = 0; ago < HOURS; ago++) {
      const names = textOf(hourFile(ago)).split("\n").slice(0, -1).map((line) => JSON.parse(line).name);
      assert.deepEqual(names, Array.from({ length: EVENTS }, (_, n) => `${ago}-${n}`), `${where}: ${hourFile(ago)}`);
    }
  }

  /** Nothing is told twice, and there are no files but those that can be fetched. */
  async checkLeft(): Promise<void> {
    await this.#fetch("profile_changes");
    await this.#refresh();
    await this.#withRuntime(({ runs }) => runs.start({ job: "logs" }));
    await this.finish();
    assert.deepEqual(await this.#fetch("profile_changes"), []);
    this.#checkHours("at the end");
    const { kysely } = this.database, home = homeOf(homePath(this.place));
    await sweepArtifacts({ home, database: this.database }, { clock: () => this.database.now() });
    const live = await kysely.selectFrom("artifacts").select(["id", "size"]).where("ended_at", "is", null).execute();
    const there: { id: string; size: number }[] = [];
    // An empty one may be about to be written, for as long as an hour.
    for await (const { id, size } of new ArtifactFiles(home.artifactsDir).entries()) {
      if (size > 0 || live.some((artifact) => artifact.id === id && artifact.size === 0)) there.push({ id, size });
    }
    const sorted = (list: readonly { id: string; size: number | null }[]) =>
      list.map(({ id, size }) => `${id} ${size}`).sort();
    assert.deepEqual(sorted(there), sorted(live.filter(({ size }) => size !== null)));
    const spool = await Array.fromAsync(new Spool(home.spoolDir).entries());
    assert.deepEqual(spool, []);
  }

  /** Requests results as the bulk APIs do; their lines. */
  async #fetch(name: Name): Promise<string[]> {
    const source = this.#sources.get(name)!;
    await this.#withRuntime(async ({ fetchedExports }) => {
      const fetched = await fetchedExports.fetch({ ...source, origin: "http://waybill.test" });
      assert.ok("url" in fetched, JSON.stringify(fetched));
    });
    const { artifact_id } = await this.database.kysely.selectFrom("enabled_exports").select("artifact_id")
      .where("type", "=", source.type).where("variant", "=", source.variant).executeTakeFirstOrThrow();
    const text = await Deno.readTextFile(join(homeOf(homePath(this.place)).artifactsDir, "1", artifact_id!));
    assert.ok(text === "" || text.endsWith("\n"));
    return text.split("\n").slice(0, -1);
  }

  async #import(name: string, ids: readonly number[], note: string): Promise<void> {
    const rows = ids.map((id) => `c${id},p${id}@example.com,"${note}, é ${id * 7919 % 10_007}"\n`);
    await Deno.writeTextFile(join(this.out, `${name}.csv`), `customer_id,email,note\n${rows.join("")}`);
    for (const id of ids) this.#changed.add(`c${id}`);
    const config = { stream: "people", file: `${name}.csv`, identify_by: "customer_id" };
    await this.#withRuntime(({ runs }) => runs.start({ type: "csv-import", auth: "files", config }));
    await this.finish();
  }

  /** Puts events into the last hours, as if it were those. */
  async #collect(app: string): Promise<void> {
    const before = Deno.env.get(DATABASE_URL);
    Deno.env.set(DATABASE_URL, databaseUrl(this.place));
    try {
      await using core = await openCore({ home: homePath(this.place), plugins: [] });
      for (let ago = 0; ago < HOURS; ago++) {
        const hour = NEWEST - ago * HOUR;
        const lines = Array.from(
          { length: EVENTS },
          (_, n) => `${JSON.stringify({ type: "e", name: `${ago}-${n}`, at_millis: hour + 1_000 })}\n`,
        );
        const collector = new LogCollector(core, () => Promise.resolve(hour + 5_000));
        const sender = { kind: "token", id: "t", name: "t", scopes: [] } as const;
        await collector.collect({ account: 1, app }, sender, { stream: new Blob(lines).stream(), gzip: false });
      }
    } finally {
      if (before === undefined) Deno.env.delete(DATABASE_URL);
      else Deno.env.set(DATABASE_URL, before);
    }
  }

  async #withRuntime(work: (runtime: Runtime) => Promise<unknown>): Promise<void> {
    await using runtime = await openQuietRuntime(this.place, "none");
    await work(runtime);
  }
}

const DATABASE_URL = "WAYBILL_DATABASE_URL";

/** The file of an hour, counted from the newest back. */
function hourFile(ago: number): string {
  return `${new Date(NEWEST - ago * HOUR).toISOString().slice(0, 13)}.log.gz`;
}

function rowsOf(lines: readonly string[]): FeedRow[] {
  return lines.map((line) => JSON.parse(line));
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
