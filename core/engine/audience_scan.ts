/**
 * Asks an audience about every profile of its table.
 *
 * @module
 */
import { throwIfAborted } from "../contracts/failure.ts";
import type { Database, Executor } from "../database/database.ts";
import { type FilterContext, type FilteredProfile, partsOf } from "../lql/mod.ts";
import { listedProfiles } from "../profiles/audience_lists.ts";
import type { IdSet } from "../profiles/id_set.ts";
import { idRange, type MemberPage, memberPages, parseOne } from "../profiles/member_pages.ts";
import type { ProfileScope, ProfileStatements } from "../profiles/statements.ts";
import type { AudienceProgram } from "./audience_programs.ts";
import { Turns } from "./turns.ts";

/** Bytes of a page. Larger ones take as long, and two threads that count more memory: buffers wait for V8 to free them. */
const PAGE_BYTES = 1 << 17;

/** Members whose attributes are parsed at a time. */
const PARSED_AT_ONCE = 500;

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
  /** How long it keeps the thread at a time, in milliseconds; unless told, as a thread that serves others can spare. */
  readonly slice?: number;
  readonly signal?: AbortSignal | undefined;
}

/** A member as it is stored. */
export interface FoundMember {
  readonly id: number;
  readonly attributes: FilteredProfile;
}

/** Some of the profiles: the ids above `after`, up to `last`. */
export interface Span {
  readonly after: number;
  readonly last: number;
}

/** The profiles of each list that decides, by the list's id. */
export type Lists = ReadonlyMap<string, IdSet>;

const EVERY_ID: Span = { after: 0, last: Number.MAX_SAFE_INTEGER };

/** Spans that are counted one by one, on whichever thread is free. */
const SPANS = 32;

/** Ids of a small table, for a filter of a few parts. */
const FEW = 20_000, PARTS = 10;

/** Whether counting takes no longer than a thread takes to begin. */
export async function isSmall({ executor, scope, program }: Scan): Promise<boolean> {
  const { least, greatest } = await idRange(executor, scope);
  const parts = program.filter === undefined ? 0 : partsOf(program.filter);
  return (greatest - least) * Math.max(parts, PARTS) < FEW * PARTS;
}

/** Into what spans the work of counting falls; a list is counted as a whole. */
export async function spansOf({ executor, scope, program }: Scan): Promise<readonly Span[]> {
  if (program.filter === undefined) return [EVERY_ID];
  const { least, greatest } = await idRange(executor, scope);
  const size = Math.ceil((greatest - least + 1) / SPANS);
  return Array.from({ length: SPANS }, (_, index) => {
    const after = least - 1 + index * size;
    return { after, last: after + size };
  });
}

/** How many profiles of some spans are members. The thread answers others meanwhile. */
export async function countMembers(scan: Scan, lists: Lists, spans: Iterable<Span> = [EVERY_ID]): Promise<number> {
  if (scan.program.filter === undefined) return lists.get(String(scan.program.row.id))?.size ?? 0;
  const asks = asker(scan, lists);
  const turns = new Turns(scan.slice);
  let count = 0;
  for (const span of spans) {
    for await (const page of pagesOf(scan, span, scan.program.lists.length > 0)) {
      for (let index = 0; index + 1 < page.rows.length; index++) {
        if (asks(page, index)) count++;
      }
      await rest(scan, turns);
    }
  }
  return count;
}

/** The members after a profile, by ascending id. The thread answers others meanwhile. */
export async function* findMembers(scan: Scan, after: number): AsyncGenerator<FoundMember> {
  const asks = asker(scan, await listsOf(scan));
  const turns = new Turns(scan.slice);
  for await (const page of pagesOf(scan, { ...EVERY_ID, after })) {
    let found = 0;
    for (let index = 0; index < page.ids.length; index++) {
      if (!asks(page, index)) continue;
      yield { id: page.ids[index]!, attributes: parseOne(page.bytes, page.rows, index) };
      if (++found % PARSED_AT_ONCE === 0) await rest(scan, turns);
    }
    await rest(scan, turns);
  }
}

function pagesOf({ executor, kind, scope, program }: Scan, span: Span, ids = true): AsyncGenerator<MemberPage> {
  // What a list tells by lies elsewhere.
  const fields = program.filter === undefined ? [] : program.fields;
  return memberPages(executor, kind, scope, { fields, ...span, ids, pageBytes: PAGE_BYTES });
}

/** Which profiles are in the lists that decide. The thread answers others meanwhile. */
export async function listsOf(scan: Scan): Promise<Lists> {
  const { executor, statements, scope, program } = scan;
  const turns = new Turns(scan.slice);
  const lists = new Map<string, IdSet>();
  for (const { id, version } of program.lists) {
    const list = { account: scope.account, audience: id, version };
    lists.set(String(id), await listedProfiles(executor, statements, scope, list, () => rest(scan, turns)));
  }
  return lists;
}

/** Asks the audience about one profile of a page. */
function asker({ program, now }: Scan, lists: Lists): (page: MemberPage, index: number) => boolean {
  let profile = 0;
  const context: FilterContext = { now, member: (list) => lists.get(list)?.has(profile) ?? false };
  return ({ ids, profiles }, index) => {
    profile = ids[index] ?? NaN;
    return program.matches(profiles?.at(index) ?? {}, context);
  };
}

async function rest({ signal }: Scan, turns: Turns): Promise<void> {
  throwIfAborted(signal);
  await turns.rest();
}
