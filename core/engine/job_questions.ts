/**
 * What plugins are asked before a run: plans of jobs, and live lists of the values that a field may take.
 *
 * @module
 */
import type { Choice, JobDefinition, Plan } from "../contracts/job.ts";
import type { FileLedger } from "../contracts/ledger.ts";
import type { Spool } from "../contracts/spool.ts";
import type { Scoped } from "./capabilities.ts";
import { choicePage, choiceQuestion } from "./choices.ts";
import type { Connection, Connections } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import { withDeadline } from "./deadline.ts";
import { requireDirection } from "./directions.ts";
import { planExport } from "./exports/plan_export.ts";
import { personalOf, readerOf } from "./exports/reader.ts";
import { noResultConnection } from "./exports/result_store.ts";
import { sourceChoices } from "./exports/source_choices.ts";
import { ledgerName } from "./import_files.ts";
import { ledgerOwner, readLedger } from "./ledger.ts";
import { planLogs } from "./raw_logs/log_export.ts";
import { findAllowedJob, pluginParsed, resolveAuth, resolveInput, resolveTyped, savedInput } from "./resolve_run.ts";
import type { ChoiceOptions, JobInput, SavedJobInput } from "./runtime.ts";
import { type AuthRow, openAuth } from "./saved_auths.ts";
import { isContinuous } from "./schedule/fields.ts";
import type { Page } from "./views.ts";

/** How long plans and choices may take, connecting included, in milliseconds. */
const PATIENCE = 20_000;

/** Ends nothing. */
const NEVER = new AbortController().signal;

/** What is planned; without an auth where its job type needs none. */
type Planned = Awaited<ReturnType<typeof resolveTyped>>;

/** What plans and choices get beside the configuration. */
interface Given {
  readonly spool: Spool;
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly log: EngineContext["log"];
}

/** Asks over the kept `connections`; what plugins unpack lies in `spool`. */
export class JobQuestions {
  readonly #context: EngineContext;
  readonly #connections: Connections;
  readonly #spool: Spool;

  constructor(context: EngineContext, connections: Connections, spool: Spool) {
    this.#context = context;
    this.#connections = connections;
    this.#spool = spool;
  }

  /** What a run would do, of a saved job or of one only described. */
  async plan(
    what: string | JobInput | SavedJobInput,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Plan> {
    const { jobId, personal, input, notes } = await this.#inputOf(typeof what === "string" ? { job: what } : what);
    const reader = readerOf({ personal });
    const saved = jobId !== null && personalOf(this.#context.actor) === 1 ? reader : undefined;
    const { kysely } = this.#context.database;
    const resolved = jobId === null
      ? await resolveTyped(this.#context, kysely, input)
      : await resolveInput(this.#context, kysely, input, saved);
    const { job: definition, auth, config: stored } = resolved;
    if (definition.plan === undefined) {
      const nothing = "This job type cannot tell more without running";
      return { summary: definition.summary, facts: {}, notes: [...notes, nothing] };
    }
    const config = pluginParsed(definition, stored);
    const plan = await this.#planner(jobId, resolved, config, reader);
    const told = await this.#connected(`The plan of "${definition.id}"`, auth, options, plan);
    return { ...told, notes: [...notes, ...told.notes, ...this.#personalNotes(definition, personal, jobId)] };
  }

  /** Asks the plugin for its plan. */
  async #planner(
    jobId: string | null,
    resolved: Planned,
    config: ReturnType<typeof pluginParsed>,
    reader: Scoped,
  ): Promise<(given: Given) => Promise<Plan>> {
    const { job, auth, config: stored } = resolved;
    const { database, accountId } = this.#context;
    if (job.direction === "import") {
      const files = await this.#ledger(jobId, resolved, ledgerName(job.into(config)));
      const continuous = isContinuous(job, stored);
      return (given) => job.plan!({ config, continuous, files, ...given });
    }
    const owner = { account: accountId, reader };
    const of = { job_id: jobId, job_type: job.id, auth_id: auth?.id ?? null, config: JSON.stringify(stored) };
    const planned = { config, stored, owner, of: { account_id: accountId, ...of } };
    if (job.reads === "logs") return (given) => planLogs(database, job, { ...planned, ...given });
    return (given) => planExport(database, job, { ...planned, ...given });
  }

  /** What is to be known of personal fields: a plan shows what both who saved the job and who asks may see. */
  #personalNotes(job: JobDefinition, personal: number, jobId: string | null): string[] {
    const { account: { settings }, actor } = this.#context;
    if (job.direction === "import" || job.reads === "logs" || settings.pii_fields.length === 0 || personal === 1) {
      return [];
    }
    return [
      jobId !== null && personalOf(actor) === 1
        ? "Fields that the account calls personal are left out: whoever saved the job may not see them"
        : "Fields that the account calls personal are left out here, as you may not see them",
    ];
  }

  /** What a run of this would find imported. */
  async #ledger(jobId: string | null, { job, auth }: Planned, stream: string): Promise<FileLedger> {
    const { database: { kysely }, accountId: account, vault } = this.#context;
    // An import has one.
    const owner = ledgerOwner({ job_id: jobId, auth_id: auth?.id ?? "", job_type: job.id }, stream);
    return readLedger(kysely, { account, owner, key: await vault.identityKey() }, false);
  }

  async #inputOf(
    what: JobInput | SavedJobInput,
  ): Promise<ReturnType<typeof savedInput> & { readonly jobId: string | null; readonly personal: number }> {
    const { database, actor } = this.#context;
    const personal = personalOf(actor);
    if (!("job" in what)) return { jobId: null, personal, input: what, notes: [] };
    const row = await findAllowedJob(this.#context, database.kysely, what.job, "read");
    return { jobId: row.id, personal: Math.min(row.personal, personal), ...savedInput(this.#context, row, what) };
  }

  /** One page of the values a field may take. */
  async choices(input: JobInput, field: string, options: ChoiceOptions = {}): Promise<Page<Choice>> {
    const { database, registry, accountId, account, actor } = this.#context;
    const job = registry.job(input.type);
    requireDirection(actor, registry, job.id, "write");
    const owner = { account: accountId, settings: account.settings, reader: actor };
    const listed = sourceChoices(database.kysely, owner, job, field, input.config);
    if (listed !== undefined) {
      return await choicePage(`${job.id}/${field}`, listed, options, options.signal ?? NEVER);
    }
    const { source, config } = choiceQuestion(job, field, input.config);
    const auth = await resolveAuth(this.#context, database.kysely, job, input.auth);
    return await this.#connected(`The list of choices for "${field}"`, auth, options, async (given) => {
      const load = (query: string, after: string | undefined) => source.load({ config, query, after, ...given });
      return await choicePage(`${job.id}/${field}`, load, options, given.signal);
    });
  }

  /** Work over the auth's kept connection, within the time that plans and choices have; without one, over nothing. */
  async #connected<T>(
    what: string,
    auth: AuthRow | null,
    options: { readonly signal?: AbortSignal },
    work: (given: Given) => Promise<T>,
  ): Promise<T> {
    if (auth === null) {
      const given = { connection: noResultConnection(), log: this.#context.log, spool: this.#spool };
      return await withDeadline(what, PATIENCE, options.signal, (signal) => work({ ...given, signal }));
    }
    const { redactor } = await openAuth(this.#context, auth);
    const log = redactor.log(this.#context.log);
    return await withDeadline(
      what,
      PATIENCE,
      options.signal,
      (signal) =>
        this.#connections.use(
          auth,
          signal,
          (connection) => redactor.guard(() => work({ connection, signal, log, spool: this.#spool })),
          this.#context.actor,
        ),
    );
  }
}
