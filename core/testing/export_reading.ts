/**
 * What the plan and the run of an export have in common, over given members.
 *
 * @module
 */
import type { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import type { AuthDefinition, ConnectionOf } from "../contracts/auth.ts";
import type { ConfigOf, ConfigSchema } from "../contracts/config.ts";
import type { ExportHistory, ExportJobDefinition, ExportReading, PastExport } from "../contracts/export_job.ts";
import type { Plan } from "../contracts/job.ts";
import type { Log } from "../contracts/log.ts";
import { collectLog } from "./collect_log.ts";
import { assertPlanTold } from "./job_contract_declaration.ts";
import { audienceOf, columnsOf, memberBatches, profileRows, sizeOf, type TestMembers } from "./member_batches.ts";

/** What an export is planned and run with. */
export interface ExportOptions<Auths extends readonly AuthDefinition[], Config extends ConfigSchema>
  extends TestMembers {
  /** The job's configuration, before defaults. */
  readonly config: z.input<Config>;
  /** What the auth would give: for a file provider `{ files: memoryStore({ … }) }`. */
  readonly connection: ConnectionOf<Auths[number]>;
  /** When the run first started, in milliseconds since the Unix epoch; 0 unless told. */
  readonly startedAt?: number;
  /** Whether it is a pass of a continuous job; not unless told. */
  readonly continuous?: boolean;
  /** The job's time zone; `UTC` unless told. */
  readonly timeZone?: string;
  /** The exports of the job that succeeded before, the newest last; none unless told. */
  readonly history?: readonly PastExport[];
  /** Stops the work, as a user or a drain would. */
  readonly signal?: AbortSignal;
}

/** Checks the configuration as the engine does before a job is saved or run, and finds what its source names. */
export async function exportReading<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ExportJobDefinition<Auths, Config, Checkpoint>,
  options: ExportOptions<Auths, Config>,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<ExportReading<ConfigOf<Config>, ConnectionOf<Auths[number]>>> {
  const config: ConfigOf<Config> = job.config.parse(options.config);
  await job.check?.(config);
  const source = job.from(config);
  return {
    config,
    connection: options.connection,
    spool: memorySpool(),
    continuous: options.continuous ?? false,
    timeZone: options.timeZone ?? "UTC",
    signal,
    log,
    audience: audienceOf(source),
    columns: columnsOf(source, options),
    history: historyOf(options.history ?? []),
    members: async function* ({ after } = {}) {
      yield* memberBatches(source, options, after);
    },
    rows: async function* () {
      yield* profileRows(source, options);
    },
  };
}

/** What `job` would do with given members; undefined where it has no plan. It holds the plan to the contract. */
export async function planExport<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
>(
  job: ExportJobDefinition<Auths, Config, Checkpoint>,
  options: ExportOptions<Auths, Config>,
): Promise<Plan | undefined> {
  const { signal = new AbortController().signal, startedAt = 0 } = options;
  const reading = await exportReading(job, options, { signal, log: collectLog().log });
  const size = async () => sizeOf(job.from(reading.config), options);
  const plan = await job.plan?.({ ...reading, startedAt, size });
  if (plan !== undefined) assertPlanTold(plan);
  return plan;
}

function historyOf(exports: readonly PastExport[]): ExportHistory {
  return {
    last: async () => exports.at(-1),
    wrote: async (wanted) => exports.some(({ path }) => path === wanted),
  };
}
