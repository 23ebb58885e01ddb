/**
 * The stores that erasure reaches. Whatever keeps people's data, in a table or a folder, is one of them: a test fails
 * for a table or folder that neither a store names nor {@linkcode WITHOUT_PEOPLE}.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { JsonValue } from "../contracts/records.ts";
import type { Tables } from "../database/tables.ts";
import type { Identity } from "../profiles/erase_profiles.ts";
import type { OpenTarget } from "../profiles/mapping.ts";
import type { PeopleInText } from "../profiles/people_in_text.ts";
import type { RawForms } from "../profiles/raw_forms.ts";
import { artifactStore } from "./artifacts/erase_artifacts.ts";
import { audienceStore } from "./erase_audiences.ts";
import { changeStore } from "./erase_changes.ts";
import { managedFileStore } from "./erase_managed.ts";
import { noticeStore } from "./erase_notices.ts";
import { eventStore, rawLogStore, rejectStore } from "./erase_archive.ts";
import { profileStore } from "./erase_profiles.ts";
import { tableStore } from "./erase_tables.ts";
import { fileStore } from "./erase_files.ts";
import { fieldStore, runStore } from "./erase_texts.ts";
import { snapshotStore } from "./erase_snapshots.ts";
import { spoolStoreOf } from "./erase_spool.ts";
import type { Core } from "./core.ts";
import type { TaskContext } from "./task.ts";

/**
 * A profile table, and whom of it is to be erased. One whose people were named by several definitions is there for each;
 * so is another one in which their identities of the same name are computed, with those alone.
 */
export interface ErasedTable {
  /** Its current generation, by the definition that holds or, after that one, by one that did when they were named. */
  readonly target: OpenTarget;
  readonly identities: readonly Identity[];
  /** The identities' keys. */
  readonly keys: ReadonlySet<bigint>;
}

/** What a store gets. */
export interface EraseContext {
  readonly core: Core;
  readonly account: number;
  /** Id of the run: part of the names of files that are being written. */
  readonly run: string;
  readonly tables: readonly ErasedTable[];
  /** Finds them where no mapping reads, by their raw forms too. */
  readonly people: PeopleInText;
  /** How events wrote identities that their mappings compute; what is added is kept with the next commit. */
  readonly rawForms: RawForms;
  readonly signal: AbortSignal;
  /** The run that erases. */
  readonly task: Pick<TaskContext, "claim" | "log" | "progress" | "note">;
  /** Where the store had come to when the run was interrupted; undefined at its start. */
  readonly position: JsonValue | undefined;
  /** Commits a step and the position after it, which must not be undefined. */
  commit(work: (transaction: Transaction<Tables>) => Promise<{ readonly position: JsonValue }>): Promise<
    void
  >;
}

/** Something that keeps people's data. */
export interface ErasableStore {
  /** For the log and the checkpoint. */
  readonly name: string;
  /** Tables that hold people's data as text: they are rewritten at the end, so that nothing stays in free space. */
  readonly tables: readonly (keyof Tables)[];
  /** Folders of the data directory that hold it. */
  readonly folders: readonly string[];
  /**
   * `profiles` are removed first, and once more at the end; `archive` is what is kept of the events; `arriving` what
   * has not become events yet: after the archive, and once more at the end; `derived` what is made of the archive again
   * when it is without them.
   */
  readonly stage: "profiles" | "archive" | "arriving" | "derived";
  /** Removes what the store holds of the erased; goes on where it was, and may be called again when it is done. */
  erase(context: EraseContext): Promise<void>;
}

/** Every store, in the order in which it is erased. */
export const ERASABLE_STORES: readonly ErasableStore[] = [
  profileStore,
  changeStore,
  eventStore,
  rejectStore,
  rawLogStore,
  snapshotStore,
  fieldStore,
  runStore,
  noticeStore,
  fileStore,
  artifactStore,
  audienceStore,
  spoolStoreOf(),
  managedFileStore,
  tableStore,
];

/** Tables and folders that hold nothing of the people in the events, each with the reason. */
export const WITHOUT_PEOPLE: Readonly<Record<string, string>> = {
  artifacts: "names of files, and who made them",
  accounts: "tenants and their settings",
  profile_tables: "names and rules",
  generations: "mappings",
  change_feeds: "numbers and names of fields",
  identity_runs: "numbers of identities",
  identity_blocks: "keyed hashes; erased ones are removed with their profiles",
  profile_merges: "numbers",
  auths: "credentials, sealed",
  jobs: "configuration",
  processes: "processes of this machine",
  streams: "names",
  mappings: "LQL",
  segments: "names of files",
  snapshots: "names of files",
  tokens: "hashes of tokens",
  apps: "names",
  audience_lists: "names",
  api_keys: "keys, and hashes of their secrets",
  enabled_exports: "ids",
  log_batches: "hashes of keys and batches, and counts",
  rate_windows: "when a key was used",
  settings: "keys, sealed",
  uploads: "sizes and hashes of files",
  audience_heads: "numbers",
  crowded_profiles: "numbers, and names of fields",
  audience_members: "keyed hashes; erased ones are removed",
  audiences: "names, and filters as somebody wrote them",
  erasures: "identities, sealed until they are erased",
  erased_identities: "keyed hashes",
  migrations: "names",
  audit_entries: "who changed what: never an identity's value",
  audit_heads: "hashes",
  managed_users: "credentials, hashed",
  managed_trees: "names of accounts, and sizes",
  managed_sessions: "addresses of clients, while they are connected",
};
