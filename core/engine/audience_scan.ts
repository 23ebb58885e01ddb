/**
 * Asks an audience about every profile of its table.
 *
 * @module
 */
import { throwIfAborted } from "../contracts/failure.ts";
import type { Database, Executor } from "../database/database.ts";
import { type FilterContext, type FilteredProfile, needlesOf } from "../lql/mod.ts";
import { listedProfiles } from "../profiles/audience_lists.ts";
import { countProfiles, profilePages } from "../profiles/audience_pages.ts";
import type { IdSet } from "../profiles/id_set.ts";
import type { ProfileScope, ProfileStatements } from "../profiles/statements.ts";
import type { AudienceProgram } from "./audience_programs.ts";
import { turn } from "./turns.ts";

/** What a scan needs. */
export interface Scan {
  readonly executor: Executor;
  readonly kind: Database["kind"];
  readonly statements: ProfileStatements;
  /** The current generation of the audience's table. */
  readonly scope: ProfileScope;
  readonly program: AudienceProgram;
  /** Time of asking, in milliseconds. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/** A member as it is stored. */
export interface FoundMember {
  readonly id: number;
  readonly attributes: FilteredProfile;
}

/** How many profiles are members. The thread answers others meanwhile. */
export async function countMembers(scan: Scan): Promise<number> {
  const { executor, scope, program } = scan;
  if (program.filter?.phrase.type === "everything") return await countProfiles(executor, scope, () => rest(scan));
  const lists = await listsOf(scan);
  if (program.filter === undefined) return lists.get(String(program.row.id))?.size ?? 0;
  const asks = asker(scan, lists);
  let count = 0;
  for await (const { ids, profiles } of pagesOf(scan, lists.size > 0)) {
    for (let index = 0; index < profiles.length; index++) {
      if (asks(profiles[index]!, ids[index] ?? 0)) count++;
    }
    await rest(scan);
  }
  return count;
}

/** The members after a profile, by ascending id. The thread answers others meanwhile. */
export async function* findMembers(scan: Scan, after: number): AsyncGenerator<FoundMember> {
  const asks = asker(scan, await listsOf(scan));
  for await (const { ids, profiles } of pagesOf(scan, true, after)) {
    for (const [index, attributes] of profiles.entries()) {
      const id = ids[index]!;
      if (asks(attributes, id)) yield { id, attributes };
    }
    await rest(scan);
  }
}

function pagesOf({ executor, kind, scope, program }: Scan, ids: boolean, after = 0) {
  const needles = program.filter === undefined ? undefined : needlesOf(program.filter);
  return profilePages(executor, kind, scope, { needles, ids, after });
}

/** Which profiles are in each of the lists that decide, by the list's id. */
async function listsOf(scan: Scan): Promise<ReadonlyMap<string, IdSet>> {
  const { executor, statements, scope, program } = scan;
  const lists = new Map<string, IdSet>();
  for (const { id, version } of program.lists) {
    const list = { account: scope.account, audience: id, version };
    lists.set(String(id), await listedProfiles(executor, statements, scope, list, () => rest(scan)));
  }
  return lists;
}

/** Asks the audience about one profile. */
function asker({ program, now }: Scan, lists: ReadonlyMap<string, IdSet>) {
  let profile = 0;
  const context: FilterContext = { now, member: (list) => lists.get(list)?.has(profile) ?? false };
  return (attributes: FilteredProfile, id: number): boolean => {
    profile = id;
    return program.matches(attributes, context);
  };
}

async function rest({ signal }: Scan): Promise<void> {
  throwIfAborted(signal);
  await turn();
}
