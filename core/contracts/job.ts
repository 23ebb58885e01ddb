/**
 * What a plugin can do: a job type, its configuration, its live choices, its plan and its run.
 *
 * @module
 */
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "./auth.ts";
import type { ChangeScope } from "./changes.ts";
import type { ConfigOf, ConfigSchema } from "./config.ts";
import type { ExportJobDefinition } from "./export_job.ts";
import type { FileConnection } from "./file_store.ts";
import type { LogExportJobDefinition } from "./log_export_job.ts";
import type { ListTarget } from "./list_target.ts";
import type { FileLedger, ImportedFile } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { ProviderDefinition } from "./provider.ts";
import type { JsonValue, RecordBatch, RejectedRow, Row } from "./records.ts";
import type { Snapshots } from "./snapshot.ts";
import type { Spool } from "./spool.ts";
import type { UploadForm } from "./upload.ts";

/** One value a field may take. */
export interface Choice {
  /** The value as it stands in the configuration. */
  readonly value: string;
  /** What it is, where the value does not say it: a file's size and date. */
  readonly title?: string;
}

/** What a choice list gets. */
export interface ChoiceContext<Config, Connection> {
  /** What is configured so far; the keys in `needs` are there. */
  readonly config: Partial<Config>;
  /** The auth's connection, kept for a minute between calls. */
  readonly connection: Connection;
  /** Where to keep bytes that nobody may use yet: on the disk, private, gone with whoever wrote them. */
  readonly spool: Spool;
  /** What the user typed; the engine filters by it as well. */
  readonly query: string;
  /** Value the page before ended with: everything up to it may be left out. */
  readonly after: string | undefined;
  /** Ends the listing: the caller has enough, went away, or its time (20 s) is up. */
  readonly signal: AbortSignal;
  /** Where to write what happens. */
  readonly log: Log;
}

/** A live list of the values that a field may take. */
export interface ChoiceSource<Config, Connection> {
  /** Keys that must be configured first. */
  readonly needs?: readonly (keyof Config & string)[];
  /** Yields the values in an order that stays the same between pages. */
  load(context: ChoiceContext<Config, Connection>): AsyncIterable<Choice>;
}

/** What a run would do, told without doing it. */
export interface Plan {
  /** One sentence. */
  readonly summary: string;
  /** What was found, by name (snake_case), in order. */
  readonly facts: Readonly<Record<string, JsonValue>>;
  /** The first rows as they would be read. */
  readonly sample?: { readonly columns: readonly string[]; readonly rows: readonly (readonly (string | null)[])[] };
  /** What the user should know before running it: one sentence each. */
  readonly notes: readonly string[];
}

/** What `plan` gets. */
export interface PlanContext<Config, Connection> {
  /** The job's configuration. */
  readonly config: Config;
  /** Whether the job is kept updated: a run is one pass of a continuous job. */
  readonly continuous: boolean;
  /** The auth's connection. */
  readonly connection: Connection;
  /** Where to keep bytes that nobody may use yet: on the disk, private, gone with whoever wrote them. */
  readonly spool: Spool;
  /** Ends the work. */
  readonly signal: AbortSignal;
  /** Where to write what happens. */
  readonly log: Log;
  /** The files that the job has imported. */
  readonly files: FileLedger;
}

/** Where a run stands, for the progress bar. */
export interface Progress {
  /** How much is done. */
  readonly done: number;
  /** How much there is; absent when nobody knows. */
  readonly total?: number;
  /** Unit of both. */
  readonly unit: "bytes" | "rows";
  /** Bytes that were written so far, where `done` counts rows. */
  readonly bytes?: number;
  /** How much of the work is done, from 0 to 1, where no `total` tells it. */
  readonly share?: number;
  /** What is being done: a file's name. */
  readonly note?: string;
}

/** Where an import's rows go. */
export interface ImportTarget {
  /** Stream the events are added to; made when it is not there. */
  readonly stream: string;
  /** Fields that identify a profile: they make the stream's default mapping where it has none. */
  readonly identifyBy: readonly string[];
  /** The rows are changes of profiles; absent: they are events that a mapping of the stream makes profiles of. */
  readonly changes?: ChangeScope;
  /** How many rejected rows fail the run; absent = only when every row was rejected. */
  readonly rejectThreshold?: { readonly rows: number } | { readonly percent: number };
}

/** Rows counted since the run's first start; `read = accepted + rejected + unchanged + refused`. */
export interface RunCounts {
  /** Rows read. */
  readonly read: number;
  /** Rows that became events. */
  readonly accepted: number;
  /** Rows that could not be read. */
  readonly rejected: number;
  /** Rows that a diff found unchanged. */
  readonly unchanged: number;
  /** Rows of erased identities. */
  readonly refused: number;
}

/**
 * Whether a job may run by itself, and how much of when its configuration says: `none` never, `daily` once a day,
 * `optional` as often as it likes. The engine adds the fields (`keep_updated`, of an export `continuous`, `frequency`,
 * `time_of_day`, `timezone`, …) to the configuration and keeps them to itself: a run is told of them by `continuous` alone.
 */
export type ScheduleKind = "none" | "daily" | "optional";

/** What the run of an import gets. All of it is asynchronous and serialisable, so that it can cross a process. */
export interface ImportContext<Config, Connection, Checkpoint> {
  /** The job's configuration. */
  readonly config: Config;
  /** The auth's connection. */
  readonly connection: Connection;
  /** Where to keep bytes that nobody may use yet: on the disk, private, gone with whoever wrote them. */
  readonly spool: Spool;
  /** The position that the run has durably reached; undefined at its first start. */
  readonly checkpoint: Checkpoint | undefined;
  /** When the run first started: the time of events without one. Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Whether the job is kept updated: this run is one pass of a continuous job. Never so without a `schedule`. */
  readonly continuous: boolean;
  /** Ends the work: stop, drain or a lost lease. What is committed stays; the run goes on from there if it may. */
  readonly signal: AbortSignal;
  /** Where to write what happens. */
  readonly log: Log;
  /** Tells how far the run is; cheap, call it as often as you like. */
  progress(progress: Progress): void;
  /**
   * Hands rows over, with the position reached after the last of them. Always await it: it resolves when there is
   * room for more. Rows, rejects and checkpoint of several calls are committed together, in one transaction, at
   * 8 MiB, 100,000 rows or two seconds; what was not committed when a run ends early is given again from the checkpoint.
   * `files` are those that the checkpoint has wholly passed: the ledger knows them from that transaction on.
   */
  emit(
    rows: RecordBatch | readonly Row[],
    checkpoint: Checkpoint,
    files?: readonly ImportedFile[],
    passed?: Passed,
  ): Promise<void>;
  /**
   * Reports rows that could not be read. They commit with the next `emit`, or at the end of the run. `preamble` is what
   * must stand before them so that they can be mended and read again on their own: a CSV file's header line.
   */
  reject(rows: readonly RejectedRow[], preamble?: Uint8Array): Promise<void>;
  /** Resolves when everything handed over is durable: call it before what cannot be taken back. */
  flush(): Promise<void>;
  /** The files that the job has imported, in this run and those before. */
  readonly files: FileLedger;
  /** What the job keeps of a file, to compare the next one with it. */
  readonly snapshots: Snapshots;
  /**
   * Holds the run for somebody's approval, with a sentence that says what is doubtful: nothing that was not committed
   * before is done. Once it is approved (`run approve`), `run` is called again, and this resolves.
   */
  hold(reason: string): Promise<void>;
}

/** How a file differs from the one before it. */
export interface Compared {
  /** Rows that the file before has not. */
  readonly added: number;
  /** Rows that it has with other values. */
  readonly changed: number;
  /** Rows of it that are gone. */
  readonly removed: number;
}

/** What else an `emit` passes on, in the transaction of its checkpoint. */
export interface Passed {
  /** Rows before the checkpoint that are as they were in the file before: they are counted, and make no events. */
  readonly unchanged?: number;
  /** What a diff found in a file that is wholly passed with this: it is added to what the run shows of its diffs. */
  readonly compared?: Compared;
  /** Name that a comparison's `keep` gave: what was kept becomes the job's snapshot. */
  readonly snapshot?: string;
}

/** Live lists for fields, by key. */
export type Choices<Auths extends readonly AuthDefinition[], Config extends ConfigSchema> = {
  readonly [Key in keyof ConfigOf<Config>]?: ChoiceSource<ConfigOf<Config>, ConnectionOf<Auths[number]>>;
};

/** What every job type declares, whichever way the data goes. */
export interface JobBasics<
  Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
> {
  /** Kebab-case, unique. */
  readonly id: string;
  /** Name for people. */
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  /** The provider it belongs to. */
  readonly provider: ProviderDefinition;
  /** Auth methods it works with; they give the type of `connection`. */
  readonly auths: Auths;
  /** Its configuration. */
  readonly config: Config;
  /** Whether a job of this type may run by itself; `none` unless told. */
  readonly schedule?: ScheduleKind;
  /** The position a run can resume from: JSON, checked when a run resumes. */
  readonly checkpoint: Checkpoint;
  /** Live lists for fields, by key. */
  readonly choices?: Choices<Auths, Config>;
  /**
   * Checks what the schema cannot, such as an expression whose engine is loaded when it is needed; called before a job
   * is saved or run. Throws a `Failure` of kind `config`.
   */
  check?(config: ConfigOf<Config>): Promise<void>;
}

/** A job type that brings data in. Made with {@linkcode defineJob}. */
export interface ImportJobDefinition<
  Auths extends readonly AuthDefinition[] = readonly AuthDefinition[],
  Config extends ConfigSchema = ConfigSchema,
  Checkpoint extends z.ZodType = z.ZodType,
> extends JobBasics<Auths, Config, Checkpoint> {
  /** Brings data in. */
  readonly direction: "import";
  /** Where the rows go. Pure: called before and during a run. */
  into(config: ConfigOf<Config>): ImportTarget | ListTarget;
  /** Lets files be sent over HTTP; for job types that need nothing of a connection but its files. */
  readonly upload?: FileConnection extends ConnectionOf<Auths[number]> ? UploadForm<keyof ConfigOf<Config> & string>
    : never;
  /**
   * Config key of the file, of a job type that takes one in a form (the bulk APIs), or from the machine of whoever types a
   * command, without an auth: it needs nothing of a connection but its files.
   */
  readonly formFile?: FileConnection extends ConnectionOf<Auths[number]> ? keyof ConfigOf<Config> & string : never;
  /** Tells what a run would do; changes nothing. */
  plan?(context: PlanContext<ConfigOf<Config>, ConnectionOf<Auths[number]>>): Promise<Plan>;
  /**
   * Does it. Resolves when everything was handed over. Delivery: what was emitted commits exactly once with its
   * checkpoint; after a crash `run` is called again with the last committed checkpoint and must give the rows after it.
   */
  run(
    context: ImportContext<ConfigOf<Config>, ConnectionOf<Auths[number]>, z.output<Checkpoint>>,
  ): Promise<void>;
}

/** Any job type. */
export type JobDefinition = ImportJobDefinition | ExportJobDefinition | LogExportJobDefinition;

/** Takes no key but those of `Config`; the compiler itself lets more pass where an object was declared apart. */
export interface OnlyConfigured<Config extends ConfigSchema, Field extends string> {
  /** The lists of a job type, by what they are called; the text is what the compiler shows. */
  readonly choices?: {
    readonly [Key in Field]: Key extends keyof ConfigOf<Config> ? unknown : `"${Key}" is no key of config`;
  };
}

/** Defines a job type that brings data in; choices, checkpoint and connection are typed by what it declares. */
export function defineJob<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
  Field extends string = never,
>(
  job: ImportJobDefinition<Auths, Config, Checkpoint> & OnlyConfigured<Config, Field>,
): ImportJobDefinition<Auths, Config, Checkpoint> {
  return job;
}
