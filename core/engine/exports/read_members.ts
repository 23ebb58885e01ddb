/**
 * The members of an audience as an export gets them.
 *
 * @module
 */
import { throwIfAborted } from "../../contracts/failure.ts";
import type { MemberBatch } from "../../contracts/members.ts";
import type { Database, Executor } from "../../database/database.ts";
import { type FilterContext, type FilteredProfile, type Kind, type LazyProfile, shownValue } from "../../lql/mod.ts";
import { listedProfiles } from "../../profiles/audience_lists.ts";
import type { IdSet } from "../../profiles/id_set.ts";
import { summedKindsOf } from "../../profiles/mapping.ts";
import { idRange, type MemberPage, memberPages, parseEach } from "../../profiles/member_pages.ts";
import type { ProfileStatements } from "../../profiles/statements.ts";
import { type AudienceProgram, EVERYBODY, listsOf } from "../audience_programs.ts";
import { turn } from "../turns.ts";
import type { OpenSource } from "./open_source.ts";

/** What members are read from. */
export interface MemberReading {
  readonly executor: Executor;
  readonly kind: Database["kind"];
  readonly statements: ProfileStatements;
  readonly source: OpenSource;
  /** Time that filters ask about, in milliseconds. */
  readonly now: number;
  readonly signal: AbortSignal;
}

const encoder = new TextEncoder();

/** The members after a profile, by ascending id. Memory holds a page; the thread does other things in between. */
export async function* readMembers(reading: MemberReading, after = 0): AsyncGenerator<MemberBatch> {
  const { executor, kind, source, signal } = reading;
  const { program, target: { scope } } = source;
  const asked = source.memberships ? visiblePrograms(source) : [];
  const lists = await readLists(reading, [program, ...asked]);
  const shown = shownBy(source);
  const { least, greatest } = await idRange(executor, scope);
  const fields = source.memberships ? undefined : fieldsToAsk(program);
  let wanted = source.limit, profile = 0;
  const context: FilterContext = { now: reading.now, member: (list) => lists.get(list)?.has(profile) ?? false };
  const isIn = (program: AudienceProgram, attributes: FilteredProfile | LazyProfile, id: number) => {
    profile = id;
    return program.matches(attributes, context);
  };
  for await (const page of memberPages(executor, kind, scope, { fields, after })) {
    const { ids, profiles } = page;
    const kept: number[] = [];
    for (let index = 0; index < ids.length && kept.length < wanted; index++) {
      if (isIn(program, profiles?.at(index) ?? NOTHING, ids[index]!)) kept.push(index);
    }
    wanted -= kept.length;
    const share = (ids.at(-1)! - least + 1) / (greatest - least + 1);
    if (kept.length > 0) {
      const batch = shown(keep(page, kept));
      const memberships = source.memberships && {
        memberships: kept.map((index) => [
          ...asked.filter((program) => isIn(program, profiles!.at(index)!, ids[index]!)).map(({ row }) => row.slug),
          EVERYBODY,
        ]),
      };
      yield { ...batch, ...memberships, share: wanted === 0 ? 1 : Math.min(1, share) };
    }
    if (wanted === 0) return;
    throwIfAborted(signal);
    await turn();
  }
}

/** A list knows its members without their attributes, and so does what asks for none. */
function fieldsToAsk({ filter, fields }: AudienceProgram): readonly string[] | undefined {
  return filter === undefined ? [] : fields;
}

const NOTHING: FilteredProfile = {};

/** The audiences of the table that tell of nothing but what may be seen. */
function visiblePrograms({ programs, program, visible, hides }: OpenSource): AudienceProgram[] {
  // One that reads no field by name may read any.
  return programs.ofTable(program.row.table_id)
    .filter(({ row, fields }) => row.slug !== EVERYBODY && (fields?.every(visible) ?? !hides));
}

/** Which profiles are in the lists that decide. */
async function readLists(
  { executor, statements, source: { target: { scope } }, signal }: MemberReading,
  programs: readonly AudienceProgram[],
): Promise<ReadonlyMap<string, IdSet>> {
  const lists = new Map<string, IdSet>();
  for (const { id, version } of listsOf(programs)) {
    const list = { account: scope.account, audience: id, version };
    const rest = async () => {
      throwIfAborted(signal);
      await turn();
    };
    lists.set(String(id), await listedProfiles(executor, statements, scope, list, rest));
  }
  return lists;
}

type Rows = Pick<MemberBatch, "ids" | "bytes" | "rows">;

/** Some profiles of a page. */
function keep(page: MemberPage, kept: readonly number[]): Rows {
  // Without its profiles, which cannot be handed to another thread.
  if (kept.length === page.ids.length) return { ids: page.ids, bytes: page.bytes, rows: page.rows };
  const rows = new Uint32Array(kept.length + 1);
  for (let at = 0; at < kept.length; at++) {
    rows[at + 1] = rows[at]! + page.rows[kept[at]! + 1]! - page.rows[kept[at]!]!;
  }
  const bytes = new Uint8Array(rows[kept.length]!);
  for (let at = 0; at < kept.length; at++) {
    bytes.set(page.bytes.subarray(page.rows[kept[at]!], page.rows[kept[at]! + 1]), rows[at]);
  }
  return { ids: Float64Array.from(kept, (index) => page.ids[index]!), bytes, rows };
}

/** Makes what is stored what may be shown: most often they are the same. */
function shownBy({ target, columns, visible, hides }: OpenSource): (rows: Rows) => Rows {
  const kinds = summedKindsOf(target.generation);
  const isShown = !columns.some(({ name }) => kinds.has(name));
  if (isShown && !hides) return (rows) => rows;
  return ({ ids, bytes, rows }) => {
    const texts = parseEach(bytes, rows).map((profile) => encoder.encode(shownText(profile, kinds, visible)));
    const starts = new Uint32Array(texts.length + 1);
    for (let index = 0; index < texts.length; index++) starts[index + 1] = starts[index]! + texts[index]!.length;
    const all = new Uint8Array(starts[texts.length]!);
    for (let index = 0; index < texts.length; index++) all.set(texts[index]!, starts[index]);
    return { ids, bytes: all, rows: starts };
  };
}

function shownText(
  profile: FilteredProfile,
  kinds: ReadonlyMap<string, Kind>,
  visible: (field: string) => boolean,
): string {
  const fields = Object.entries(profile).filter(([name]) => visible(name));
  return JSON.stringify(Object.fromEntries(fields.map(([name, value]) => [name, shownValue(kinds.get(name), value)])));
}
