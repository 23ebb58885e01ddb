/**
 * Finds a profile by one of its identities.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { identityKey } from "../profiles/identity.ts";
import { findIdentity } from "../profiles/identity_index.ts";
import { storedProfiles } from "../profiles/known_profiles.ts";
import type { OpenTarget } from "../profiles/mapping.ts";
import { ProfileState, type StoredProfile } from "../profiles/profile_state.ts";
import type { ProfileStatements } from "../profiles/statements.ts";

/** Looks at the places of one identity, those that met a profile being merged away included. */
const MAX_LOOKS = 64;

/** A profile that was found. */
export interface FoundProfile {
  readonly stored: StoredProfile;
  readonly state: ProfileState;
}

/** The profile that a field's value names, in a generation of its table. */
export async function findProfile(
  executor: Executor,
  statements: ProfileStatements,
  { scope, rules, hashers }: OpenTarget,
  field: string,
  value: string,
): Promise<FoundProfile | undefined> {
  const normalised = rules.identity.normalise(field, value);
  const hasher = hashers.find((hasher) => hasher.field === field);
  if (normalised === undefined || hasher === undefined) return undefined;
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
