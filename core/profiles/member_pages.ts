/**
 * A profile table from one end to the other as bytes, in pages: what exports are made of.
 *
 * A page is one row of the database's, with the attributes of some thousands of profiles in one value: a row each would
 * take as long again. What a filter needs comes beside them, so that nothing is parsed that is only copied.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import { parseJson } from "../contracts/json.ts";
import type { Database, Executor } from "../database/database.ts";
import type { FilteredProfile } from "../lql/mod.ts";
import { canTake, nextPageSize, type PageRow, profilesOf, takable } from "./audience_pages.ts";
import type { ProfileScope } from "./statements.ts";

/** What is read. */
export interface MemberPageOptions {
  /** The fields that a filter needs; `undefined` for all, `[]` for none. */
  readonly fields: readonly string[] | undefined;
  /** The profile after which to begin. */
  readonly after: number;
}

/** Some profiles that follow one another. */
export interface MemberPage {
  /** Ids, ascending. */
  readonly ids: Float64Array;
  /** The attributes of each as they are stored, one JSON object directly after the other. */
  readonly bytes: Uint8Array;
  /** Offsets in `bytes` where each starts, then `bytes.length`. */
  readonly rows: Uint32Array;
  /** What the filter needs of each; absent where it needs nothing. */
  readonly profiles: readonly FilteredProfile[] | undefined;
}

/** Profiles of the first page: few, so that the first bytes come soon. */
const FIRST_PAGE = 500;

/** A page as it comes. */
interface MemberRow extends PageRow {
  readonly lengths: string | null;
  readonly all: Uint8Array | string | null;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Reads profiles by ascending id. Memory holds one page; it is the caller's to let others onto the thread in between. */
export async function* memberPages(
  executor: Executor,
  kind: Database["kind"],
  scope: ProfileScope,
  { fields, after }: MemberPageOptions,
): AsyncGenerator<MemberPage> {
  const taken = fields !== undefined && canTake(fields) ? fields : undefined;
  for (let rows = FIRST_PAGE;;) {
    const { rows: [page] } = await memberStatement(kind, scope, { fields: taken ?? [], after, rows }).execute(executor);
    if (page?.last == null) return;
    after = page.last;
    const bytes = typeof page.all === "string" ? encoder.encode(page.all) : page.all ?? new Uint8Array();
    const lengths: number[] = JSON.parse(page.lengths ?? "[]");
    const starts = new Uint32Array(lengths.length + 1);
    for (let index = 0; index < lengths.length; index++) starts[index + 1] = starts[index]! + lengths[index]!;
    const profiles = fields?.length === 0
      ? undefined
      : taken === undefined || page.escaped > 0
      ? parseEach(bytes, starts)
      : profilesOf(page, taken);
    yield { ids: Float64Array.from(JSON.parse(page.ids ?? "[]")), bytes, rows: starts, profiles };
    if (page.seen < rows) return;
    rows = nextPageSize(rows, page.bytes);
  }
}

/** The objects of a page, parsed. */
export function parseEach(bytes: Uint8Array, rows: Uint32Array): FilteredProfile[] {
  const profiles: FilteredProfile[] = [];
  for (let index = 0; index + 1 < rows.length; index++) {
    profiles.push(parseJson(decoder.decode(bytes.subarray(rows[index], rows[index + 1]))));
  }
  return profiles;
}

/** Exported for the test of its query plan. */
export function memberStatement(
  kind: Database["kind"],
  { account, table }: ProfileScope,
  { fields, after, rows }: { readonly fields: readonly string[]; readonly after: number; readonly rows: number },
): RawBuilder<MemberRow> {
  const values = fields.map((field) =>
    kind === "sqlite"
      ? sql`json_group_array(attributes -> ${`$."${field}"`})`
      : sql`json_agg(takable -> ${field}::text order by id)::text`
  );
  const columns = values.map((list, index) => sql`, ${list} as ${sql.id(`values${index}`)}`);
  const parts = kind === "sqlite"
    ? sql`json_group_array(id) as ids, json_group_array(octet_length(attributes)) as lengths,
      cast(group_concat(attributes, '') as blob) as "all"`
    : sql`json_agg(id order by id)::text as ids, json_agg(octet_length(attributes) order by id)::text as lengths,
      string_agg(attributes, '' order by id) as "all"`;
  const [inner, escaped] = kind === "sqlite" || fields.length === 0
    ? [sql``, sql`0`]
    : [sql`, ${takable} as takable`, sql`count(*) - count(takable)`];
  return sql`select count(*) as seen, ${escaped} as escaped, max(id) as last, sum(octet_length(attributes)) as bytes,
    ${parts}${sql.join(columns, sql``)} from (
    select id, attributes${inner} from profiles
    where account_id = ${account} and table_id = ${table} and id > ${after} order by id limit ${rows}
  ) as page`;
}
