/**
 * Removes profiles, and every identity that named them, from a generation of a profile table.
 *
 * @module
 */
import { sql, type Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { noteErased } from "./feed/note.ts";
import { findStoredProfile } from "./find_profile.ts";
import { identityKey } from "./identity.ts";
import { removeIdentities } from "./identity_index.ts";
import type { OpenTarget } from "./mapping.ts";
import type { ProfileStatements } from "./statements.ts";

/** A field and a normalised value of it. */
export type Identity = readonly [field: string, value: string];

/**
 * Removes the profiles that the identities name, and the identities of them all from the index. Gives how many profiles
 * there were. Runs in a transaction that holds the account's row.
 *
 * An identity whose place in the index was another's (two values with one 64-bit hash) could be lost with that other:
 * at 10^9 identities once in 30 stores.
 */
export async function eraseProfiles(
  transaction: Transaction<Tables>,
  statements: ProfileStatements,
  target: OpenTarget,
  identities: readonly Identity[],
): Promise<number> {
  const { scope: { account, table }, hashers } = target;
  const ids = new Set<number>();
  const keys = new Set<bigint>();
  const addKey = (field: string, value: string) => {
    const hasher = hashers.find((hasher) => hasher.field === field);
    if (hasher !== undefined) keys.add(identityKey(hasher, value, 0));
  };
  for (const [field, value] of identities) {
    addKey(field, value);
    const profile = await findStoredProfile(transaction, statements, target, field, value);
    if (profile === undefined) continue;
    ids.add(profile.stored.id);
    for (const [own, values] of Object.entries(profile.state.identities())) for (const one of values) addKey(own, one);
  }
  if (ids.size > 0) {
    await noteErased(transaction, target, [...ids]);
    const mine = sql`account_id = ${account} and table_id = ${table}`;
    const list = sql`(${sql.join([...ids])})`;
    await sql`delete from profiles where ${mine} and id in ${list}`.execute(transaction);
    await sql`delete from profile_stamps where ${mine} and id in ${list}`.execute(transaction);
    await sql`delete from profile_merges where ${mine} and into_id in ${list}`.execute(transaction);
  }
  await removeIdentities(transaction, target.scope, BigUint64Array.from(keys).sort());
  return ids.size;
}
