/**
 * A job type that takes raw logs out: whose, its plan and its run.
 *
 * It reads no profiles, so it is no `ExportJobDefinition` with members that it ignores; in everything else, from its
 * schedule to what is told of its runs, it is an export.
 *
 * @module
 */
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "./auth.ts";
import type { ConfigOf, ConfigSchema } from "./config.ts";
import type { ExportContext, ExportReading } from "./export_job.ts";
import type { FileConnection } from "./file_store.ts";
import type { JobBasics, OnlyConfigured, Plan } from "./job.ts";

/** What an export of raw logs reads. */
export interface LogSource {
  /** Id or name of the app whose logs are exported. */
  readonly app: string;
}

/** The raw logs of an hour, as they lie in the archive. */
export interface LogFile {
  /** Events in it. */
  readonly events: number;
  /** Bytes of it, compressed. */
  readonly size: number;
  /** JSON lines as one or several gzip members; an hour without events is a gzip file of nothing. May be read once. */
  readonly content: ReadableStream<Uint8Array>;
}

/** Hours of raw logs, in UTC. Each is named by the millisecond at which it begins, since the Unix epoch. */
export interface LogSpan {
  /** The first that is still kept, when the attempt begins: 30 days of them are. */
  readonly oldest: number;
  /** The last that is complete, when the attempt begins: 10 minutes after its end an hour does not change any more. */
  readonly newest: number;
}

/** The raw logs of an app. */
export interface LogHours extends LogSpan {
  /**
   * Opens an hour. Failure `config` (`not_found`) for one that is not complete, not kept any more, or none at all.
   */
  open(hour: number): Promise<LogFile>;
}

/** An app. */
export interface LogApp {
  readonly id: string;
  readonly name: string;
}

/** What an export of members gets, and one of raw logs does not. */
type OfMembers = "audience" | "columns" | "members" | "rows";

/** What the plan of an export of raw logs gets. */
export interface LogExportPlanContext<Config, Connection> extends Omit<ExportReading<Config, Connection>, OfMembers> {
  /** The app that `from` names. */
  readonly app: LogApp;
  /** Which hours there are. */
  readonly hours: LogSpan;
}

/** What the run of an export of raw logs gets. */
export interface LogExportContext<Config, Connection, Checkpoint>
  extends Omit<ExportContext<Config, Connection, Checkpoint>, OfMembers> {
  /** The app that `from` names. */
  readonly app: LogApp;
  /** Its hours. */
  readonly hours: LogHours;
}

/** A job type that takes raw logs out. Made with {@linkcode defineLogExport}. */
export interface LogExportJobDefinition<
  Auths extends readonly AuthDefinition[] = readonly AuthDefinition[],
  Config extends ConfigSchema = ConfigSchema,
  Checkpoint extends z.ZodType = z.ZodType,
> extends JobBasics<Auths, Config, Checkpoint> {
  /** Takes data out. */
  readonly direction: "export";
  /** Raw logs, not profiles. */
  readonly reads: "logs";
  /**
   * Whose logs it reads. Pure: called before and during a run. An unknown app is refused by the engine, and so is whoever may
   * not see personal fields: raw logs tell of people.
   */
  from(config: ConfigOf<Config>): LogSource;
  /** It reads no audience and no fields. */
  readonly sources?: never;
  /** As `resultFile` of an export of members. */
  readonly resultFile?: FileConnection extends ConnectionOf<Auths[number]> ? keyof ConfigOf<Config> & string : never;
  /** Nothing is sent to an export. */
  readonly upload?: never;
  /** Tells what a run would do; changes nothing. */
  plan?(context: LogExportPlanContext<ConfigOf<Config>, ConnectionOf<Auths[number]>>): Promise<Plan>;
  /** Does it. Resolves when everything was delivered; called again after a crash, with the last committed checkpoint. */
  run(
    context: LogExportContext<ConfigOf<Config>, ConnectionOf<Auths[number]>, z.output<Checkpoint>>,
  ): Promise<void>;
}

/** Defines a job type that takes raw logs out; checkpoint and connection are typed by what it declares. */
export function defineLogExport<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
  Field extends string = never,
>(
  job: LogExportJobDefinition<Auths, Config, Checkpoint> & OnlyConfigured<Config, Field>,
): LogExportJobDefinition<Auths, Config, Checkpoint> {
  return job;
}
