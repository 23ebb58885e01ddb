/**
 * A run from its queueing to its report.
 *
 * @module
 */
import type { FailureJson } from "../core/contracts/failure.ts";
import { isListTarget } from "../core/contracts/list_target.ts";
import type { RejectView, RunView } from "../core/engine/views.ts";
import type { App } from "./app.ts";
import { exitCodeOf, reportError, reportRunFailure } from "./errors.ts";
import { count, duration, visible } from "./format.ts";
import { onInterrupt } from "./interrupts.ts";
import { ProgressDisplay } from "./progress.ts";
import { runFacts } from "./run_facts.ts";

/** Exit code of a run that waits for approval. */
const HELD_EXIT_CODE = 8;

/** Rejected rows that a report shows. */
const SHOWN_REJECTS = 10;

/** Shows a run's progress until it ends; Ctrl-C asks it to stop. */
export async function followRun(app: App, run: RunView): Promise<RunView> {
  const { runs } = await app.runtime();
  const display = new ProgressDisplay(app.out);
  using _interrupts = onInterrupt(() => {
    app.out.note("Stopping; press Ctrl-C again to quit at once");
    runs.stop(run.id).catch((error) => reportError(app.out, error, app));
  });
  let last = run;
  try {
    for await (const view of runs.follow(run.id)) {
      last = view;
      display.update(view);
    }
  } finally {
    display.end();
  }
  return last;
}

/** Prints what became of a run and gives the exit code. */
export async function reportRun(app: App, run: RunView, options: ReportOptions = {}): Promise<number> {
  const failed = run.failure === null ? 0 : exitCodeOf(run.failure.kind);
  const code = run.status === "held" ? HELD_EXIT_CODE : failed;
  app.out.goOnUnread();
  await printRun(app, run, { withoutNext: true, withoutFailure: true });
  if (run.failure !== null) reportRunFailure(app.out, run.failure, app);
  if (options.withoutNext !== true) app.out.next(await nextSteps(app, run));
  return code;
}

/** How to report. */
export interface ReportOptions {
  /** Whether to leave out what to do next. */
  readonly withoutNext?: boolean;
  /** Whether to leave out why it failed: that is told elsewhere. */
  readonly withoutFailure?: boolean;
}

/** Prints a run. */
export async function printRun(
  app: App,
  run: RunView,
  { withoutNext = false, withoutFailure = false }: ReportOptions = {},
): Promise<void> {
  const { out } = app;
  if (out.json) return out.value(pasteable(app, run));
  out.line(`Run ${out.data("bold", run.id)} ${statusOf(app, run)}`);
  out.line();
  const { jobs } = await app.registry();
  out.pairs(runFacts(run, jobs.find(({ id }) => id === run.type)?.direction));
  if (run.failure !== null && !withoutFailure) printFailure(app, run.failure);
  if (run.rejected > run.rejected_erased) await printSomeRejects(app, run);
  for (const note of run.notes) out.note(`${out.talk("yellow", "note:")} ${app.phrase(visible(note))}`);
  if (!withoutNext) out.next(await nextSteps(app, run));
}

/** A run that names commands as this user has to type them. */
export function pasteable(app: App, run: RunView): RunView {
  const phrased = (text: string | null) => text === null ? null : app.phrase(text);
  const failure = run.failure === null ? null : { ...run.failure, hint: phrased(run.failure.hint) };
  return { ...run, failure, next_step: phrased(run.next_step) };
}

function statusOf({ out }: App, run: RunView): string {
  const took = run.finished_at === null ? "" : ` after ${duration(run.duration_ms)}`;
  const styles = {
    succeeded: "green",
    failed: "red",
    cancelled: "yellow",
    held: "yellow",
    queued: "cyan",
    running: "cyan",
  } as const;
  return out.data(styles[run.status], run.status) + took;
}

function printFailure(app: App, { message, hint }: FailureJson): void {
  app.out.pairs([["because", message], ["what to do", hint === null ? null : app.phrase(hint)]]);
}

async function printSomeRejects(app: App, run: RunView): Promise<void> {
  const { runs } = await app.runtime();
  const shown: RejectView[] = [];
  for await (const reject of runs.rejects(run.id)) {
    shown.push(reject);
    if (shown.length === SHOWN_REJECTS) break;
  }
  app.out.line();
  app.out.table(["line", "rejected because"], shown.map(({ line, reason }) => [count(line), reason]));
  const more = run.rejected - run.rejected_erased - shown.length;
  if (more > 0) app.out.line(`… and ${count(more)} more`);
}

async function nextSteps(app: App, run: RunView): Promise<string[]> {
  const steps = run.next_step === null ? [] : [app.phrase(run.next_step)];
  const { registry } = await app.runtime();
  const type = registry.jobs.find(({ id }) => id === run.type);
  if (run.status !== "succeeded" || type === undefined) return steps;
  const { parseConfig } = await import("../core/describe/parse.ts");
  const { knownKeys } = await import("../core/engine/stored_config.ts");
  const { config } = knownKeys(type.config, run.config);
  if (type.direction === "export") return steps;
  const target = type.into(parseConfig(type.config, config, `job type "${type.id}"`));
  if (isListTarget(target)) return [...steps, app.command("audience", "list")];
  const { stream, identifyBy: [field] } = target;
  steps.push(app.command("stream", "fields", stream));
  if (field !== undefined) steps.push(app.command("profile", "get", field, "VALUE"));
  return steps;
}
