/**
 * The profile that an identity names.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { isErased } from "./erased_identities.ts";
import { identityKey } from "./identity.ts";
import { findIdentity } from "./identity_index.ts";
import { storedProfiles } from "./known_profiles.ts";
import type { OpenTarget } from "./mapping.ts";
import { ProfileState, type StoredProfile } from "./profile_state.ts";
import type { ProfileStatements } from "./statements.ts";

/** Looks at the places of one identity, those that met a profile being merged away included. */
const MAX_LOOKS = 64;

/** A profile that was found. */
export interface FoundProfile {
  readonly stored: StoredProfile;
  readonly state: ProfileState;
}

/** The profile that a value of an identity field names, as whoever asks writes it; undefined where none is to be found. */
export async function findProfile(
  executor: Executor,
  statements: ProfileStatements,
  target: OpenTarget,
  field: string,
  value: string,
): Promise<FoundProfile | undefined> {
  const normalised = target.rules.identity.normalise(field, value);
  if (normalised === undefined || await isErased(executor, target, field, normalised)) return undefined;
  return await findStoredProfile(executor, statements, target, field, normalised);
}

/** The same by a normalised value, though the profile is being erased. */
export async function findStoredProfile(
  executor: Executor,
  statements: ProfileStatements,
  { scope, rules, hashers }: OpenTarget,
  field: string,
  normalised: string,
): Promise<FoundProfile | undefined> {
  const hasher = hashers.find((hasher) => hasher.field === field);
  if (hasher === undefined) return undefined;
  for (let looks = 0, attempt = 0; looks < MAX_LOOKS; looks++) {
    const first = await findIdentity(executor, scope, identityKey(hasher, normalised, attempt));
    if (first === 0) return undefined;
    let [stored] = storedProfiles(await statements.loadProfiles(executor, scope, [first]));
    if (stored === undefined) {
      const into = (await statements.findMerges(executor, scope, [first])).get(first);
      // Merged away between the two reads: the next look at this place finds where it went.
      if (into === undefined) continue;
      [stored] = storedProfiles(await statements.loadProfiles(executor, scope, [into]));
      if (stored === undefined) continue;
    }
    const state = ProfileState.ofStored(rules, stored);
    if (state.has(field, normalised)) return { stored, state };
    attempt++;
  }
}
