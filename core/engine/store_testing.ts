/**
 * What a profile table holds, whole: for tests that hold two of them against each other.
 *
 * @module
 */
import { allIdentities } from "../profiles/identity_index.ts";
import { rulesOf } from "../profiles/mapping.ts";
import { ProfileState } from "../profiles/profile_state.ts";
import { targetsOf } from "./generations.ts";
import type { ImportPeer } from "./import_testing.ts";

/** Rows and identities of the current generation of the table that stream 1 goes into. */
export async function storeOf({ database: { kysely } }: Pick<ImportPeer, "database">) {
  const [target] = await targetsOf(kysely, 1, 1);
  const { scope } = target!;
  const profileRows = await kysely.selectFrom("profiles").select(["id", "at", "attributes"])
    .where("table_id", "=", scope.table).orderBy("id").execute();
  const stamps = await kysely.selectFrom("profile_stamps").select(["id", "at", "position", "fields", "identities"])
    .where("table_id", "=", scope.table).orderBy("id").execute();
  const { keys, profiles } = await allIdentities(kysely, scope);
  const merges = await kysely.selectFrom("profile_merges").select(["id", "into_id"])
    .where("table_id", "=", scope.table).execute();
  const into = new Map(merges.map(({ id, into_id }) => [id, into_id]));
  return {
    profiles: profileRows,
    stamps,
    identities: Array.from(keys, (key, index) => [key, into.get(profiles[index]!) ?? profiles[index]]),
  };
}

/** What the profiles say and who they are, without what the order of arrival decides: a text each, sorted. */
export async function peopleOf(peer: Pick<ImportPeer, "database">): Promise<string[]> {
  const [target] = await targetsOf(peer.database.kysely, 1, 1);
  const rules = rulesOf(target!.generation);
  const { profiles, stamps } = await storeOf(peer);
  const byId = new Map(stamps.map((stamp) => [stamp.id, stamp]));
  return profiles.map((profile) => {
    const state = ProfileState.ofStored(rules, { ...profile, stamp: byId.get(profile.id) ?? null });
    return `${profile.attributes} ${JSON.stringify(state.identities())}`;
  }).sort();
}
