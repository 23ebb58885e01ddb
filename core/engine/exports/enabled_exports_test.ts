import assert from "node:assert/strict";
import type { FailureJson } from "../../contracts/failure.ts";
import { openDatabase } from "../../database/open.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { ownAccountOf } from "../accounts.ts";
import { type EnginePeer, failure, startEngine } from "../engine_testing.ts";
import { homeOf } from "../home.ts";
import { makeTable } from "../profile_tables.ts";
import { claimRun, finishRun } from "../queue.ts";
import { type EnabledExports, enabledExportsOf } from "./enabled_exports.ts";
import { attendExports, queueRefresh } from "./refresh.ts";

/** An engine whose exports have a clock of the test's. */
interface ExportPeer extends EnginePeer {
  readonly exports: EnabledExports;
  setClock(time: string): void;
  readonly clock: () => Promise<number>;
  /** Runs that were queued. */
  runs(): Promise<{ readonly id: string; readonly config: string; readonly due_at: number | null }[]>;
}

async function start(databases: TestDatabases): Promise<ExportPeer> {
  const engine = await startEngine(databases);
  let now = Date.parse("2026-10-30T12:00:00Z");
  const clock = () => Promise.resolve(now);
  const core = { home: homeOf(engine.folder) };
  const { kysely } = engine.context.database;
  return {
    ...engine,
    exports: enabledExportsOf(engine.context, { core, clock }),
    clock,
    setClock: (time) => now = Date.parse(time),
    runs: () => kysely.selectFrom("runs").select(["id", "config", "due_at"]).orderBy("due_at").execute(),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

const PROFILES = { type: "profile-export", table: "user", job_type: "profile" } as const;

onEachDatabase(
  "exports are made anew at 8 a.m. in New York, also on the day when its clocks change",
  async (databases) => {
    await using engine = await start(databases);
    const { database } = engine.context;
    engine.setClock("2026-10-31T12:30:00Z");
    const enabled = await engine.exports.enable(PROFILES);
    assert.equal(enabled.next_refresh_at, "2026-11-01T13:00:00.000Z");
    engine.setClock("2026-11-01T12:59:59.999Z");
    assert.deepEqual(await attendExports(database, engine.clock), []);
    engine.setClock("2026-11-01T13:00:00Z");
    // Two processes look at once.
    await using other = await openDatabase(engine.address);
    const queued = await Promise.all([attendExports(database, engine.clock), attendExports(other, engine.clock)]);
    assert.equal(queued.flat().length, 1);
    assert.equal((await engine.exports.get(String(enabled.id))).next_refresh_at, "2026-11-02T13:00:00.000Z");
    const [run = assert.fail()] = await engine.runs();
    assert.deepEqual([JSON.parse(run.config), run.due_at], [
      { table: enabled.source_id, job_type: "profile" },
      Date.parse("2026-11-01T13:00:00Z"),
    ]);
    // The run of the day before has not ended.
    engine.setClock("2026-11-02T13:00:00Z");
    assert.deepEqual(await attendExports(database, engine.clock), []);
    assert.equal((await engine.exports.get(String(enabled.id))).next_refresh_at, "2026-11-03T13:00:00.000Z");
    await ownAccountOf(engine.context).update({ settings: { export_time: "06:30", export_timezone: "Europe/Berlin" } });
    const [moved = assert.fail()] = await engine.exports.list();
    assert.match(moved.next_refresh_at ?? "", /T0[45]:30:00\.000Z$/);
  },
);

onEachDatabase(
  "that the results of a day could not be made is told by mail and webhook; a failed run that a request began is not",
  async (databases) => {
    await using engine = await start(databases);
    const { database } = engine.context;
    await ownAccountOf(engine.context).update({ settings: { notify_email: "ops@example.com" } });
    await engine.exports.enable(PROFILES);
    const fail = async (kind: FailureJson["kind"], message: string) => {
      const claim = await claimRun(database, "test", "any") ?? assert.fail("No run waits");
      const failure = { kind, message, hint: null, code: null };
      await database.write((transaction) => finishRun(transaction, claim, { status: "failed", failure }, 5));
      return claim.run;
    };
    const told = async () => {
      const rows = await database.kysely.selectFrom("notices").orderBy("message")
        .select(["event", "job_id", "job_label", "run_id", "message", "hint"]).execute();
      return rows.map((row) => ({ ...row }));
    };
    const row = await database.kysely.selectFrom("enabled_exports").selectAll().executeTakeFirstOrThrow();
    await database.write((transaction) => queueRefresh(transaction, row, { now: 1 }));
    await fail("transient", "The disk is full");
    assert.deepEqual(await told(), []);
    engine.setClock("2026-10-31T12:00:00Z");
    assert.equal((await attendExports(database, engine.clock)).length, 1);
    const first = await fail("transient", "The disk is full");
    await database.kysely.updateTable("enabled_exports").set({ results_at: 1 }).execute();
    engine.setClock("2026-11-01T13:00:00Z");
    assert.equal((await attendExports(database, engine.clock)).length, 1);
    const second = await fail("bug", "ann@example.com is undefined");
    const about = "The results of profile-export user (profile) could not be made: ";
    const of = { event: "export_failed", job_id: "1", job_label: "profile-export user (profile)" };
    assert.deepEqual(await told(), [
      { ...of, run_id: first, message: `${about}The disk is full`, hint: null },
      {
        ...of,
        run_id: second,
        message: `${about}something went wrong inside Waybill or the plugin; the results before are still there`,
        hint: `\`waybill run show ${second}\` tells why`,
      },
    ]);
  },
);

onEachDatabase("however many are enabled at once, the account has no more than it may", async (databases) => {
  await using engine = await start(databases);
  const { database } = engine.context;
  await database.write(async (transaction) => {
    for (let number = 0; number < 9; number++) await makeTable(transaction, 1, `t${number}`, 0);
  });
  await using other = await openDatabase(engine.address);
  const core = { home: homeOf(engine.folder) };
  const both = [
    engine.exports,
    enabledExportsOf({ ...engine.context, database: other }, { core, clock: engine.clock }),
  ];
  const settled = await Promise.allSettled(
    Array.from({ length: 9 }, (_, number) => both[number % 2]!.enable({ ...PROFILES, table: `t${number}` })),
  );
  assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 5);
  for (const result of settled) {
    if (result.status === "rejected") assert.match(String(result.reason), /5 exports of profiles enabled, the most/);
  }
  const [first = assert.fail()] = await engine.exports.list();
  await engine.exports.disable(String(first.id));
  await engine.exports.enable(PROFILES);
  await assert.rejects(
    engine.exports.enable({ ...PROFILES, job_type: "profile_changes" }),
    failure("config", /the most/, { code: "conflict" }),
  );
});

onEachDatabase(
  "an export that nobody asks for lapses after 45 days to the millisecond; enabling it again keeps it",
  async (databases) => {
    await using engine = await start(databases);
    const { database } = engine.context;
    const { id } = await engine.exports.enable({ ...PROFILES, job_type: "profile_changes" });
    const feed = () => database.kysely.selectFrom("change_feeds").select("active").executeTakeFirstOrThrow();
    assert.equal((await feed()).active, 1);
    engine.setClock("2026-11-30T12:00:00Z");
    assert.equal((await engine.exports.enable({ ...PROFILES, job_type: "profile_changes" })).id, id);
    engine.setClock("2027-01-14T11:59:59.999Z");
    assert.equal((await engine.exports.list()).length, 1);
    engine.setClock("2027-01-14T12:00:00Z");
    assert.deepEqual(await engine.exports.list(), []);
    await assert.rejects(engine.exports.get(String(id)), failure("config", /no enabled export/, { code: "not_found" }));
    assert.deepEqual(await attendExports(database, engine.clock), []);
    assert.deepEqual([(await feed()).active, await engine.runs()], [0, []]);
    const audit = await database.kysely.selectFrom("audit_entries").select(["action", "actor_kind", "detail"])
      .where("action", "in", ["enable", "disable"]).orderBy("sequence").execute();
    assert.deepEqual(audit.map(({ action, actor_kind }) => [action, actor_kind]), [["enable", "system"], [
      "disable",
      "system",
    ]]);
    assert.match(audit[1]!.detail, /45 days/);
  },
);

onEachDatabase(
  "disabling stops the run that is queued, and the next export of that source is another one",
  async (databases) => {
    await using engine = await start(databases);
    const { database } = engine.context;
    const { id } = await engine.exports.enable(PROFILES);
    engine.setClock("2026-10-31T12:00:00Z");
    assert.equal((await attendExports(database, engine.clock)).length, 1);
    await engine.exports.disable(String(id));
    const { status } = await database.kysely.selectFrom("runs").select("status").executeTakeFirstOrThrow();
    assert.equal(status, "cancelled");
    const again = await engine.exports.enable(PROFILES);
    assert.deepEqual([again.results_generated_at, again.last_requested_at], [null, null]);
  },
);
