/**
 * `run JOB-TYPE|JOB …`, `run list|show|stop|retry|approve|rejects|result`
 *
 * @module
 */
import type { FormInput, JobInput } from "../../core/engine/runtime.ts";
import type { RunView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Arguments } from "../args.ts";
import type { Command, Noun } from "../command.ts";
import { firstItems } from "../first_items.ts";
import { findTarget, jobFlags, jobTypes, type Target, targetInput } from "../job_target.ts";
import { openLocalFile } from "../local_file.ts";
import { AUTH, UNSET_ONCE } from "../saved.ts";
import { UsageError } from "../usage.ts";
import { rejects } from "./rejects.ts";
import { result } from "./result.ts";

const RUN = { name: "RUN" };

/** Next steps that a list of runs shows. */
const MOST_STEPS = 5;

const STATUSES = ["queued", "running", "held", "succeeded", "failed", "cancelled"] as const;

const start: Command = {
  summary: "Runs a job type or a saved job now, and waits for its end",
  args: [{ name: "JOB-TYPE|JOB" }],
  flags: [
    AUTH,
    { name: "force", kind: "switch", help: "Import files again that were imported before" },
    UNSET_ONCE,
  ],
  runner: "cli",
  executes: true,
  examples: [
    "run csv-import --auth partner --file customers.csv --stream customers --identify-by customer_id,email",
    "run nightly --file customers-2.csv",
    "run nightly --file mended.csv --unset prefix,diff",
  ],
  subjects: jobTypes,
  declared: async (app, [name]) =>
    name === undefined ? jobFlags(app, undefined, false) : (await findTarget(app, name)).declared,
  run: async (app, args) => {
    const { followRun, reportRun } = await import("../follow.ts");
    const target = await findTarget(app, args.words[0] ?? "");
    const { runForResult, givesResult } = await import("../local_result.ts");
    if (givesResult(target, args)) return await runForResult(app, target, args);
    return await reportRun(app, await followRun(app, await queue(app, target, args)));
  },
};

/** A saved job with its own auth is queued as that job; with another auth, as a run of its type. */
async function queue(app: App, target: Target, args: Arguments): Promise<RunView> {
  const { runs, uploads } = await app.runtime();
  const force = args.on("force") === true;
  if (target.job === undefined) {
    const input = await targetInput(app, target, args);
    const file = await localFile(target, input);
    return file === undefined ? await runs.start({ ...input, force }) : await uploads.form(file);
  }
  if (args.value("auth") !== undefined) {
    throw new UsageError(
      `Job "${target.job.label}" has an auth of its own`,
      `Change it with ${app.command("job", "update", target.job.label)} --auth AUTH`,
    );
  }
  const { config = {} } = await targetInput(app, target, args);
  return await runs.start({ job: target.job.id, config, force });
}

/** A file of this machine, for a job type that takes one without an auth. */
async function localFile(
  { type }: Target,
  { auth, config = {} }: Pick<JobInput, "auth"> & Partial<Pick<JobInput, "config">>,
): Promise<FormInput | undefined> {
  const key = type.direction === "import" ? type.formFile : undefined;
  const { [key ?? ""]: path, ...rest } = config;
  // What else there is to say of it, the schema says.
  if (key === undefined || auth !== undefined || typeof path !== "string") return undefined;
  return { type: type.id, content: await openLocalFile(path), config: () => Promise.resolve(rest) };
}

const list: Command = {
  summary: "Lists runs, newest first",
  flags: [
    { name: "status", kind: "value", value: "STATUS", help: `Only runs that are ${STATUSES.join(" | ")}` },
    { name: "job", kind: "value", value: "JOB", help: "Only runs of this saved job" },
    { name: "limit", kind: "value", value: "NUMBER", help: "Most runs to list [default: 20]" },
  ],
  run: async (app, args) => {
    const { count, duration } = await import("../format.ts");
    const { pasteable } = await import("../follow.ts");
    const items = await listRuns(app, args);
    if (app.out.json) return app.out.value(items.map((run) => pasteable(app, run)));
    const { jobs } = await app.registry();
    const exports = new Set(jobs.flatMap(({ id, direction }) => direction === "export" ? [id] : []));
    // What a run of its direction does not count is no zero.
    const counted = (run: RunView) =>
      exports.has(run.type)
        ? [null, null, null, count(run.rows)]
        : [count(run.read), count(run.accepted), count(run.rejected), null];
    app.out.table(
      ["run", "status", "job type", "read", "accepted", "rejected", "exported", "took", "made", "reason"],
      items.map((run) => [
        run.id,
        run.status,
        run.type,
        ...counted(run),
        duration(run.duration_ms),
        run.created_at,
        reasonOf(run),
      ]),
    );
    const [first] = items;
    if (first === undefined) return app.out.note("There is no such run");
    const steps = items.flatMap((run) => run.status === "succeeded" ? [] : pasteable(app, run).next_step ?? []);
    app.out.next(steps.length === 0 ? [app.command("run", "show", first.id)] : steps.slice(0, MOST_STEPS));
  },
};

/** Why a run stands where it stands, where that is not as it should be. */
function reasonOf({ status, failure, not_before, next_step }: RunView): string {
  if (status === "running" && next_step !== null) return "interrupted: no process works on it";
  if (status === "queued" && next_step !== null) return "waits: no process executes runs";
  if (failure !== null) return status === "queued" ? `tries again: ${failure.message}` : failure.message;
  return not_before === null ? "" : `waits until ${not_before}`;
}

async function listRuns(app: App, args: Arguments): Promise<RunView[]> {
  const wanted = args.integer("limit", 1, 100_000) ?? 20;
  const job = args.value("job");
  const text = args.value("status");
  const status = STATUSES.find((status) => status === text);
  if (text !== undefined && status === undefined) {
    throw new UsageError("Flag --status names no status", `One of ${STATUSES.join(", ")}`);
  }
  const filter = { ...(job === undefined ? {} : { job }), ...(status === undefined ? {} : { status }) };
  const { runs } = await app.runtime();
  return await firstItems({ wanted, most: 100 }, (page) => runs.list({ ...filter, ...page }));
}

const show: Command = {
  summary: "Shows what became of a run",
  args: [RUN],
  run: async (app, { words: [id = ""] }) => {
    const { printRun } = await import("../follow.ts");
    await printRun(app, await (await app.runtime()).runs.get(id));
  },
};

const stop: Command = {
  summary: "Stops a run; what it committed stays",
  args: [RUN],
  run: async (app, { words: [id = ""] }) => {
    const run = await (await app.runtime()).runs.stop(id);
    const { pasteable } = await import("../follow.ts");
    if (app.out.json) return app.out.value(pasteable(app, run));
    app.out.line(`Run ${run.id} is ${run.status === "running" ? "being stopped" : run.status}`);
    app.out.next([app.command("run", "show", run.id), app.command("run", "retry", run.id)]);
  },
};

const retry: Command = {
  summary: "Runs a failed or stopped run again, from where it was, and waits for its end",
  args: [RUN],
  flags: [
    {
      name: "reject-threshold",
      kind: "value",
      value: "NUMBER|PERCENT",
      help: "Another reject threshold from now on, over all that the run has read",
    },
  ],
  runner: "cli",
  executes: true,
  run: async (app, args) => {
    const { followRun, reportRun } = await import("../follow.ts");
    const threshold = args.value("reject-threshold");
    const { runs } = await app.runtime();
    const run = await runs.retry(
      args.words[0] ?? "",
      threshold === undefined ? {} : { reject_threshold: threshold },
    );
    return await reportRun(app, await followRun(app, run));
  },
};

const approve: Command = {
  summary: "Lets a held run go on, and waits for its end",
  args: [RUN],
  runner: "cli",
  executes: true,
  run: async (app, args) => {
    const { followRun, reportRun } = await import("../follow.ts");
    const { runs } = await app.runtime();
    return await reportRun(app, await followRun(app, await runs.approve(args.words[0] ?? "")));
  },
};

/** Runs. */
export const run: Noun = { self: start, verbs: { list, show, stop, retry, approve, rejects, result } };
