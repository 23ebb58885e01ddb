/**
 * The tables of what becomes of people's data: profile tables, profiles, identities, audiences, erasures.
 *
 * The rules of `../tables.ts` hold here too.
 *
 * @module
 */
/** A set of profiles. */
export interface ProfileTablesTable {
  account_id: number;
  /** The `profiledb_id` of the APIs. */
  id: number;
  name: string;
  /** JSON: how values identify (`IdentityRulesJson`); what is missing is as built in. */
  identity_rules: string;
  created_at: number;
}

/** One making of a profile table from the events, under the mappings of its time. Profiles and identities lie in it. */
export interface GenerationsTable {
  account_id: number;
  /** What `table_id` of profiles, stamps, merges and identities names. */
  id: number;
  table_id: number;
  /** A table has one that is current, and at most one that is being built. What is retired goes as others are written. */
  state: "building" | "current" | "retired";
  /** JSON of a `GenerationDefinition`: the mappings and identity rules that it is made with. */
  definition: string;
  created_at: number;
}

/** One profile. */
export interface ProfilesTable {
  account_id: number;
  /** The generation (`generations.id`). */
  table_id: number;
  /** Archive position of its first event: the same whatever the batches were. */
  id: number;
  /** Event time of its first event. */
  at: number;
  /** JSON object, text. */
  attributes: string;
}

/** What a profile needs beyond its first event; absent for a profile that has met no other. */
export interface ProfileStampsTable {
  account_id: number;
  table_id: number;
  id: number;
  /** Event time and archive position of the latest event that wrote a field: the stamp of every field not in `fields`. */
  at: number;
  position: number;
  /** JSON: field → [at, position], for fields with an older stamp; null = none. */
  fields: string | null;
  /** JSON: field → identity values that are not the field's present value; null = none. */
  identities: string | null;
}

/** Where a merged profile went. */
export interface ProfileMergesTable {
  account_id: number;
  table_id: number;
  id: number;
  into_id: number;
}

/** A profile table whose changes somebody follows, or has followed (ADR 0028). */
export interface ChangeFeedsTable {
  account_id: number;
  /** The profile table (`profile_tables.id`). */
  table_id: number;
  /** 1 while changes are noted. */
  active: number;
  /** Under which changes are noted now; ascends, and begins at 1. */
  epoch: number;
  /** The account's next archive position when the epoch began: whoever has it or a greater one as id came since. */
  position: number;
  /** Notes of the epoch that were made with what the profile became. */
  kept: number;
  /** The end of an epoch, up to which whoever follows the table knows it; and `position` of the epoch after it. */
  cursor_epoch: number;
  cursor_position: number;
  /** How far the latest results reach; null without any. */
  results_epoch: number | null;
  results_position: number | null;
  /** JSON: which fields were sums before, as `core/profiles/feed/past_sums.ts` has it. */
  past_sums: string;
}

/** What a profile was when an epoch began in which it changed. Profiles that the epoch made have none for it. */
export interface ProfileChangesTable {
  account_id: number;
  /** The profile table (`profile_tables.id`), whichever its generation. */
  table_id: number;
  /** The profile. */
  id: number;
  epoch: number;
  /** 1 where the profile was there. */
  existed: number;
  /** Its attributes then, as `profiles` had them; null where it was not there, or what it was has been erased. */
  before: string | null;
  /**
   * Its attributes since, where nothing has changed it again; null where that has to be looked up in `profiles`. Of a
   * profile's last note only: what stands in those before it says nothing.
   */
  after: string | null;
}

/** A profile that gathered more values of one identity field than its table allows. The values are the profile's own. */
export interface CrowdedProfilesTable {
  account_id: number;
  /** The generation. */
  table_id: number;
  /** The profile; it may have become part of another since. */
  id: number;
  field: string;
  /** The run that first met it so. */
  run_id: string;
}

/** A sorted run of the identity index: (field, value) → profile, by keyed 64-bit hash. */
export interface IdentityRunsTable {
  account_id: number;
  table_id: number;
  /** Ascends with age: the newest is the greatest. */
  run: number;
  /** Identities in it. */
  count: number;
}

/** Up to some thousands of a run's identities. */
export interface IdentityBlocksTable {
  account_id: number;
  table_id: number;
  run: number;
  /** Upper 53 bits of its first key; 0 in a run's first block. */
  first: number;
  /**
   * The keys (64-bit SipHash over table, field and normalised value), ascending, then the profile of each as a double:
   * the one it was first seen with, to be followed through `profile_merges`. Little-endian.
   */
  entries: Uint8Array;
}

/** How far an erasure is. */
export type ErasureState = "initial" | "primary" | "archive" | "secondary" | "done";

/** A request to erase somebody. */
export interface ErasuresTable {
  account_id: number;
  /** 20 hex digits, a dash, and the day in Unix seconds. */
  id: string;
  /** The profile table (`profile_tables.id`) that the identities are of. */
  table_id: number;
  state: ErasureState;
  /** Sealed JSON list of [field, value], normalised: every identity to be erased; null once it is done. */
  identities: Uint8Array | null;
  /** Sealed JSON: how archived events wrote the identities that their mappings compute; null without any. */
  raw_forms: Uint8Array | null;
  /** JSON list of the generation definitions by which the identities were named; null once it is done. */
  definitions: string | null;
  /** The run that does it; it does all that are waiting when it starts. */
  run_id: string;
  created_at: number;
  completed_at: number | null;
}

/** An identity whose data is refused, by its key in the identity index of its profile table: 16 hex digits. */
export interface ErasedIdentitiesTable {
  account_id: number;
  /** The profile table (`profile_tables.id`). */
  table_id: number;
  key: string;
  erasure_id: string;
}

/** What is one for all audiences of an account; made with the first of them. */
export interface AudienceHeadsTable {
  account_id: number;
  /** Id of the audience that was made last: none is given twice. */
  last_id: number;
  /** Moved by every change of an audience: what was compiled under another is compiled again. */
  revision: number;
}

/** A named set of profiles of one table. */
export interface AudiencesTable {
  account_id: number;
  id: number;
  /** The profile table (`profile_tables.id`). */
  table_id: number;
  /** `dynamic`: those for whom its filter holds; `list`: those whose identities were imported. */
  kind: "dynamic" | "list";
  /** Unique in the account. */
  slug: string;
  name: string;
  description: string;
  /** FilterQL of a dynamic one; null for a list. */
  filter: string | null;
  /** The identity field that a list's members are values of; null where none were imported. */
  field: string | null;
  /** Distinct identities of a list. */
  members: number;
  /** Version of a list's members; 0 where none were imported. */
  version: number;
  created_at: number;
  updated_at: number;
}

/** Some thousands of a list's members. */
export interface AudienceMembersTable {
  account_id: number;
  audience_id: number;
  version: number;
  /** Upper 53 bits of its first key; 0 in the first block. */
  first: number;
  /** Keys as the identity index has them, ascending, 8 bytes each, little-endian. */
  entries: Uint8Array;
}
