/**
 * Which profiles the members of a list audience are: both the list and the identity index are sorted by key.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { type MemberList, readMembers } from "./audience_members.ts";
import { IdSet } from "./id_set.ts";
import { identityRuns } from "./identity_index.ts";
import type { IdentityRun } from "./identity_run.ts";
import type { ProfileScope, ProfileStatements } from "./statements.ts";

/** Profiles whose merges are looked up at a time. */
const PIECE = 5_000;

/** The profiles that a list's members name now. `rest` is awaited every few milliseconds of work. */
export async function listedProfiles(
  executor: Executor,
  statements: ProfileStatements,
  scope: ProfileScope,
  list: MemberList,
  rest: () => Promise<void>,
): Promise<IdSet> {
  const profiles = new IdSet();
  let found: number[] = [];
  const follow = async () => {
    const merges = await statements.findMerges(executor, scope, found.sort((a, b) => a - b));
    for (const id of found) profiles.add(merges.get(id) ?? id);
    found = [];
    await rest();
  };
  for await (const run of identityRuns(executor, scope)) {
    for await (const profile of joined(run, readMembers(executor, list), rest)) {
      found.push(profile);
      if (found.length === PIECE) await follow();
    }
  }
  await follow();
  return profiles;
}

/** The profiles of those identities of a run that are members. */
async function* joined(
  run: AsyncIterable<IdentityRun>,
  members: AsyncIterator<BigUint64Array>,
  rest: () => Promise<void>,
): AsyncGenerator<number> {
  let piece: BigUint64Array = new BigUint64Array(0), at = 0;
  for await (const { words, profiles } of run) {
    const keys = new BigUint64Array(words.buffer, words.byteOffset, profiles.length);
    for (let index = 0; index < keys.length;) {
      if (at === piece.length) {
        const next = await members.next();
        if (next.done === true) return;
        [piece, at] = [next.value, 0];
        await rest();
      }
      const key = keys[index]!, member = piece[at]!;
      if (member < key) at++;
      else {
        // An identity that was erased names no profile.
        if (member === key && profiles[index] !== 0) yield profiles[index]!;
        index++;
      }
    }
    await rest();
  }
}
