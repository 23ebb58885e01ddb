import assert from "node:assert/strict";
import { onEachDatabase } from "../../testing/each_database_testing.ts";
import { type Continuous, startContinuous } from "./continuous_testing.ts";
import { noteHeld } from "./run_ends.ts";

/** Runs a job of every day at six on a day, to this end. */
async function day(engine: Continuous, date: string, how: Parameters<Continuous["end"]>[0]): Promise<void> {
  assert.equal((await engine.attendAt(`${date}T06:00:00Z`)).queued.length, 1);
  await engine.end(how);
}

onEachDatabase("a job pauses after as many failed runs in a row as it is told, and says why", async (databases) => {
  await using engine = await startContinuous(databases);
  await engine.account.update({ settings: { notify_email: "ops@example.com", notify_webhook: "http://127.0.0.1:1/" } });
  const { id } = await engine.make("nightly", { time_of_day: "06:00" });
  const failed = { failure: { kind: "auth", message: "The login is refused", hint: "Change the password" } } as const;
  await day(engine, "2026-01-11", failed);
  await day(engine, "2026-01-12", failed);
  assert.equal((await engine.jobs.get(id)).failures, 2);
  await day(engine, "2026-01-13", { rows: 3 });
  assert.equal((await engine.jobs.get(id)).failures, 0);
  for (const date of ["2026-01-14", "2026-01-15", "2026-01-16"]) await day(engine, date, failed);
  const paused = await engine.jobs.get(id);
  assert.deepEqual([paused.status, paused.failures, paused.next_runs], ["paused", 3, []]);
  assert.equal(paused.paused_reason, "3 runs in a row failed: The login is refused");
  assert.deepEqual((await engine.attendAt("2026-01-17T06:00:00Z")).queued, []);
  const notices = await engine.notices();
  assert.deepEqual(notices.map(({ event, channel }) => `${event} ${channel}`), [
    ...Array.from({ length: 4 }, () => ["run_failed mail", "run_failed webhook"]).flat(),
    "job_paused mail",
    "job_paused webhook",
  ]);
  assert.equal(notices[0]?.message, 'A run of job "nightly" failed: The login is refused');
  assert.equal(notices.at(-1)?.message, 'Job "nightly" is paused: 3 runs in a row failed: The login is refused');
  assert.equal(notices.at(-1)?.hint, "Change the password; then `waybill job resume nightly`");
  const resumed = await engine.jobs.resume(id);
  assert.deepEqual([resumed.status, resumed.failures, resumed.paused_reason], ["active", 0, null]);
  assert.equal(resumed.next_runs[0], "2026-01-18T06:00:00.000Z");
  const audited = await engine.database.kysely.selectFrom("audit_entries").select(["action", "actor_kind"])
    .where("object_id", "=", id).orderBy("sequence").execute();
  assert.deepEqual(audited.map(({ action }) => action), ["create", "pause", "resume"]);
});

onEachDatabase(
  "a failure that may pass by itself is told and does not count; zero failures never pause",
  async (databases) => {
    await using engine = await startContinuous(databases);
    await engine.account.update({ settings: { notify_email: "ops@example.com" } });
    await engine.make("far", { time_of_day: "06:00", max_failures: 1 });
    await day(engine, "2026-01-11", { failure: { kind: "transient", message: "The host does not answer" } });
    assert.deepEqual([(await engine.jobs.get("far")).status, (await engine.notices()).length], ["active", 1]);
    await day(engine, "2026-01-12", { failure: {} });
    assert.equal((await engine.jobs.get("far")).paused_reason, "Its run failed: The folder is gone");
    await engine.make("stubborn", { time_of_day: "06:00", max_failures: 0 });
    for (const date of ["2026-01-13", "2026-01-14", "2026-01-15", "2026-01-16"]) {
      await day(engine, date, {
        failure: {},
      });
    }
    const { status, failures } = await engine.jobs.get("stubborn");
    assert.deepEqual([status, failures], ["active", 4]);
  },
);

onEachDatabase("what is told of wrong data or a bug holds nothing of what they say", async (databases) => {
  await using engine = await startContinuous(databases);
  await engine.account.update({ settings: { notify_email: "ops@example.com" } });
  await engine.make("nightly", { time_of_day: "06:00" });
  await day(engine, "2026-01-11", { failure: { kind: "data", message: '"zoe@example.com" is no date', hint: "zoe" } });
  await day(engine, "2026-01-12", { failure: { kind: "bug", message: "Unexpected zoe@example.com", hint: null } });
  await day(engine, "2026-01-13", { failure: { kind: "data", message: "zoe@example.com", hint: null } });
  const told = JSON.stringify([await engine.notices(), (await engine.jobs.get("nightly")).paused_reason]);
  assert.doesNotMatch(told, /zoe/);
  assert.match(told, /what came could not be taken in/);
  assert.match(told, /`waybill run show [0-9a-f]{32}` tells why/);
});

onEachDatabase(
  "only runs that a schedule began count, and only an account that wants it is told",
  async (databases) => {
    await using engine = await startContinuous(databases);
    await engine.make("nightly", { time_of_day: "06:00", max_failures: 1 });
    const { kysely } = engine.database;
    await engine.attendAt("2026-01-11T06:00:00Z");
    await kysely.updateTable("runs").set({ due_at: null }).execute();
    await engine.end({ failure: {} });
    assert.equal((await engine.jobs.get("nightly")).failures, 0);
    await day(engine, "2026-01-12", { failure: {} });
    assert.equal((await engine.jobs.get("nightly")).status, "paused");
    assert.deepEqual(await engine.notices(), []);
  },
);

onEachDatabase("a run that waits for approval is told", async (databases) => {
  await using engine = await startContinuous(databases);
  await engine.account.update({ settings: { notify_email: "ops@example.com" } });
  await engine.make("nightly", {});
  const [run] = await engine.runs();
  const held = { message: "The file lost over half its rows", hint: "Approve it", now: 1 };
  await engine.database.write((transaction) => noteHeld(transaction, { account: 1, run: run?.id ?? "" }, held));
  const [told] = await engine.notices();
  assert.deepEqual([told?.event, told?.run_id, told?.message], ["run_held", run?.id, held.message]);
});
