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
import { ProfileState } from "./profile_state.ts";
import type { ProfileStatements } from "./statements.ts";

/** Looks at the places of one identity, those that met a profile being merged away included. */
const MAX_LOOKS = 64;

/** The profile that a value of an identity field names, as whoever asks writes it; undefined where none is to be found. */
export async function findProfile(
  executor: Executor,
  statements: ProfileStatements,
  target: OpenTarget,
  field: string,
  value: string,
): Promise<ProfileState | undefined> {
  const normalised = target.rules.identity.normalise(field, value);
  if (normalised === undefined || await isErased(executor, target, field, normalised)) return undefined;
  return await findStoredProfile(executor, statements, target, field, normalised);
}

/** The same, though it is being erased. */
export async function findStoredProfile(
  executor: Executor,
  statements: ProfileStatements,
  { scope, rules, hashers }: OpenTarget,
  field: string,
  value: string,
): Promise<ProfileState | undefined> {
  const normalised = rules.identity.normalise(field, value);
  const hasher = hashers.find((hasher) => hasher.field === field);
  if (normalised === undefined || hasher === undefined) return undefined;
  for (let looks = 0, attempt = 0; looks < MAX_LOOKS; looks++) {
    const first = await findIdentity(executor, scope, identityKey(hasher, normalised, attempt));
    if (first === 0) return undefined;
    const id = (await statements.findMerges(executor, scope, [first])).get(first) ?? first;
    const [stored] = storedProfiles(await statements.loadProfiles(executor, scope, [id]));
    // Merged away between the two reads: the next look at this place finds where it went.
    if (stored === undefined) continue;
    const state = ProfileState.ofStored(rules, stored);
    if (state.has(field, normalised)) return state;
    attempt++;
  }
}
