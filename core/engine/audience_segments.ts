/**
 * The audiences that one profile is in: every filter of its table is asked in memory.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { FilterContext, FilteredProfile } from "../lql/mod.ts";
import { isMember } from "../profiles/audience_members.ts";
import { identityKey } from "../profiles/identity.ts";
import type { OpenTarget } from "../profiles/mapping.ts";
import { type AudienceProgram, type AudiencePrograms, EVERYBODY, listsOf } from "./audience_programs.ts";

/** A profile that is asked about. */
export interface Candidate {
  readonly attributes: FilteredProfile;
  /** Every (field, value) that names it. */
  identities(): Promise<{ readonly [field: string]: readonly string[] }>;
}

/**
 * The slugs of a profile's audiences, in the order in which those were made, then `all`. Audiences that read a field
 * that is not `visible` are passed over: being in one tells of its values. At once where filters alone decide.
 */
export function segmentsOf(
  executor: Executor,
  programs: AudiencePrograms,
  { table, scope, hashers }: OpenTarget,
  candidate: Candidate,
  { now, visible }: {
    readonly now: () => Promise<number>;
    readonly visible?: ((field: string) => boolean) | undefined;
  },
): string[] | Promise<string[]> {
  const all = programs.ofTable(table);
  const asked = visible === undefined ? all : all.filter(({ fields }) => fields?.every(visible) === true);
  const decisive = visible === undefined ? programs.listsOfTable(table) : listsOf(asked);
  // On PostgreSQL the clock takes a statement of its own.
  const usesNow = visible === undefined ? programs.usesNow(table) : asked.some(({ usesNow }) => usesNow);
  if (decisive.length === 0 && !usesNow) return slugsOf(asked, candidate.attributes, TIMELESS);
  const decide = async () => {
    const lists = new Map<string, boolean>();
    const names = decisive.length === 0 ? {} : await candidate.identities();
    for (const { id, field, version } of decisive) {
      const hasher = hashers.find((hasher) => hasher.field === field);
      const values = hasher === undefined ? [] : names[hasher.field] ?? [];
      const keys = values.map((value) => identityKey(hasher!, value, 0));
      lists.set(String(id), await isMember(executor, { account: scope.account, audience: id, version }, keys));
    }
    const member = (list: string) => lists.get(list) === true;
    return slugsOf(asked, candidate.attributes, { now: usesNow ? await now() : NaN, member });
  };
  return decide();
}

/** Of filters that neither the time nor a list decides. */
const TIMELESS: FilterContext = { now: NaN };

function slugsOf(
  programs: readonly AudienceProgram[],
  attributes: FilteredProfile,
  context: FilterContext,
): string[] {
  const slugs: string[] = [];
  for (const program of programs) if (program.matches(attributes, context)) slugs.push(program.row.slug);
  slugs.push(EVERYBODY);
  return slugs;
}
