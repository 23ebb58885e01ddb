/**
 * Runs: queueing, listing, following, stopping and retrying them, and reading their rejected rows.
 *
 * @module
 */
import { Failure, type FailureJson } from "../contracts/failure.ts";
import type { Progress } from "../contracts/job.ts";
import type { Executor } from "../database/database.ts";
import type { RunsTable } from "../database/tables.ts";
import { type Alive, isInterrupted, NOBODY } from "./alive.ts";
import type { Scoped } from "./capabilities.ts";
import type { Core } from "./core.ts";
import { reviveError } from "./describe_error.ts";
import { type Access, listedTypes, requireDirection } from "./directions.ts";
import { approvalOf } from "./held.ts";
import type { PreambleLine, RejectLine } from "./import_buffer.ts";
import { comesAfter, cursorAfter, readCursor } from "./page_cursor.ts";
import { queueRun, requeued } from "./queue_run.ts";
import { findJob, refusePaused, type ResolvedRun, withThreshold } from "./resolve_run.ts";
import type { Runs } from "./runtime.ts";
import { nextStep, runView } from "./run_view.ts";
import { stopRuns } from "./stop_runs.ts";
import { findUpload, refuseRemoved } from "./upload_files.ts";
import type { RejectView, RunView } from "./views.ts";

/** How long a followed run may be out of sight, in milliseconds. */
const PATIENCE = 60_000;

/** Between two looks at a followed run that is not done, in milliseconds. */
const FOLLOW_PAUSE = 150;
/** Looks between two offers of a run that nobody executes. */
const LOOKS_TO_LEAVE = 10;
const MAX_PAGE = 1_000;
const LF = 10;

/** What the runs of an account need beside the core. */
export interface RunsOptions {
  readonly account: number;
  /** Who sees and changes them. */
  readonly actor: Scoped;
  /** Checks what `start` was given. */
  readonly resolve: (input: Parameters<Runs["start"]>[0]) => Promise<ResolvedRun>;
  /** Called with a run that was queued: this process's runner may want it. */
  readonly queued: (run: string) => Promise<void>;
  /** How far a run of this process is. */
  readonly progress: (run: string) => Promise<Progress | undefined>;
  /** Resolves when a run of this process ends or is given back; undefined for one that it does not work on. */
  readonly done: (run: string) => Promise<void> | undefined;
  /** Why a run of this process came to a halt, where that could not be written. */
  readonly halted: (run: string) => FailureJson | undefined;
  /** The living processes of the data directory, and whether one of them takes queued runs. */
  readonly alive: () => Promise<Alive>;
}

/** The runs of an account. */
export function runsOf(core: Core, options: RunsOptions): Runs {
  const { database, archive } = core;
  const { account } = options;
  const isFinal = (run: Pick<RunView, "status">) => run.status !== "queued" && run.status !== "running";

  async function find(id: string, access: Access, executor: Executor = database.kysely): Promise<RunsTable> {
    const rows = /^[0-9a-f]{4,32}$/.test(id)
      ? await executor.selectFrom("runs").selectAll().where("account_id", "=", account)
        .where("id", ">=", id).where("id", "<=", id.padEnd(32, "f")).limit(2).execute()
      : [];
    if (rows.length === 2) {
      throw new Failure("config", `Several runs have an id that starts with "${id}"`, { hint: "Give more of it" });
    }
    if (rows[0] === undefined) {
      throw new Failure("config", `Run "${id}" does not exist`, {
        code: "not_found",
        hint: "See `waybill run list`",
      });
    }
    requireDirection(options.actor, core.registry, rows[0].job_type, access);
    return rows[0];
  }

  async function* rejectLines(id: string): AsyncGenerator<RejectLine | PreambleLine, void, undefined> {
    const run = await find(id, "read");
    const segments = await database.kysely.selectFrom("segments").select(["path", "length"])
      .where("account_id", "=", account).where("kind", "=", "rejects").where("owner", "=", run.id)
      .orderBy("id").execute();
    const decoder = new TextDecoder();
    for (const { path, length } of segments) {
      for await (const block of archive.read(path, length)) {
        for (const line of decoder.decode(block).split("\n")) if (line !== "") yield JSON.parse(line);
      }
    }
  }

  /** What the outside sees; who is alive matters only to runs that have not ended. */
  async function views(rows: readonly RunsTable[]): Promise<RunView[]> {
    const waiting = rows.some(({ status }) => status === "queued" || status === "running");
    const alive = waiting ? await options.alive() : NOBODY;
    const now = await database.now();
    const paused = await pausedJobs(rows);
    return await Promise.all(rows.map(async (row) => {
      const resume = row.status === "queued" && row.attempts === 0 && row.job_id !== null && paused.has(row.job_id);
      const next = resume ? `waybill job resume ${row.job_id}` : nextStep(row, alive, now);
      return runView(row, row.status === "running" ? await options.progress(row.id) : undefined, next);
    }));
  }

  /** Ids of those jobs of queued runs that are paused. */
  async function pausedJobs(rows: readonly RunsTable[]): Promise<Set<string>> {
    const ids = rows.flatMap(({ status, job_id }) => status === "queued" && job_id !== null ? [job_id] : []);
    if (ids.length === 0) return new Set();
    const jobs = await database.kysely.selectFrom("jobs").select("id").where("account_id", "=", account)
      .where("status", "=", "paused").where("id", "in", [...new Set(ids)]).execute();
    return new Set(jobs.map(({ id }) => id));
  }

  const view = async (row: RunsTable) => (await views([row]))[0]!;
  const get = async (id: string) => await view(await find(id, "read"));

  return {
    start: async (input) => {
      const { jobId, jobType, authId, config, personal, notes } = await options.resolve(input);
      const now = await database.now();
      const { force = false } = input;
      const run = { account, job: jobId, type: jobType, auth: authId, config, personal, notes, force, now };
      const id = await queueRun(database.kysely, run);
      await options.queued(id);
      return await get(id);
    },

    list: async ({ status, job, cursor, limit = 50 } = {}) => {
      const size = Math.min(Math.max(limit, 1), MAX_PAGE);
      let query = database.kysely.selectFrom("runs").selectAll().where("account_id", "=", account)
        .orderBy("created_at", "desc").orderBy("id", "desc").limit(size + 1);
      const types = listedTypes(options.actor, core.registry);
      if (types !== undefined) query = query.where("job_type", "in", types);
      if (status !== undefined) query = query.where("status", "=", status);
      if (job !== undefined) query = query.where("job_id", "=", (await findJob(database.kysely, account, job)).id);
      if (cursor !== undefined) query = query.where(comesAfter(readCursor("runs", cursor)));
      const rows = await query.execute();
      const last = rows.length > size ? rows[size - 1] : undefined;
      return {
        items: await views(rows.slice(0, size)),
        next: last === undefined ? null : cursorAfter(last),
      };
    },

    get,

    async *follow(id, { signal } = {}) {
      let last = "";
      let lostAt: number | undefined;
      const run = await find(id, "read");
      for (let looks = 1; !signal?.aborted; looks++) {
        let present: RunView;
        try {
          present = await get(run.id);
          lostAt = undefined;
        } catch (error) {
          // A database that restarts costs a while; the run waits for it as well.
          lostAt ??= performance.now();
          if (!(error instanceof Failure) || error.kind !== "transient") throw error;
          if (performance.now() - lostAt > PATIENCE) throw lostFailure(run.id, error);
          await pause();
          continue;
        }
        const text = JSON.stringify(present);
        if (text !== last) yield present;
        last = text;
        if (isFinal(present)) return;
        const halted = options.halted(run.id);
        if (halted !== undefined) throw haltedFailure(run.id, halted);
        // The server that had it went away: this process takes it, if it executes runs, and does not wait for ever.
        if (looks % LOOKS_TO_LEAVE === 0 && present.next_step !== null) await options.queued(run.id);
        await pause(options.done(run.id));
      }
    },

    stop: async (id) => {
      const alive = await options.alive();
      const run = await database.write(async (transaction) => {
        const run = await find(id, "write", transaction);
        if (isFinal(run) && run.status !== "held") {
          throw new Failure("config", `Run "${run.id}" has ended already: it is ${run.status}`, { code: "conflict" });
        }
        await stopRuns(transaction, [run], { alive, now: await database.now(), because: STOPPED });
        return run;
      });
      return await get(run.id);
    },

    retry: async (id, { reject_threshold } = {}) => {
      const run = await find(id, "write");
      await refuseRetry(core, run);
      const config = reject_threshold === undefined
        ? {}
        : { config: withThreshold(core.registry, run, reject_threshold) };
      const interrupted = run.status === "queued" ||
        (run.status === "running" && isInterrupted(run, await options.alive(), await database.now()));
      if (run.status === "held") {
        throw new Failure("config", `Run "${run.id}" waits for approval`, {
          code: "conflict",
          hint: `Let it go on: \`waybill run approve ${run.id}\``,
        });
      }
      if (run.status === "succeeded" || (run.status === "running" && !interrupted)) {
        const state = run.status === "running" ? "still running" : "done already";
        throw new Failure("config", `Run "${run.id}" is ${state}`, {
          code: "conflict",
          hint: run.status === "running" ? `Stop it first: \`waybill run stop ${run.id}\`` : "Start a new run",
        });
      }
      if (!interrupted) {
        await database.kysely.updateTable("runs").set({
          ...config,
          ...requeued(await database.now()),
        }).where("account_id", "=", account).where("id", "=", run.id).where("status", "in", ["failed", "cancelled"])
          .execute();
      } else {
        // A stop that nobody was there to follow would end it again at once; one that waits need not wait longer.
        await database.kysely.updateTable("runs")
          .set({ ...config, stop_requested: 0, retries: 0, not_before: await database.now() })
          .where("account_id", "=", account).where("id", "=", run.id).where("fence", "=", run.fence).execute();
      }
      await options.queued(run.id);
      return await get(run.id);
    },

    approve: async (id) => {
      const run = await find(id, "write");
      await refuseRetry(core, run);
      if (run.status !== "held" || run.failure === null) {
        throw new Failure("config", `Run "${run.id}" is not held: it is ${run.status}`, { code: "conflict" });
      }
      const { message }: FailureJson = JSON.parse(run.failure);
      const approved = JSON.stringify([...JSON.parse(run.approved), approvalOf(message)]);
      await database.kysely.updateTable("runs").set({ ...requeued(await database.now()), approved })
        .where("account_id", "=", account).where("id", "=", run.id).where("status", "=", "held").execute();
      await options.queued(run.id);
      return await get(run.id);
    },

    async *rejects(id) {
      for await (const line of rejectLines(id)) if (!("preamble" in line)) yield rejectView(line);
    },

    async *rejectedFile(id) {
      let preamble: string | undefined;
      for await (const line of rejectLines(id)) {
        const text = "preamble" in line ? line.preamble : line.raw;
        // Every commit has its own; it is wanted once, and again where another begins: the next file of an archive.
        if ("preamble" in line && preamble === text) continue;
        if ("preamble" in line) preamble = text;
        const bytes = Uint8Array.fromBase64(text);
        yield bytes;
        if (bytes.at(-1) !== LF) yield Uint8Array.of(LF);
      }
    },
  };
}

const STOPPED = {
  queued: "The run was stopped while it waited",
  interrupted: "The run was stopped while no process worked on it",
};

/** A paused job starts nothing; what an auth let in is not read without it, and an upload not without its file. */
async function refuseRetry({ database: { kysely } }: Core, run: RunsTable): Promise<void> {
  const { account_id, job_id, auth_id } = run;
  const [job] = job_id === null
    ? []
    : await kysely.selectFrom("jobs").selectAll().where("account_id", "=", account_id).where("id", "=", job_id)
      .execute();
  if (job !== undefined) refusePaused(job, `, then \`waybill run retry ${run.id}\``);
  if (run.status === "succeeded") return;
  if (auth_id === null) {
    const upload = await findUpload(kysely, run);
    return upload === undefined ? undefined : refuseRemoved(upload);
  }
  const auth = await kysely.selectFrom("auths").select("id").where("account_id", "=", account_id)
    .where("id", "=", auth_id).executeTakeFirst();
  if (auth !== undefined) return;
  throw new Failure("config", `The auth of run "${run.id}" was deleted`, {
    code: "conflict",
    hint: "Start a new run with another auth",
  });
}

function rejectView({ line, offset, reason, raw }: RejectLine): RejectView {
  return { line, offset, reason, raw: new TextDecoder().decode(Uint8Array.fromBase64(raw)) };
}

/** A run that could not be seen for a while. */
/** Waits until a followed run is to be looked at again: for a while, or until it is `done`. */
async function pause(done?: Promise<void>): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(timer.resolve, FOLLOW_PAUSE);
  await Promise.race([timer.promise, done ?? timer.promise]);
  clearTimeout(timeout);
}

function lostFailure(run: string, cause: Failure): Failure {
  return new Failure("transient", `Run "${run}" is out of sight: ${cause.message}`, {
    hint: `Once the database is back: \`waybill run show ${run}\`; what was committed stays, and ` +
      `\`waybill run retry ${run}\` goes on from there`,
    cause,
  });
}

/** What keeps a run from going on also keeps its row from telling so. */
function haltedFailure(run: string, failure: FailureJson): Error {
  if (failure.kind === "bug") return reviveError(failure);
  const hint = `${failure.hint ?? "Then go on"}: \`waybill run retry ${run}\``;
  return new Failure(failure.kind, failure.message, { hint });
}
