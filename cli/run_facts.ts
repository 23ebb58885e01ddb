/**
 * What a run did, for people.
 *
 * @module
 */
import type { JobDefinition } from "../core/contracts/job.ts";
import type { RunView } from "../core/engine/views.ts";
import { bytes, count } from "./format.ts";
import type { Cell } from "./output.ts";

/** A line of it. */
type Fact = readonly [name: string, value: Cell];

/** What happened, by what the run's job type does. Zeros tell something only of a run that got to its end. */
export function runFacts(run: RunView, direction: JobDefinition["direction"] | undefined): Fact[] {
  return [
    ["job type", run.type],
    ...direction === "export" ? exported(run) : imported(run),
    unlessZero("attempts", run.attempts > 1 ? run.attempts : 0),
    ["due at", run.due_at],
    ["waits until", run.not_before],
  ];
}

function imported(run: RunView): Fact[] {
  return [
    ["rows read", run.read > 0 ? `${count(run.read)}${rateOf(run, run.read)}` : whenDone(run, "0")],
    ["accepted", whenDone(run, count(run.accepted), run.accepted)],
    ["rejected", whenDone(run, rejectedOf(run), run.rejected)],
    unlessZero("unchanged", run.unchanged),
    unlessZero("refused", run.refused),
    unlessZero("removed", run.removed),
    ["bytes read", whenDone(run, bytes(run.bytes), run.bytes)],
    ["profiles made", whenDone(run, count(run.profiles_created), run.profiles_created)],
    ["profiles updated", whenDone(run, count(run.profiles_updated), run.profiles_updated)],
  ];
}

function exported(run: RunView): Fact[] {
  return [
    ["profiles exported", run.rows > 0 ? `${count(run.rows)}${rateOf(run, run.rows)}` : whenDone(run, "0")],
    ["bytes written", whenDone(run, bytes(run.bytes), run.bytes)],
    ["written to", run.path],
  ];
}

function unlessZero(name: string, number: number): Fact {
  return [name, number === 0 ? null : count(number)];
}

function whenDone({ status }: RunView, text: string, number = 0): Cell {
  return number > 0 || status === "succeeded" ? text : null;
}

function rateOf({ duration_ms }: RunView, rows: number): string {
  return duration_ms > 0 ? ` (${count((rows / duration_ms) * 1000)} rows/s)` : "";
}

/** How many rows were rejected, and how many of those nobody can look at any more. */
function rejectedOf({ rejected, rejected_erased: erased }: RunView): string {
  return erased === 0 ? count(rejected) : `${count(rejected)}, ${count(erased)} of them erased`;
}
