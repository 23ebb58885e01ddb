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
import type { Registry } from "./registry.ts";
import type { Caller } from "./token_check.ts";
import type { UploadBody } from "./upload_body.ts";
import type {
  AccountView,
  AudienceView,
  AuditView,
  AuthView,
  CrowdedView,
  DeletedMappingView,
  EntityView,
  ErasureView,
  ImportedMembersView,
  JobView,
  MappingChangeView,
  MappingPreviewView,
  MappingSuggestionView,
  MappingView,
  MemberView,
  Page,
  ProfileView,
  RejectView,
  RunView,
  StreamFieldView,
  StreamView,
  TableChangeView,
  TableFieldsView,
  TableView,
  TokenView,
} from "./views.ts";

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
  /** Queues a run of a saved job (id or label), with config over the job's, or of a job type. */
  start(
    run: JobInput | { readonly job: string; readonly config?: ConfigInput },
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

/** Files that come over HTTP. */
export interface Uploads {
  /**
   * Stores the file durably and queues the run that imports it; with a known `key`, gives the run that there is.
   * `conflict` for a key that another upload has, `too_large`, `transient` for a full disk; then nothing is left behind.
   */
  create(input: UploadInput): Promise<RunView>;
}

/** Streams. */
export interface Streams {
  list(): Promise<StreamView[]>;
  get(name: string): Promise<StreamView>;
  fields(name: string): Promise<StreamFieldView[]>;
}

/** Which mapping to try, on what. */
export interface MappingTest {
  /** The text of one, or none: */
  readonly lql?: string;
  /** Id, alias or stream of a saved one. */
  readonly mapping?: string;
  /** Events to try it on; else the stream's last ones. Their time is now. */
  readonly rows?: readonly { readonly [field: string]: JsonValue }[];
  /** How many of the stream's last events to read: 1 to 100,000; 1,000 unless told. */
  readonly events?: number;
  /** How many profiles to show: 0 to 1,000; 20 unless told. */
  readonly show?: number;
}

/**
 * Mappings. `mapping` is an id, an alias, or a stream that has just one. What changes one makes its table follow: at once
 * where no event is touched, else by a run (`replay_run`) that fills the table anew from the archive.
 */
export interface Mappings {
  /**
   * Makes one; its stream and table, too, where they are not there. `conflict` where the stream has one into that table,
   * where the alias is taken, and where another mapping into the table says otherwise of a column.
   */
  create(input: { readonly lql: string }): Promise<MappingChangeView>;
  /** In the order in which they were made; of one stream or table where one is named. */
  list(options?: { readonly stream?: string; readonly table?: string }): Promise<MappingView[]>;
  get(mapping: string): Promise<MappingView>;
  /** Gives it another text, of the same stream and table; without one, the table follows those that there are. */
  update(mapping: string, change: { readonly lql?: string }): Promise<MappingChangeView>;
  /** The events stay, and the profiles that only it made go. */
  delete(mapping: string): Promise<DeletedMappingView>;
  /** What it would make of some events; changes nothing. */
  test(input: MappingTest): Promise<MappingPreviewView>;
  /** A mapping that suits the stream's fields, to begin with. */
  suggest(stream: string): Promise<MappingSuggestionView>;
}

/** What a change of a profile table may hold; what is null goes back to what is built in. */
export interface TableChange {
  /** Field, or `*` for every one → the values that name nobody; null for none. */
  readonly deny?: { readonly [field: string]: readonly string[] | null } | null;
  /** Field → how its values are normalised: of `digits`, `lower`; null as built in. */
  readonly normalise?: { readonly [field: string]: readonly string[] | null } | null;
  /** Values of one identity field from which a profile is reported: 2 to 1,000,000. */
  readonly most_values?: number | null;
}

/** Profile tables. `table` is a name or the integer id. */
export interface ProfileTables {
  list(): Promise<TableView[]>;
  get(table: string): Promise<TableView>;
  /** What its profiles hold, by a sample of them where they are many. */
  fields(table: string): Promise<TableFieldsView>;
  /** Changes how values identify; the table follows as it does when a mapping changes. */
  update(table: string, change: TableChange): Promise<TableChangeView>;
  /** Profiles that gathered more values of one identity field than the table allows, by id. */
  crowded(
    table: string,
    options?: { readonly cursor?: string; readonly limit?: number },
  ): Promise<Page<CrowdedView>>;
}

/** Profiles. */
export interface Profiles {
  /** The profile that an identity (field and value) names. */
  get(field: string, value: string, options?: { readonly table?: string }): Promise<ProfileView>;
}

/** What a new audience needs: a filter, or to be a list. */
export interface AudienceInput {
  /** What people call it; its slug unless told. */
  readonly name?: string;
  /** Unique in the account; the filter's ALIAS, else made of the name, unless told. */
  readonly slug?: string;
  readonly description?: string;
  /** FilterQL, of a dynamic audience. */
  readonly filter?: string;
  /** Whether its members are imported. */
  readonly list?: boolean;
  /** Profile table; the filter's FROM, else `user`, unless told. */
  readonly table?: string;
}

/** What a change of an audience may hold. */
export interface AudienceChange {
  readonly name?: string;
  readonly slug?: string;
  readonly description?: string;
  /** FilterQL; FROM `user` where it names no table. Its ALIAS changes no slug. */
  readonly filter?: string;
}

/** Members to import. */
export interface MembersInput {
  /** Identity field that they are values of; that of the members which are there, unless told. */
  readonly field?: string;
  /** UTF-8, a value a line. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether they come to those that are there, in whose place they come unless told. */
  readonly add?: boolean;
}

/** Audiences. `audience` is an id or a slug; `all` is the one of every profile, which has a size and members, too. */
export interface Audiences {
  create(input: AudienceInput): Promise<AudienceView>;
  /** In the order in which they were made. */
  list(): Promise<AudienceView[]>;
  get(audience: string): Promise<AudienceView>;
  /** Refused (`conflict`) where audiences that include it no longer could. */
  update(audience: string, change: AudienceChange): Promise<AudienceView>;
  /** Gives the one that is gone. Refused (`conflict`) while others include it. */
  delete(audience: string): Promise<AudienceView>;
  /** How many profiles are members now. `forbidden` where the filter reads fields that the actor may not see. */
  size(audience: string, options?: { readonly signal?: AbortSignal }): Promise<{ readonly size: number }>;
  /** One page of its members, as they are now. */
  members(
    audience: string,
    options?: { readonly cursor?: string; readonly limit?: number; readonly signal?: AbortSignal },
  ): Promise<Page<MemberView>>;
  /** All its members, as they were when the first was asked for; `transient` when none is taken for 20 s. */
  eachMember(audience: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<MemberView>;
  /** Imports the members of a list: all of them, or nothing changes. */
  importMembers(audience: string, input: MembersInput): Promise<ImportedMembersView>;
}

/** What of a profile is asked for. */
export interface EntityQuery {
  /** Profile table. */
  readonly table: string;
  /** Field that identifies it; the cookie's unless told: `_uid`, else `_uids`. */
  readonly field?: string;
  readonly value: string;
  /** Fields to give; all unless told. */
  readonly fields?: readonly string[];
  /** Whether to give the slugs of its audiences; they are unless told. */
  readonly segments?: boolean;
  /** Whether to give `meta`; it is unless told. */
  readonly meta?: boolean;
}

/** Profiles as the entity API has them. */
export interface Entities {
  /** Failure `config` (`not_found`) where no profile is named so; `forbidden` for a PII field. */
  get(query: EntityQuery): Promise<EntityView>;
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

/** Requests to erase people. */
export interface Erasures {
  /**
   * Has the profile that an identity (field and value) names erased, with every identity of it: it is found no more,
   * and data for it is refused until the erasure is done. An identity that is being erased already gives its erasure.
   */
  request(field: string, value: string, options?: { readonly table?: string }): Promise<ErasureView>;
  get(id: string): Promise<ErasureView>;
  /** Newest first. */
  list(options?: { readonly cursor?: string; readonly limit?: number }): Promise<Page<ErasureView>>;
  /** Takes data for the erased again, where the account refuses it for ever. Refused (`conflict`) until it is done. */
  lift(id: string): Promise<ErasureView>;
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

/** What one actor sees and changes of one account. */
export interface Engine {
  /** Who acts. */
  readonly actor: Actor;
  readonly account: OwnAccount;
  readonly auths: Auths;
  readonly jobs: Jobs;
  readonly runs: Runs;
  readonly uploads: Uploads;
  readonly streams: Streams;
  readonly mappings: Mappings;
  readonly tables: ProfileTables;
  readonly profiles: Profiles;
  readonly audiences: Audiences;
  readonly entities: Entities;
  readonly tokens: Tokens;
  readonly erasures: Erasures;
  readonly audit: AuditLog;
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
  /** Resolves when the database answers and queued runs are taken; throws what keeps either from working. */
  ready(): Promise<void>;
}
