/**
 * The profile that an identity names.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import { isErased } from "./erased_identities.ts";
import { identityKey } from "./identity.ts";
import { findIdentity } from "./identity_index.ts";
import type { OpenTarget } from "./mapping.ts";
import { ProfileState, type StoredProfile } from "./profile_state.ts";
import type { ProfileStatements } from "./statements.ts";
import type { TableRules } from "./table_rules.ts";

/** Looks at the places of one identity, those that met a profile being merged away included. */
const MAX_LOOKS = 64;

/** A profile that was found. */
export class FoundProfile {
  #state: ProfileState | undefined;
  /** Its fields. */
  readonly attributes: Readonly<Record<string, JsonValue>>;

  constructor(private readonly rules: TableRules, readonly stored: StoredProfile) {
    this.attributes = parseJson(stored.attributes);
  }

  /** The profile as events change it, made when it is first asked for. */
  get state(): ProfileState {
    return this.#state ??= ProfileState.ofStored(this.rules, this.stored);
  }

  /** Whether a value of an identity field, normalised, names it. */
  has(field: string, normalised: string): boolean {
    if (presents(this.rules, this.attributes, field, normalised)) return true;
    return this.stored.stamp?.identities != null && this.state.has(field, normalised);
  }
}

/** Whether a value of an identity field, normalised, is among those that a profile's present attributes have of it. */
export function presents(
  { identity }: TableRules,
  attributes: FoundProfile["attributes"],
  field: string,
  normalised: string,
): boolean {
  const present = Object.hasOwn(attributes, field) ? attributes[field] : undefined;
  // What is normalised once stays as it is when it is normalised again.
  return present === normalised || identity.valuesOf(field, present).includes(normalised);
}

/** How the profile that a key names is found out: 0 where there is none. */
export type FindKey = (executor: Executor, key: bigint) => Promise<number>;

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

/** The same by a normalised value, though the profile is being erased. `find` looks keys up; the index unless told. */
export async function findStoredProfile(
  executor: Executor,
  statements: ProfileStatements,
  { scope, rules, hashers }: OpenTarget,
  field: string,
  normalised: string,
  find: FindKey = (executor, key) => findIdentity(executor, scope, key),
): Promise<FoundProfile | undefined> {
  const hasher = hashers.find((hasher) => hasher.field === field);
  if (hasher === undefined) return undefined;
  for (let looks = 0, attempt = 0; looks < MAX_LOOKS; looks++) {
    const first = await find(executor, identityKey(hasher, normalised, attempt));
    if (first === 0) return undefined;
    let stored = await statements.loadProfile(executor, scope, first);
    if (stored === undefined) {
      const into = (await statements.findMerges(executor, scope, [first])).get(first);
      // Merged away between the two reads: the next look at this place finds where it went.
      if (into === undefined) continue;
      stored = await statements.loadProfile(executor, scope, into);
      if (stored === undefined) continue;
    }
    const found = new FoundProfile(rules, stored);
    if (found.has(field, normalised)) return found;
    attempt++;
  }
}
