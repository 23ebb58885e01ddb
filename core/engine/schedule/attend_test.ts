import assert from "node:assert/strict";
import { type CompiledQuery, sql } from "kysely";
import type { Executor } from "../../database/database.ts";
import { openDatabase } from "../../database/open.ts";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { failure } from "../engine_testing.ts";
import { dueExports } from "../exports/refresh.ts";
import { isoTime } from "../iso_time.ts";
import { runView } from "../run_view.ts";
import { dueNotices } from "../notify/deliver.ts";
import { attend, dueSchedules } from "./attend.ts";
import { startContinuous } from "./continuous_testing.ts";
import { heedPutBack, heedPutBackExports } from "./put_back.ts";
import { Scheduler } from "./scheduler.ts";

onEachDatabase("a new continuous job runs at once, unless it is said when it runs", async (databases) => {
  await using engine = await startContinuous(databases);
  const now = await engine.make("now", {});
  assert.notEqual(now.last_run_id, null);
  assert.deepEqual(now.next_runs.slice(0, 2), ["2026-01-11T00:00:00.000Z", "2026-01-12T00:00:00.000Z"]);
  const later = await engine.make("later", { time_of_day: "06:30", timezone: "Europe/Berlin" });
  assert.equal(later.last_run_id, null);
  assert.equal(later.next_runs.length, 5);
  assert.equal(later.next_runs[0], "2026-01-11T05:30:00.000Z");
  const cron = await engine.make("cron", { frequency: "0 6 * * MON" });
  assert.deepEqual([cron.last_run_id, cron.next_runs[0]], [null, "2026-01-12T06:00:00.000Z"]);
  const still = await engine.jobs.create({
    type: "echo-import",
    label: "still",
    config: { stream: "s", file: "a.csv", time_of_day: "06:00" },
  });
  assert.deepEqual([still.last_run_id, still.next_runs], [null, []]);
  assert.deepEqual((await engine.jobs.list()).map(({ label, next_runs }) => [label, next_runs.length]), [
    ["cron", 5],
    ["later", 5],
    ["now", 5],
    ["still", 0],
  ]);
});

onEachDatabase("what a schedule says is checked when a job is saved", async (databases) => {
  await using engine = await startContinuous(databases);
  const refused = async (config: Record<string, string>, message: RegExp) =>
    await assert.rejects(engine.make("job", config), failure("config", message));
  await refused({ timezone: "Europe/Berlinn" }, /"timezone" must be the name of a time zone.*"Europe\/Berlinn"/);
  await refused({ timezone: "+02:00" }, /"timezone" must be the name of a time zone/);
  await refused({ time_of_day: "24:00" }, /"time_of_day" must be a time of day from "00:00" to "23:59"/);
  await refused({ expect_by: "6am" }, /"expect_by" must be a time of day/);
  await refused({ frequency: "often" }, /"frequency" must be one of 15min, .* it has not five fields/);
  await refused({ frequency: "61 * * * *" }, /a cron expression of five fields; it cannot be read/);
  await refused({ frequency: "0 0 31 2 *" }, /it means no time that ever comes/);
  await refused({ frequency: "0 6 * * *", time_of_day: "06:00" }, /"time_of_day" cannot be given beside a cron/);
  await refused({ max_failures: "-1" }, /"max_failures" must be at least 0/);
});

onEachDatabase("a due job is queued once, and the next time is a day later by the zone's clock", async (databases) => {
  await using engine = await startContinuous(databases);
  const { id } = await engine.make("nightly", { time_of_day: "02:30", timezone: "Europe/Berlin" });
  engine.setClock("2026-03-28T12:00:00Z");
  await engine.jobs.pause(id);
  await engine.jobs.resume(id);
  assert.deepEqual((await engine.attendAt("2026-03-29T01:29:59Z")).queued, []);
  const { queued } = await engine.attendAt("2026-03-29T01:30:00Z");
  assert.equal(queued.length, 1);
  assert.deepEqual((await engine.attendAt("2026-03-29T01:30:00Z")).queued, []);
  const [run] = await engine.runs();
  assert.deepEqual([run?.job_id, run?.due_at, run?.notes], [id, Date.parse("2026-03-29T01:30:00Z"), "[]"]);
  assert.equal(runView(run!, undefined, null).due_at, "2026-03-29T01:30:00.000Z");
  assert.equal((await engine.jobs.get(id)).next_runs[0], "2026-03-30T00:30:00.000Z");
});

onEachDatabase("several processes that find a job due queue one run of it", async (databases) => {
  await using engine = await startContinuous(databases);
  for (const label of ["one", "two", "three"]) await engine.make(label, { time_of_day: "06:00" });
  engine.setClock("2026-01-11T06:00:00Z");
  const done = await Promise.all(Array.from({ length: 6 }, () => attend(engine.database)));
  assert.equal(done.flatMap(({ queued }) => queued).length, 3);
  assert.equal(new Set((await engine.runs()).map(({ job_id }) => job_id)).size, 3);
});

onEachDatabase(
  "a time for which there is a run is not queued again by a clock that was set back",
  async (databases) => {
    await using engine = await startContinuous(databases);
    await engine.make("nightly", { time_of_day: "06:00" });
    await engine.attendAt("2026-01-11T06:00:00Z");
    await engine.end({});
    await engine.database.kysely.updateTable("schedules").set({
      due_at: Date.parse("2026-01-11T06:00:00Z"),
      wake_at: 0,
    })
      .execute();
    assert.deepEqual((await engine.attendAt("2026-01-11T06:00:01Z")).queued, []);
    assert.equal((await engine.runs()).length, 1);
  },
);

onEachDatabase("what a clock that was ahead has put off for years is due as its schedule says", async (databases) => {
  await using engine = await startContinuous(databases);
  const { id } = await engine.make("ahead", { time_of_day: "06:00", expect_by: "07:00" });
  const kept = await engine.make("kept", { frequency: "0 6 1 1 *" });
  await engine.attendAt("2031-05-05T05:00:00Z");
  await engine.end({}).catch(() => {});
  await engine.end({}).catch(() => {});
  assert.equal((await engine.jobs.get(id)).next_runs[0], "2031-05-05T06:00:00.000Z");
  engine.setClock("2026-01-12T09:00:00Z");
  assert.deepEqual((await heedPutBack(engine.database)).toSorted(), [id, kept.id].toSorted());
  assert.deepEqual(await heedPutBack(engine.database), []);
  const [row] = await engine.database.kysely.selectFrom("schedules").selectAll().where("job_id", "=", id).execute();
  assert.deepEqual([row?.due_at, row?.expect_at, row?.wake_at].map((time) => isoTime(time!)), [
    "2026-01-13T06:00:00.000Z",
    "2026-01-13T07:00:00.000Z",
    "2026-01-13T06:00:00.000Z",
  ]);
  assert.equal((await engine.attendAt("2026-01-13T06:00:00Z")).queued.length, 1);
});

onEachDatabase("a run that a clock ahead has queued does not wait until that time comes", async (databases) => {
  await using engine = await startContinuous(databases);
  engine.setClock("2031-05-05T05:00:00Z");
  await engine.make("now", {});
  engine.setClock("2026-01-12T09:00:00Z");
  await engine.end({});
  assert.equal((await engine.runs())[0]?.status, "succeeded");
});

onEachDatabase("results that a clock ahead has made early are made anew on the next day", async (databases) => {
  await using engine = await startContinuous(databases);
  await engine.account.update({ settings: { export_time: "08:00", export_timezone: "UTC" } });
  const { kysely } = engine.database;
  const times = ["2031-05-06T08:00:00Z", "2026-01-12T08:00:00Z"].map((time) => Date.parse(time));
  await insertExports(kysely, [...times, null]);
  engine.setClock("2026-01-11T09:00:00Z");
  await heedPutBackExports(engine.database);
  const rows = await kysely.selectFrom("enabled_exports").select("refresh_at").orderBy("id").execute();
  assert.deepEqual(rows.map(({ refresh_at }) => refresh_at), [times[1], times[1], null]);
});

onEachDatabase("a scheduler that starts heeds a clock that was put back", async (databases) => {
  await using engine = await startContinuous(databases);
  const { id } = await engine.make("ahead", { time_of_day: "06:00" });
  await engine.attendAt("2031-05-05T06:00:00Z");
  engine.setClock("2026-01-12T05:59:59Z");
  const mended = Promise.withResolvers<unknown>();
  const log = { debug() {}, info() {}, error() {}, warn: (_: string, fields?: object) => mended.resolve(fields) };
  await using _ = new Scheduler({ database: engine.database, log, poll: 1 });
  assert.deepEqual(await mended.promise, { job: id });
});

onEachDatabase(
  "a scheduler goes on with jobs beside an export, or a job due later, that cannot be read",
  async (databases) => {
    await using engine = await startContinuous(databases);
    const { kysely } = engine.database;
    const { id } = await engine.make("well", { time_of_day: "06:00" });
    const ill = await engine.make("ill", { time_of_day: "07:00" });
    await kysely.updateTable("jobs").set({ config: '{"keep_updated":true,"timezone":"Sunken/Atlantis"}' })
      .where("id", "=", ill.id).execute();
    await engine.account.update({ settings: { export_time: "08:00", export_timezone: "UTC" } });
    await insertExports(kysely, [0, Date.parse("2031-01-01T08:00:00Z")]);
    const account = await kysely.selectFrom("accounts").selectAll().executeTakeFirstOrThrow();
    await kysely.updateTable("accounts").set({ settings: account.settings.replace("UTC", "Sunken/Atlantis") })
      .execute();
    engine.setClock("2026-01-11T06:00:00Z");
    const queued = Promise.withResolvers<unknown>(), trouble = Promise.withResolvers<string>();
    const log = {
      debug() {},
      warn() {},
      info: (_: string, fields?: object) => queued.resolve(fields),
      error: trouble.resolve,
    };
    await using _ = new Scheduler({ database: engine.database, log, poll: 1 });
    await queued.promise;
    assert.deepEqual((await engine.runs()).map(({ job_id }) => job_id), [id]);
    assert.match(await trouble.promise, /^The exports could not be looked at: .*Sunken\/Atlantis/);
  },
);

onEachDatabase("times missed while nobody looked are made up for by one run", async (databases) => {
  await using engine = await startContinuous(databases);
  const { id } = await engine.make("hourly", { frequency: "hourly", time_of_day: "00:05" });
  const { queued } = await engine.attendAt("2026-01-14T09:20:00Z");
  assert.equal(queued.length, 1);
  const [run] = await engine.runs();
  assert.match(run?.notes ?? "", /several times while no process executed runs: this run stands for them all/);
  assert.equal(run?.due_at, Date.parse("2026-01-10T12:05:00Z"));
  await engine.end({});
  assert.deepEqual((await engine.attendAt("2026-01-14T10:04:59Z")).queued, []);
  assert.equal((await engine.jobs.get(id)).next_runs[0], "2026-01-14T10:05:00.000Z");
  assert.equal((await engine.attendAt("2026-01-14T10:05:00Z")).queued.length, 1);
});

onEachDatabase("jobs that cannot be queued keep no other from its time, however many they are", async (databases) => {
  await using engine = await startContinuous(databases);
  const { kysely } = engine.database;
  const { id } = await engine.make("well", { time_of_day: "06:00" });
  const job = await kysely.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const row = await kysely.selectFrom("schedules").selectAll().where("job_id", "=", id).executeTakeFirstOrThrow();
  const ids = Array.from({ length: 250 }, (_, number) => `ill-${number}`);
  await engine.database.write(async (transaction) => {
    for (const ill of ids) {
      await transaction.insertInto("jobs").values({ ...job, id: ill, label: ill, config: "{" })
        .execute();
      await transaction.insertInto("schedules").values({ ...row, job_id: ill, wake_at: row.wake_at! - 1 }).execute();
    }
  });
  await assert.rejects(engine.attendAt("2026-01-11T06:00:00Z"), /JSON/);
  assert.deepEqual((await engine.runs()).map(({ job_id }) => job_id), [id]);
});

onEachDatabase("runs of a continuous job do not pile up", async (databases) => {
  await using engine = await startContinuous(databases);
  const { id } = await engine.make("quick", { frequency: "15min" });
  assert.equal((await engine.runs()).length, 1);
  const { queued, passed } = await engine.attendAt("2026-01-10T12:15:00Z");
  assert.deepEqual([queued, passed], [[], [id]]);
  await engine.end({});
  assert.equal((await engine.attendAt("2026-01-10T12:30:00Z")).queued.length, 1);
  // One that waits for somebody's approval would be held again, and told again.
  await engine.database.kysely.updateTable("runs").set({ status: "held" }).where("status", "=", "queued").execute();
  assert.deepEqual((await engine.attendAt("2026-01-10T12:45:00Z")).passed, [id]);
});

onEachDatabase("a paused, deleted or changed job is not due when it was", async (databases) => {
  await using engine = await startContinuous(databases);
  for (const label of ["paused", "gone", "changed", "stopped", "kept"]) {
    await engine.make(label, { time_of_day: "06:00" });
  }
  await engine.jobs.pause("paused");
  await engine.jobs.delete("gone");
  const changed = await engine.jobs.update("changed", { config: { time_of_day: "08:00" } });
  assert.equal(changed.next_runs[0], "2026-01-11T08:00:00.000Z");
  await engine.jobs.update("stopped", { config: { keep_updated: false } });
  await engine.jobs.update("kept", { config: { file: "b.csv" }, label: "renamed" });
  assert.deepEqual((await engine.jobs.get("paused")).next_runs, []);
  const { queued } = await engine.attendAt("2026-01-11T07:00:00Z");
  const [run, ...others] = await engine.runs();
  assert.deepEqual([queued, others], [[run?.id], []]);
  assert.equal(run?.job_id, (await engine.jobs.get("renamed")).id);
  assert.equal((await engine.attendAt("2026-01-11T08:00:00Z")).queued.length, 1);
  await engine.jobs.resume("paused");
  assert.equal((await engine.jobs.get("paused")).next_runs[0], "2026-01-12T06:00:00.000Z");
});

onEachDatabase("what did not come by its time is told once that day, and not where it came", async (databases) => {
  await using engine = await startContinuous(databases);
  await engine.account.update({ settings: { notify_email: ["ops@example.com"] } });
  const config = { frequency: "hourly", time_of_day: "00:30", expect_by: "06:00", timezone: "Europe/Berlin" };
  const { id } = await engine.make("partner", config);
  const day = async (date: string, rows: number) => {
    await engine.attendAt(`${date}T03:30:00Z`);
    await engine.end({ rows });
    // 06:00 in Berlin.
    const { missed } = await engine.attendAt(`${date}T05:00:00Z`);
    await engine.end({}).catch(() => {});
    return missed;
  };
  assert.deepEqual(await day("2026-01-11", 10), []);
  // The run at 04:30 is looking for it still.
  assert.deepEqual(await day("2026-01-12", 0), []);
  assert.deepEqual((await engine.attendAt("2026-01-12T05:00:20Z")).missed, [id]);
  assert.deepEqual((await engine.attendAt("2026-01-12T05:20:00Z")).missed, []);
  const [told, ...others] = await engine.notices();
  assert.deepEqual(others, []);
  assert.deepEqual([told?.event, told?.channel, told?.run_id], ["file_missing", "mail", null]);
  assert.equal(told?.message, 'Nothing new came for job "partner" by 06:00 (Europe/Berlin)');
  assert.deepEqual(await day("2026-01-13", 5), []);
  assert.deepEqual((await engine.attendAt("2026-01-13T05:00:20Z")).missed, []);
});

onEachDatabase("nothing is expected before a run was due that could bring it", async (databases) => {
  await using engine = await startContinuous(databases);
  // Saturday noon; the first run is on Monday.
  await engine.make("weekdays", { frequency: "0 5 * * MON-FRI", expect_by: "06:00" });
  const wake = async () =>
    (await engine.database.kysely.selectFrom("schedules").select(["due_at", "expect_at"]).execute())
      .map(({ due_at, expect_at }) => [due_at, expect_at].map((time) => time === null ? null : isoTime(time)));
  assert.deepEqual(await wake(), [["2026-01-12T05:00:00.000Z", "2026-01-12T06:00:00.000Z"]]);
  await engine.attendAt("2026-01-12T05:00:00Z");
  await engine.end({});
  assert.equal((await engine.attendAt("2026-01-12T06:00:00Z")).missed.length, 1);
  assert.deepEqual(await wake(), [["2026-01-13T05:00:00.000Z", "2026-01-13T06:00:00.000Z"]]);
});

onEachDatabase("a look at what is due reads an index, however many jobs wait", async (databases) => {
  await using database = await openDatabase(await databases.make());
  const rows = Array.from({ length: 2_000 }, (_, number) => ({
    account_id: 1,
    job_id: String(number),
    due_at: number,
    expect_at: null,
    wake_at: number < 1_000 ? null : 1_000_000 + number,
    failures: 0,
    paused_because: null,
  }));
  for (let from = 0; from < rows.length; from += 200) {
    await database.kysely.insertInto("schedules").values(rows.slice(from, from + 200)).execute();
  }
  const plan = async ({ sql: text, parameters }: CompiledQuery) => {
    const explain = database.kind === "sqlite" ? "explain query plan " : "explain ";
    const result = await database.kysely.executeQuery({
      ...sql`select 1`.compile(database.kysely),
      sql: explain + text,
      parameters,
    });
    return JSON.stringify(result.rows);
  };
  if (database.kind === "postgres") await sql`analyze schedules`.execute(database.kysely);
  const last = { account_id: 1, job_id: "5", wake_at: 3 };
  for (const due of [dueSchedules(database.kysely, 5), dueSchedules(database.kysely, 5, last)]) {
    assert.match(await plan(due.compile()), /schedules_wake/);
  }
  if (database.kind === "sqlite") {
    assert.match(await plan(dueNotices(database.kysely, 5).compile()), /notices_due/);
    const last = { account_id: 1, id: 5, refresh_at: 3 };
    for (const due of [dueExports(database.kysely, 5), dueExports(database.kysely, 5, last)]) {
      assert.match(await plan(due.compile()), /enabled_export_due/);
    }
  }
});

/** Enabled exports that are due at these times. */
async function insertExports(executor: Executor, times: readonly (number | null)[]): Promise<void> {
  for (const [id, refresh_at] of times.entries()) {
    await executor.insertInto("enabled_exports").values({
      account_id: 1,
      id,
      type: "audience-export",
      source_id: String(id),
      variant: "email",
      lane: `lane-${id}`,
      personal: 0,
      user_id: null,
      user_name: null,
      created_at: 1,
      requested_at: null,
      lapses_at: null,
      refresh_at,
      artifact_id: null,
      results_at: null,
      results_rows: 0,
      results_requested: 0,
      reach_epoch: null,
      reach_position: null,
    }).execute();
  }
}
