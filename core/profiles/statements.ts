/**
 * What the hot path asks of the database: few statements over many rows, written once per database.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { OpenFeed } from "./feed/note.ts";
import type { ProfileColumns } from "./known_profiles.ts";
import type { StoredProfile } from "./profile_state.ts";

/** The profile table that a batch works on. */
export interface ProfileScope {
  readonly account: number;
  readonly table: number;
}

/** A profile as it is added. */
export interface NewProfile {
  readonly id: number;
  readonly at: number;
  /** JSON object, UTF-8. */
  readonly attributes: Uint8Array;
}

/** A profile whose attributes change. */
export interface ChangedProfile {
  readonly id: number;
  /** JSON object, as text or as UTF-8. */
  readonly attributes: string | Uint8Array;
}

/** A profile that a feed notes. */
export interface NotedProfile {
  readonly id: number;
  /** What its attributes become, as text or as UTF-8; null where it goes. */
  readonly attributes: string | Uint8Array | null;
}

/** New stamps, an entry each in every list. */
export interface MovedStamps {
  readonly ids: readonly number[];
  readonly ats: readonly number[];
  readonly positions: readonly number[];
}

/** The batch statements. All run in the caller's transaction; empty input does nothing. */
export interface ProfileStatements {
  /** Reads profiles, some at a time by ascending id; ids ascend. Passes over those that are not there. */
  loadProfiles(executor: Executor, scope: ProfileScope, ids: ArrayLike<number>): Promise<ProfileColumns[]>;
  /** Adds profiles in ascending order of id, without their stamps; each is asked for once, when it is written. */
  insertProfiles(
    executor: Executor,
    scope: ProfileScope,
    count: number,
    profile: (index: number) => NewProfile,
  ): Promise<void>;
  /** Replaces the attributes of profiles, in ascending order of id. */
  updateProfiles(executor: Executor, scope: ProfileScope, profiles: readonly ChangedProfile[]): Promise<void>;
  /**
   * Notes for a feed what profiles are that are about to change, in ascending order of id, and perhaps what they become.
   * Of those of which it has something noted under its epoch, it forgets what they had become, no more.
   */
  noteProfiles(
    executor: Executor,
    scope: ProfileScope,
    feed: OpenFeed,
    profiles: readonly NotedProfile[],
  ): Promise<void>;
  /** Adds or replaces stamps, in ascending order of id; profiles with a null stamp are passed over. */
  putStamps(
    executor: Executor,
    scope: ProfileScope,
    profiles: readonly Pick<StoredProfile, "id" | "stamp">[],
  ): Promise<void>;
  /** Where merged profiles went: id → the profile that is there. Ids ascend; others are not in the answer. */
  findMerges(executor: Executor, scope: ProfileScope, ids: readonly number[]): Promise<Map<number, number>>;
  /** Reads one profile; undefined where it is not there. */
  loadProfile(executor: Executor, scope: ProfileScope, id: number): Promise<StoredProfile | undefined>;
  /** Reads the block of a run of the identity index that begins at `first`; undefined where it is not there. */
  loadBlock(executor: Executor, scope: ProfileScope, run: number, first: number): Promise<Uint8Array | undefined>;
  /**
   * Moves the stamps of profiles whose fields all have one, or adds it: ids ascend. What else the stamps hold stays.
   */
  moveStamps(executor: Executor, scope: ProfileScope, stamps: MovedStamps): Promise<void>;
  /** Removes merged profiles and remembers where they went. */
  mergeProfiles(
    executor: Executor,
    scope: ProfileScope,
    merges: readonly { readonly id: number; readonly into: number }[],
  ): Promise<void>;
}
