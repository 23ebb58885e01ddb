/**
 * Everything Waybill can do, behind one object: the CLI and the HTTP server are shells around it.
 *
 * Methods throw a `Failure` for what is expected: `config` with code `not_found` for an unknown id, `conflict` for a
 * label that is taken, plain `config` for a configuration that does not parse (the message names the field).
 *
 * @module
 */
import type { CheckResult } from "../contracts/auth.ts";
import type { Choice, Plan } from "../contracts/job.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Actor } from "./actor.ts";
import type { LinkedFile, LinkRequest } from "./artifacts/links.ts";
import type { Artifacts } from "./artifacts/views.ts";
import type { ApiKeys, Apps, AudienceLists } from "./bulk_parts.ts";
import type { Audiences, Entities, Erasures, Mappings, Profiles, ProfileTables, Streams } from "./data_parts.ts";
import type { EnabledExports } from "./exports/enabled_exports.ts";
import type { FetchedExports } from "./exports/fetch_exports.ts";
import type { FirstThread } from "./first_thread.ts";
import type { JobFileView } from "./job_files.ts";
import type { ManagedServer } from "./managed/views.ts";
import type { RawLogs } from "./raw_logs/views.ts";
import type { Bucket } from "./rate_limits.ts";
import type { Admission } from "./rate_window.ts";
import type { Registry } from "./registry.ts";
import type { Caller } from "./token_check.ts";
import type { UploadBody } from "./upload_body.ts";
import type { AccountView, AuditView, AuthView, JobView, Page, RejectView, RunView, TokenView } from "./views.ts";

export type {
  AudienceChange,
  AudienceInput,
  Audiences,
  Entities,
  EntityQuery,
  Erasures,
  Mappings,
  MappingTest,
  MembersInput,
  Profiles,
  ProfileTables,
  Streams,
  TableChange,
} from "./data_parts.ts";
export type { ApiKeys, Apps, AudienceLists } from "./bulk_parts.ts";

/** A configuration as it comes in: values typed, or strings that are read as the field's type. */
export type ConfigInput = { readonly [key: string]: JsonValue };

/** What a new auth needs. */
export interface AuthInput {
  /** Id of the auth method. */
  readonly method: string;
  /** Unique in the account; the method, numbered where that is taken, unless told. */
  readonly label?: string;
  readonly description?: string;
  readonly config: ConfigInput;
  /** OAuth tokens, write-only like its secrets. */
  readonly oauth?: OAuthInput;
  /** Free id for it, 32 lower-case hex digits; a new one unless told. */
  readonly id?: string;
}

/** OAuth tokens of an auth, as the provider gave them: null removes one, one left out stays. */
export interface OAuthInput {
  /** OAuth 1. */
  readonly oauthtoken?: OAuthToken | null;
  /** OAuth 2. */
  readonly oauth2token?: OAuthToken | null;
}

/** An OAuth token: whatever its provider puts into it. */
export type OAuthToken = { readonly [key: string]: JsonValue };

/** What went with a deleted auth. */
export interface DeletedAuth {
  /** Labels of the jobs that used it: they are paused. */
  readonly jobs: readonly string[];
  /** Ids of the runs that used it: they are stopped. */
  readonly runs: readonly string[];
}

/** What a change of an auth or a job may hold; a config key that is null goes back to its default. */
export interface Change {
  readonly label?: string;
  readonly description?: string;
  readonly config?: ConfigInput;
}

/** Saved authorisations. `auth` is an id or a label. */
export interface Auths {
  create(input: AuthInput): Promise<AuthView>;
  list(): Promise<AuthView[]>;
  get(auth: string): Promise<AuthView>;
  /** Merges config by name; secrets left out stay. */
  update(auth: string, change: Change & { readonly oauth?: OAuthInput }): Promise<AuthView>;
  /** Stops its runs, and pauses its jobs until each has another auth and is resumed. */
  delete(auth: string): Promise<DeletedAuth>;
  /**
   * Connects and looks at everything a job will need; pins the peer's identity where none is pinned. What keeps it from
   * going on is thrown after a result that tells of it.
   */
  check(auth: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<CheckResult>;
  /** Forgets the pinned identity, connects and pins what is there now. */
  trustPeer(
    auth: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly before: string | null; readonly now: string }>;
}

/** What a run or job needs. */
export interface JobInput {
  /** Id of the job type. */
  readonly type: string;
  /** Auth id or label; may be left out when just one saved auth fits. */
  readonly auth?: string;
  readonly config: ConfigInput;
}

/** A saved job (id or label), with config and auth over its own. */
export interface SavedJobInput {
  readonly job: string;
  readonly config?: ConfigInput;
  readonly auth?: string;
}

/** Saved jobs. `job` is an id or a label. */
export interface Jobs {
  create(input: JobInput & { readonly label: string; readonly description?: string }): Promise<JobView>;
  list(): Promise<JobView[]>;
  get(job: string): Promise<JobView>;
  update(job: string, change: Change & { readonly auth?: string }): Promise<JobView>;
  /** A paused job starts no runs; what has begun goes on to its end, also after an interruption. */
  pause(job: string): Promise<JobView>;
  /** Refused (`conflict`) while its auth is gone. */
  resume(job: string): Promise<JobView>;
  /** Refused (`conflict`) while a run of it is queued or running. */
  delete(job: string): Promise<void>;
  /** What a run would do, of a saved job or of one only described. */
  plan(job: string | JobInput | SavedJobInput, options?: { readonly signal?: AbortSignal }): Promise<Plan>;
  /** The files that it has imported, the last first. */
  files(
    job: string,
    options?: { readonly cursor?: string; readonly limit?: number },
  ): Promise<Page<JobFileView>>;
  /** One page of the values a field may take. */
  choices(input: JobInput, field: string, options?: ChoiceOptions): Promise<Page<Choice>>;
}

/** Which choices to give. */
export interface ChoiceOptions {
  /** Only values or titles that hold this, whatever the case. */
  readonly query?: string;
  /** Where the page before ended. */
  readonly cursor?: string;
  /** 1 to 1,000; 100 unless told. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Executions. */
export interface Runs {
  /**
   * Queues a run of a saved job (id or label), with config over the job's, or of a job type. With `force` it imports
   * files whatever the ledger knows of them.
   */
  start(
    run: (JobInput | { readonly job: string; readonly config?: ConfigInput }) & { readonly force?: boolean },
  ): Promise<RunView>;
  /** Newest first. */
  list(
    options?: {
      readonly status?: RunView["status"];
      readonly job?: string;
      readonly cursor?: string;
      readonly limit?: number;
    },
  ): Promise<Page<RunView>>;
  get(run: string): Promise<RunView>;
  /** Yields the run whenever something changed, at last in its final status. */
  follow(run: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<RunView>;
  /**
   * Asks it to stop: it begins no further commit, and what is committed stays. One that waits, or whose process is gone,
   * ends at once.
   */
  stop(run: string): Promise<RunView>;
  /**
   * Queues a failed or cancelled run again: it goes on from its checkpoint. Its config stays, since that decides how the
   * file is read, but for `reject_threshold`, where one is given. Refused (`conflict`) while its job is paused, and when
   * its auth is gone.
   */
  retry(run: string, options?: { readonly reject_threshold?: string }): Promise<RunView>;
  /** Lets a held run go on: what it was held for is as it should be. Refused (`conflict`) where it is not held. */
  approve(run: string): Promise<RunView>;
  /** Its rejected rows, in file order. */
  rejects(run: string): AsyncIterable<RejectView>;
  /** The same rows as a file to mend and import again: what its plugin puts before them, then each as it stood. */
  rejectedFile(run: string): AsyncIterable<Uint8Array>;
}

/** A file that comes over HTTP. */
export interface UploadInput extends UploadBody {
  /** Id of a job type that takes uploads. */
  readonly type: string;
  /** Stream that it goes into; made when it is not there. */
  readonly into: string;
  /** The job type's options, without what the upload itself says: stream, file, folder. */
  readonly config: ConfigInput;
  /** Bytes of the body, where they were announced. */
  readonly size?: number;
  /** The same upload under the same key, of one caller and stream, is taken once within 24 hours. */
  readonly key?: string;
}

/** A file that comes in a form, beside parameters that may stand behind it. */
export interface FormInput {
  /** Id of a job type with a `formFile`. */
  readonly type: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** The rest of the config; called when the file is stored. */
  config(): Promise<ConfigInput>;
}

/** Files that come over HTTP. */
export interface Uploads {
  /** Most bytes of a file, unpacked. */
  readonly limit: number;
  /**
   * Stores the file durably and queues the run that imports it; with a known `key`, gives the run that there is.
   * `conflict` for a key that another upload has, `too_large`, `transient` for a full disk; then nothing is left behind.
   */
  create(input: UploadInput): Promise<RunView>;
  /** The same for a file that came in a form; each makes a run. */
  form(input: FormInput): Promise<RunView>;
}

/** What a new token needs. */
export interface TokenInput {
  /** What people call it; `token`, numbered where that is taken, unless told. */
  readonly name?: string;
  readonly scopes: readonly string[];
  readonly description?: string;
  /** How long it is good: `100h`, `30m`, `7d`, `2w`, or an ISO 8601 time; for ever unless told. */
  readonly expires?: string;
}

/** API tokens. */
export interface Tokens {
  /** Makes one; the token itself is never shown again. */
  create(input: TokenInput): Promise<TokenView & { readonly token: string }>;
  /** In the order in which they were made. */
  list(): Promise<TokenView[]>;
  get(id: string): Promise<TokenView>;
  /** Gives the one that is gone. With `keepAdmin`, the last one with scope `admin` is not deleted (`conflict`). */
  delete(id: string, options?: { readonly keepAdmin?: boolean }): Promise<TokenView>;
  /** Whether there is one with scope `admin` that has not expired. */
  anyAdmin(): Promise<boolean>;
}

/** What a change of an account may hold; a setting that is null goes back to its default. */
export interface AccountChange {
  /** Unique in the installation. */
  readonly name?: string;
  readonly settings?: ConfigInput;
}

/** One's own account. */
export interface OwnAccount {
  get(): Promise<AccountView>;
  update(change: AccountChange): Promise<AccountView>;
}

/** Every account of the installation: the operator's. */
export interface Accounts {
  /** Makes one, with a profile table `user`. `conflict` for a name that is taken. */
  create(input: { readonly name: string }): Promise<AccountView>;
  /** In the order in which they were made. */
  list(): Promise<AccountView[]>;
}

/** What a check of the audit log found. */
export interface AuditVerdict {
  readonly ok: boolean;
  /** Entries that there should be. */
  readonly entries: number;
  /** Hash of the last one: noted elsewhere, it proves later that nothing up to it was changed. */
  readonly head: string;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** Who changed what, and when. */
export interface AuditLog {
  /** Newest first. */
  list(options?: { readonly cursor?: string; readonly limit?: number }): Promise<Page<AuditView>>;
  /** Reads all of it: entries that were changed, removed, reordered or cut off at the end are named. */
  verify(): Promise<AuditVerdict>;
}

/** The key that this Waybill signs exports with. */
export interface ExportKey {
  readonly algorithm: "Ed25519";
  /** 32 bytes in base64: what a signature in a manifest is verified with. */
  readonly public_key: string;
}

/** What all exports have in common. */
export interface Exports {
  /** The key that their manifests are signed with; made when it is first asked for. */
  key(): Promise<ExportKey>;
}

/** What one actor sees and changes of one account. */
export interface Engine {
  /** Who acts. */
  readonly actor: Actor;
  readonly account: OwnAccount;
  readonly auths: Auths;
  readonly jobs: Jobs;
  readonly runs: Runs;
  readonly uploads: Uploads;
  readonly artifacts: Artifacts;
  readonly exports: Exports;
  readonly sftp: ManagedServer;
  readonly streams: Streams;
  readonly mappings: Mappings;
  readonly tables: ProfileTables;
  readonly profiles: Profiles;
  readonly audiences: Audiences;
  readonly entities: Entities;
  readonly tokens: Tokens;
  readonly apps: Apps;
  readonly apiKeys: ApiKeys;
  readonly audienceLists: AudienceLists;
  readonly enabledExports: EnabledExports;
  readonly fetchedExports: FetchedExports;
  readonly rawLogs: RawLogs;
  readonly erasures: Erasures;
  readonly audit: AuditLog;
}

/** A process of the data directory. */
export interface ServingProcess {
  readonly id: string;
  /** Tells the others where this process's SFTP server listens. */
  servesSftpAt(address: { readonly host: string; readonly port: number }): Promise<void>;
}

/**
 * An open Waybill. Made by `openRuntime`, for an account and whoever opened it: its own parts are theirs. A server
 * answers each request with what {@linkcode Runtime.as} gives for the request's token.
 */
export interface Runtime extends Engine, AsyncDisposable {
  readonly registry: Registry;
  readonly accounts: Accounts;
  /** What a caller sees and changes: nothing of any other account, and every change under the caller's name. */
  as(caller: Caller): Engine;
  /** Who calls with this token, or undefined for one that is not known; `unauthenticated` for one that has expired. */
  verifyToken(token: string): Promise<Caller | undefined>;
  /** Who calls the bulk APIs with this API key; undefined where key or secret are wrong. */
  verifyApiKey(key: string, secret: string): Promise<Caller | undefined>;
  /** Counts a request of an API key's caller against one of its rate limits; whether it is let in. */
  admit(caller: Caller, bucket: Bucket): Promise<Admission>;
  /** Opens a signed link, whoever has it; undefined for one that is not good, or not good any more. */
  openLink(link: LinkRequest): Promise<LinkedFile | undefined>;
  /** This process, among those of the data directory; undefined for one that executes no runs. */
  readonly process: ServingProcess | undefined;
  /** Resolves when the database answers and queued runs are taken; throws what keeps either from working. */
  ready(): Promise<void>;
  /** What other threads of this process ask of the one that executes its runs. */
  readonly first: FirstThread;
}
