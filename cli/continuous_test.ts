import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

Deno.test("a continuous job is made, shown with its next runs, paused and resumed at the command line", async () => {
  await using cli = await testCli();
  await Deno.writeTextFile(`${cli.folder}/a.csv`, "id,name\n1,Ann\n");
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const what = ["--auth", "in", "--file", "a.csv", "--stream", "s", "--identify-by", "id"];
  const when = ["--keep-updated", "--frequency", "daily", "--time-of-day", "06:30", "--timezone", "Europe/Berlin"];
  const made = await cli.json("job", "create", "csv-import", "--label", "nightly", ...what, ...when);
  assert.equal(made.last_run_id, null);
  assert.ok(Array.isArray(made.next_runs));
  assert.equal(made.next_runs.length, 5);
  const times = made.next_runs.map((time) =>
    Temporal.Instant.from(String(time)).toZonedDateTimeISO("Europe/Berlin").toPlainTime().toString()
  );
  assert.deepEqual(new Set(times), new Set(["06:30:00"]));
  const shown = await cli.run(["job", "show", "nightly"]);
  assert.match(shown.stdout, new RegExp(`next runs +${made.next_runs[0]}`));
  assert.match((await cli.run(["job", "list"])).stdout, new RegExp(`active +${made.next_runs[0]}`));
  const paused = await cli.json("job", "pause", "nightly");
  assert.deepEqual([paused.status, paused.next_runs, paused.paused_reason], ["paused", [], null]);
  assert.deepEqual((await cli.json("job", "resume", "nightly")).next_runs, made.next_runs);
  const wrong = await cli.run(["job", "update", "nightly", "--timezone", "Europe/Berlinn"]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /--timezone must be the name of a time zone/);
  const cron = await cli.json("job", "update", "nightly", "--frequency", "0 6 * * MON", "--unset", "time-of-day");
  assert.equal(cron.next_runs instanceof Array && cron.next_runs.length, 5);
});

Deno.test("a job that is to run at once is queued when it is made", async () => {
  await using cli = await testCli();
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const what = ["--auth", "in", "--file", "a.csv", "--stream", "s", "--keep-updated"];
  const made = await cli.run(["job", "create", "csv-import", "--label", "now", ...what]);
  assert.match(made.stderr, /run show [0-9a-f]{32}/);
  const { last_run_id } = await cli.json("job", "show", "now");
  assert.equal((await cli.json("run", "show", String(last_run_id))).status, "queued");
});

Deno.test("a run may be one pass of a continuous job", async () => {
  await using cli = await testCli();
  await Deno.writeTextFile(`${cli.folder}/a.csv`, "id,name\n1,Ann\n");
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  const file = ["--auth", "in", "--file", "a.csv", "--stream", "s", "--settle-seconds", "0"];
  const run = await cli.json("run", "csv-import", ...file, "--keep-updated");
  assert.deepEqual([run.status, run.accepted], ["succeeded", 1]);
});

Deno.test("whoever wants mail is told what to set where no mail server is named", async () => {
  await using cli = await testCli();
  const set = await cli.run(["account", "set", "--notify-email", "ops@example.com"]);
  assert.equal(set.code, 0, set.stderr);
  assert.match(set.stderr, /no mail goes out.*WAYBILL_SMTP_URL/);
  const wrong = await cli.run(["account", "set", "--notify-webhook", "ftp://example.com"]);
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /"notify_webhook" must be an address that starts with https/);
  const mail = await cli.run(["account", "set", "--notify-email", "nobody"]);
  assert.match(mail.stderr, /"notify_email" must be an address such as ada@example\.com/);
});
