import assert from "node:assert/strict";
import type { RunView } from "../core/engine/views.ts";
import { caught } from "./cli_testing.ts";
import { Output } from "./output.ts";
import { ProgressDisplay } from "./progress.ts";

const RUN: RunView = {
  id: "r",
  status: "running",
  type: "csv-import",
  job_id: null,
  auth_id: null,
  config: {},
  read: 0,
  accepted: 0,
  rejected: 0,
  rejected_erased: 0,
  misfits: 0,
  unchanged: 0,
  refused: 0,
  added: 0,
  changed: 0,
  removed: 0,
  bytes: 0,
  rows: 0,
  path: null,
  profiles_created: 0,
  profiles_updated: 0,
  duration_ms: 0,
  attempts: 1,
  progress: null,
  notes: [],
  failure: null,
  next_step: null,
  created_at: "2026-01-01T00:00:00Z",
  started_at: null,
  finished_at: null,
  not_before: null,
  due_at: null,
};

function at(done: number, read: number): RunView {
  return { ...RUN, read, progress: { done, total: 100e6, unit: "bytes", note: "a\x1bb.csv" } };
}

Deno.test("a terminal shows a bar with rate, rows and time left", () => {
  const stderr = caught(true, 110);
  let now = 0;
  const display = new ProgressDisplay(new Output(caught(), stderr, { json: false, quiet: false }), () => now);
  display.update({ ...RUN, status: "queued" });
  display.update(at(0, 0));
  now = 5000;
  display.update(at(25e6, 300_000));
  display.end();
  const lines = stderr.text().split("\r\x1b[K");
  assert.equal(lines[1], "Waiting in the queue …");
  assert.equal(
    lines[3],
    "a\\u001bb.csv  ██████░░░░░░░░░░░░░░░░░░  25.0 %  25.0 MB of 100 MB  5.0 MB/s  300,000 rows  15.0 s left",
  );
  assert.equal(lines.at(-1), "");
});

Deno.test("an export shows its rows, their bytes and the time left", () => {
  const stderr = caught(true, 110);
  let now = 0;
  const display = new ProgressDisplay(new Output(caught(), stderr, { json: false, quiet: false }), () => now);
  const at = (done: number): RunView => ({
    ...RUN,
    progress: { done, unit: "rows", bytes: 100 * done, share: done / 400_000, note: "all.csv" },
  });
  display.update(at(0));
  now = 5000;
  display.update(at(100_000));
  const line = stderr.text().split("\r\x1b[K")[2];
  assert.equal(line, "all.csv  ██████░░░░░░░░░░░░░░░░░░  25.0 %  100,000 rows  20,000 rows/s  10.0 MB  15.0 s left");
});

Deno.test("a narrow terminal loses the bar before the time left", () => {
  const stderr = caught(true, 72);
  let now = 0;
  const display = new ProgressDisplay(new Output(caught(), stderr, { json: false, quiet: false }), () => now);
  display.update({ ...at(0, 0) });
  now = 5000;
  display.update({ ...at(25e6, 0) });
  assert.match(stderr.text().split("\r\x1b[K")[2] ?? "", /^a\\u001bb\.csv {2}█*░* {2}25\.0 %.* {2}15\.0 s left$/);
  const narrow = caught(true, 66);
  const again = new ProgressDisplay(new Output(caught(), narrow, { json: false, quiet: false }), () => now);
  again.update(at(0, 0));
  now = 10_000;
  again.update(at(25e6, 0));
  assert.match(narrow.text().split("\r\x1b[K")[2] ?? "", /^a\\u001bb\.csv {2}25\.0 %.* {2}15\.0 s left$/);
});

Deno.test("the rate follows the last ten seconds, and starts anew when a run goes back", () => {
  const stderr = caught(true);
  let now = 0;
  const display = new ProgressDisplay(new Output(caught(), stderr, { json: false, quiet: false }), () => now);
  for (const [time, done] of [[0, 0], [10_000, 10e6], [20_000, 60e6], [21_000, 5e6]] as const) {
    now = time;
    display.update(at(done, 0));
  }
  const [, , second = "", third = "", fourth = ""] = stderr.text().split("\r\x1b[K");
  assert.match(second, /1\.0 MB\/s/);
  assert.match(third, /5\.0 MB\/s/);
  assert.doesNotMatch(fourth, /\/s/);
});

Deno.test("without a terminal a line is written every ten seconds, and none with --quiet", () => {
  for (const quiet of [false, true]) {
    const stderr = caught();
    let now = 0;
    const display = new ProgressDisplay(new Output(caught(), stderr, { json: false, quiet }), () => now);
    for (now = 0; now <= 25_000; now += 1000) display.update(at(now * 1000, now));
    assert.equal(stderr.text().split("\n").length - 1, quiet ? 0 : 2);
  }
});

Deno.test("a run that waits to try again tells why and how long, once for each wait", () => {
  const stderr = caught();
  const display = new ProgressDisplay(new Output(caught(), stderr, { json: false, quiet: false }), () => 0);
  const failure = { kind: "transient", message: "The line dropped", hint: null, code: null } as const;
  const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  const first: RunView = { ...RUN, status: "queued", failure, not_before: at(1_000) };
  for (const view of [RUN, first, first, { ...first, not_before: at(3_000) }, RUN]) display.update(view);
  const [one = "", other = "", ...more] = stderr.text().trimEnd().split("\n");
  assert.match(one, /^The line dropped; waits (1000|9\d\d) s, then tries again$/);
  assert.match(other, /^The line dropped; waits (3000|29\d\d) s, then tries again$/);
  assert.deepEqual(more, []);
});
