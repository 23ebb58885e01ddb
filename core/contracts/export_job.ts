/**
 * A job type that takes data out: whose profiles it reads, its plan and its run.
 *
 * @module
 */
import type { z } from "zod";
import type { AuthDefinition, ConnectionOf } from "./auth.ts";
import type { ConfigOf, ConfigSchema } from "./config.ts";
import type { FileConnection } from "./file_store.ts";
import type { JobBasics, OnlyConfigured, Plan, Progress } from "./job.ts";
import type { Log } from "./log.ts";
import type { MemberBatch, MemberColumn } from "./members.ts";
import type { Spool } from "./spool.ts";

/** The types of identifiers that the bulk APIs name. */
export const IDENTIFIERS = ["idfa", "gaid", "email", "customer_id"] as const;

/** A type of identifiers: which field of profiles holds them is a setting of the account. */
export type Identifier = typeof IDENTIFIERS[number];

/** What an export reads. */
export interface ExportSource {
  /** Slug or id of the audience whose members are exported. */
  readonly audience: string;
  /** Fields that are wanted, in their order; none, or absent = every field that may be seen, sorted by name. */
  readonly fields?: readonly string[];
  /**
   * A type of identifiers, such as `email`, in place of fields: the one field that the account has set for it is exported.
   * A member need not have it, and no profile may.
   */
  readonly identifier?: Identifier;
  /** Profile table of the audience `all`, by its name or id (`profiledb_id`); `user` unless told. */
  readonly table?: string;
  /**
   * Has the profiles of the audience's table, or their changes, read as `rows`: the export is of all of them, whoever is a
   * member.
   */
  readonly rows?: "profiles" | "changes";
  /** Whether each member comes with the audiences that it is in; not unless told. */
  readonly memberships?: boolean;
  /** Most members; absent = all. Those with the lowest ids come. */
  readonly limit?: number;
}

/** Some rows: JSON objects in UTF-8, a line feed after each. */
export interface ProfileRows {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** How many rows they are. */
  readonly rows: number;
}

/** The audience that is exported. */
export interface ExportAudience {
  /** Its number; 0 for `all`. */
  readonly id: number;
  /** What it is called in configurations and in file names. */
  readonly slug: string;
  /** Name for people. */
  readonly name: string;
}

/** An export of the same job that came to its end. */
export interface PastExport {
  /** Its run. */
  readonly run: string;
  /** Members that it exported. */
  readonly rows: number;
  /** Where it wrote, as it told; null where it told no place. */
  readonly path: string | null;
  /** When it ended, in milliseconds since the Unix epoch. */
  readonly endedAt: number;
}

/** What the job exported before this run. */
export interface ExportHistory {
  /** The newest export that succeeded; undefined where there is none. */
  last(): Promise<PastExport | undefined>;
  /** Whether another run of the job told that it wrote to `path`. */
  wrote(path: string): Promise<boolean>;
}

/** A file to be kept for whoever gets a link to it. */
export interface PublishedFileInput {
  /** What whoever fetches it gets it as; without a slash. */
  readonly name: string;
  /** Its media type, such as `text/csv`. */
  readonly mediaType: string;
  /** Milliseconds until no link opens it. */
  readonly lifetime: number;
}

/** A file that is kept, and the link that opens it. */
export interface PublishedFile {
  /** Id of the artifact. */
  readonly artifact: string;
  /** Opens it for anybody, without a token. */
  readonly url: string;
  /** From when on the link opens nothing, in milliseconds since the Unix epoch; a whole second. */
  readonly expiresAt: number;
  /** Bytes. */
  readonly size: number;
  /** What to know before the link is passed on: one sentence each. */
  readonly notes: readonly string[];
}

/** A signature of this Waybill. */
export interface Signature {
  /** Ed25519 (RFC 8032) over the bytes, in base64. */
  readonly signature: string;
  /** The public key that verifies it, in base64: 32 bytes. */
  readonly publicKey: string;
}

/** What an export delivered, for its run to show. */
export interface Delivered {
  /** Members that were exported. */
  readonly rows: number;
  /** Bytes that were delivered, compressed and encrypted as they were. */
  readonly bytes: number;
  /** Where they are: a path of the destination, a file's name. */
  readonly path?: string;
}

/** What the plan and the run of an export have in common. */
export interface ExportReading<Config, Connection> {
  /** The job's configuration. */
  readonly config: Config;
  /** The auth's connection. */
  readonly connection: Connection;
  /** Where to keep bytes that nobody may use yet: on the disk, private, gone with whoever wrote them. */
  readonly spool: Spool;
  /** Whether the job is kept updated: a run is one pass of a continuous job. Never so without a `schedule`. */
  readonly continuous: boolean;
  /** The job's time zone, by its IANA name; `UTC` where its type has no schedule. */
  readonly timeZone: string;
  /** Ends the work. */
  readonly signal: AbortSignal;
  /** Where to write what happens; warnings are kept with the run for its users. */
  readonly log: Log;
  /** The audience that `from` names. */
  readonly audience: ExportAudience;
  /** The fields that are exported, in their order: those that `from` names, or all. */
  readonly columns: readonly MemberColumn[];
  /** What the job exported before. */
  readonly history: ExportHistory;
  /**
   * The members by ascending id, some thousands at a time, as they are at one moment: when the attempt begins, whatever is
   * written meanwhile. `after` leaves out those up to an id; the source's limit counts from there.
   */
  members(options?: { readonly after?: number }): AsyncIterable<MemberBatch>;
  /**
   * What the source's `rows` asks for, as it is at one moment when it is called; nothing without it. Of `profiles`, a row is
   * a flat object: `_ll.raw_customer_id`, where there is one, `_ll.profile_id` and the attributes that whoever made the job
   * may see. Of `changes`, it is `{"profile":{…},"updates":{…}}`, with `"deletes":{"attributes":[…]}` where attributes are
   * gone, or `{"profile":{…},"deleted":true}`: since the results before that somebody fetched. Failure `config` for changes
   * of a table whose changes nobody follows. A plan gets no changes.
   */
  rows(): AsyncIterable<ProfileRows>;
}

/** What the plan of an export gets. */
export interface ExportPlanContext<Config, Connection> extends ExportReading<Config, Connection> {
  /** The time a run would start at, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** How many members there are, `limit` heeded. */
  size(): Promise<number>;
}

/** What the run of an export gets. All of it is asynchronous and serialisable, so that it can cross a process. */
export interface ExportContext<Config, Connection, Checkpoint> extends ExportReading<Config, Connection> {
  /** The run and its job. */
  readonly run: {
    /** Id of the run: the same after a crash. */
    readonly id: string;
    /** The saved job; null for a run that was started by job type. */
    readonly job: { readonly id: string; readonly label: string; readonly revision: number } | null;
  };
  /** The position that the run has durably reached; undefined at its first start. */
  readonly checkpoint: Checkpoint | undefined;
  /** When the run first started, in milliseconds since the Unix epoch: the same after a crash. */
  readonly startedAt: number;
  /** Tells how far the run is; cheap, call it as often as you like. */
  progress(progress: Progress): void;
  /**
   * Makes a position durable; `delivered` is what the run has delivered with it, in all. Await it before what cannot be
   * taken back, and before what a later attempt must do in the same way: the name of a file.
   */
  commit(checkpoint: Checkpoint, delivered?: Delivered): Promise<void>;
  /**
   * Keeps a file for whoever has the link: whole, or not at all. A run has one: what an earlier attempt or call kept ends
   * when this one is there. Failure `transient` for a full disk.
   */
  publish(file: PublishedFileInput, content: AsyncIterable<Uint8Array>): Promise<PublishedFile>;
  /** The file that this run has published, by whichever attempt; undefined where no link opens one any more. */
  published(): Promise<PublishedFile | undefined>;
  /** Signs bytes as this Waybill: `waybill export verify` and whoever has the public key can check it. */
  sign(bytes: Uint8Array): Promise<Signature>;
  /**
   * Holds the run for somebody's approval, with a sentence that says what is doubtful. Once it is approved (`run approve`),
   * `run` is called again, and this resolves.
   */
  hold(reason: string): Promise<void>;
}

/** A job type that takes data out. Made with {@linkcode defineExport}. */
export interface ExportJobDefinition<
  Auths extends readonly AuthDefinition[] = readonly AuthDefinition[],
  Config extends ConfigSchema = ConfigSchema,
  Checkpoint extends z.ZodType = z.ZodType,
> extends JobBasics<Auths, Config, Checkpoint> {
  /** Takes data out. */
  readonly direction: "export";
  /** Members of audiences; a job type that takes raw logs out is made with `defineLogExport`. */
  readonly reads?: never;
  /**
   * What it reads. Pure: called before and during a run. An unknown audience or field, and one that whoever saves the job
   * may not see, is refused by the engine.
   */
  from(config: ConfigOf<Config>): ExportSource;
  /** Keys of the configuration that hold what `from` gives: the engine lists their values, beside `choices`. */
  readonly sources?: {
    /** Holds the audience. */
    readonly audience?: keyof ConfigOf<Config> & string;
    /** Holds the fields. */
    readonly fields?: keyof ConfigOf<Config> & string;
  };
  /**
   * Config key of the file that it writes, of a job type that writes one file and needs nothing of a connection but its
   * files. Its runs may go without an auth: what they write is then kept as a file that a link opens, named by the last part
   * of its path, and a command writes it to where this key says, on the machine of whoever types it.
   */
  readonly resultFile?: FileConnection extends ConnectionOf<Auths[number]> ? keyof ConfigOf<Config> & string : never;
  /** Nothing is sent to an export. */
  readonly upload?: never;
  /** Tells what a run would do; changes nothing. */
  plan?(context: ExportPlanContext<ConfigOf<Config>, ConnectionOf<Auths[number]>>): Promise<Plan>;
  /**
   * Does it. Resolves when everything was delivered. After a crash `run` is called again with the last committed
   * checkpoint, over the members as they are then: what was delivered without a checkpoint is delivered again.
   */
  run(
    context: ExportContext<ConfigOf<Config>, ConnectionOf<Auths[number]>, z.output<Checkpoint>>,
  ): Promise<void>;
}

/**
 * Defines a job type that takes data out; choices, checkpoint and connection are typed by what it declares. Not one function
 * with `defineJob`: the compiler would tell of a mistake where the call begins, and not where it was made.
 */
export function defineExport<
  const Auths extends readonly AuthDefinition[],
  Config extends ConfigSchema,
  Checkpoint extends z.ZodType,
  Field extends string = never,
>(
  job: ExportJobDefinition<Auths, Config, Checkpoint> & OnlyConfigured<Config, Field>,
): ExportJobDefinition<Auths, Config, Checkpoint> {
  return job;
}
