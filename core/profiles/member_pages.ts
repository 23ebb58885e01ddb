/**
 * A profile table from one end to the other as bytes, in pages: what audiences are asked over, and exports are made of.
 *
 * A page is one row of the database's, with the attributes of some thousands of profiles in one value: a row each would
 * take as long again. It goes from one id to another, not to a number of rows: SQLite would copy each of them once more
 * to count them. What a filter needs is taken out of the bytes here: SQLite takes longer to parse them, and two threads
 * that let it do so wait for one another, as it counts what it allocates under one lock.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import { parseJson } from "../contracts/json.ts";
import type { Database, Executor } from "../database/database.ts";
import type { FilteredProfile, LazyProfile } from "../lql/mod.ts";
import type { ProfileScope } from "./statements.ts";
import { canTake, FieldTaker } from "./taken_fields.ts";

/** What is read. */
export interface MemberPageOptions {
  /** The fields that a filter needs; `undefined` for all, `[]` for none. */
  readonly fields: readonly string[] | undefined;
  /** The profile after which to begin. */
  readonly after: number;
  /** The last profile that may come; none is, unless told. */
  readonly last?: number;
  /** Bytes of attributes that a page aims at. */
  readonly pageBytes?: number;
  /** Whether ids are read, which takes a quarter of the time that the rest takes; they are, unless told. */
  readonly ids?: boolean;
}

/** Some profiles that follow one another. */
export interface MemberPage {
  /** Ids, ascending; none where they were not asked for. */
  readonly ids: Float64Array;
  /** The attributes of each as they are stored, one JSON object directly after the other. */
  readonly bytes: Uint8Array;
  /** Offsets in `bytes` where each starts, then `bytes.length`. */
  readonly rows: Uint32Array;
  /** What the filter needs of each; absent where it needs nothing. */
  readonly profiles: PageProfiles | undefined;
}

/** The profiles of a page, each as a filter is asked about it. */
export interface PageProfiles {
  /** One of them. It may be the same object for all, which stands for the one that was asked for last. */
  at(index: number): FilteredProfile | LazyProfile | undefined;
}

/** Profiles of the first page: few, so that the first bytes come soon. */
const FIRST_PAGE = 500;

/** Bytes of attributes that a page aims at unless told: what a thread reads in some milliseconds. */
const PAGE_BYTES = 1 << 20;

/** Most profiles of a page: what a thread looks through in some milliseconds. */
const LARGEST_PAGE = 20_000;

/** A page as it comes: JSON lists, and all attributes. */
interface MemberRow {
  readonly ids?: string | null;
  readonly lengths: string | null;
  readonly all: Uint8Array | string | null;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Reads profiles by ascending id. Memory holds one page; it is the caller's to let others onto the thread in between. */
export async function* memberPages(
  executor: Executor,
  kind: Database["kind"],
  scope: ProfileScope,
  { fields, after, last = Number.MAX_SAFE_INTEGER, pageBytes = PAGE_BYTES, ids = true }: MemberPageOptions,
): AsyncGenerator<MemberPage> {
  const taker = fields !== undefined && canTake(fields) ? new FieldTaker(fields) : undefined;
  for (let size = FIRST_PAGE, dense = false; after < last;) {
    const end: number = dense
      ? Math.min(after + size, last)
      : await pageEnd(executor, scope, { after, last, rows: size });
    const { rows: [page] } = await memberStatement(kind, scope, { after, last: end, ids }).execute(executor);
    const rows = startsOf(JSON.parse(page?.lengths ?? "[]"));
    const count = rows.length - 1;
    dense = 2 * count >= end - after;
    after = end;
    if (page === undefined || count === 0) continue;
    const bytes = typeof page.all === "string" ? encoder.encode(page.all) : page.all ?? new Uint8Array();
    const profiles = fields?.length === 0 ? undefined : taker?.take(bytes, rows) ?? parseEach(bytes, rows);
    size = nextPageSize(count, bytes.length, pageBytes);
    // Whoever takes a page may hand its bytes to another thread.
    yield { ids: Float64Array.from(JSON.parse(page.ids ?? "[]")), bytes, rows, profiles };
  }
}

/** The last id of a page of so many rows; `last` where there are fewer. */
async function pageEnd(
  executor: Executor,
  { account, table }: ProfileScope,
  { after, last, rows }: { readonly after: number; readonly last: number; readonly rows: number },
): Promise<number> {
  const { rows: [end] } = await sql<{ id: number }>`select id from profiles
    where account_id = ${account} and table_id = ${table} and id > ${after} and id <= ${last}
    order by id limit 1 offset ${rows - 1}`.execute(executor);
  return end?.id ?? last;
}

/** Where each of some that lie one behind the other starts, and where the last ends. */
function startsOf(lengths: readonly number[]): Uint32Array {
  const starts = new Uint32Array(lengths.length + 1);
  for (let index = 0; index < lengths.length; index++) starts[index + 1] = starts[index]! + lengths[index]!;
  return starts;
}

/** How many profiles the next page is to have, after one of `rows` with `bytes` of attributes. */
export function nextPageSize(rows: number, bytes: number, pageBytes: number = PAGE_BYTES): number {
  return Math.ceil(Math.min(LARGEST_PAGE, 4 * rows, pageBytes / (bytes / rows + 1)));
}

/** The least and the greatest id of a table; 0 and 0 of an empty one. */
export async function idRange(
  executor: Executor,
  { account, table }: ProfileScope,
): Promise<{ readonly least: number; readonly greatest: number }> {
  const end = (order: "asc" | "desc") =>
    executor.selectFrom("profiles").select("id").where("account_id", "=", account).where("table_id", "=", table)
      .orderBy("id", order).limit(1).executeTakeFirst();
  const [least, greatest] = [await end("asc"), await end("desc")];
  return { least: least?.id ?? 0, greatest: greatest?.id ?? 0 };
}

/** The objects of a page, parsed. */
export function parseEach(bytes: Uint8Array, rows: Uint32Array): FilteredProfile[] {
  return Array.from({ length: rows.length - 1 }, (_, index) => parseOne(bytes, rows, index));
}

/** One of them. */
export function parseOne(bytes: Uint8Array, rows: Uint32Array, index: number): FilteredProfile {
  return parseJson(decoder.decode(bytes.subarray(rows[index], rows[index + 1])));
}

/**
 * Exported for the test of its query plan. SQLite aggregates rows as they lie, and its table is the tree of its key:
 * the order is that of ids.
 */
export function memberStatement(
  kind: Database["kind"],
  { account, table }: ProfileScope,
  { after, last, ids = true }: { readonly after: number; readonly last: number; readonly ids?: boolean },
): RawBuilder<MemberRow> {
  const where = sql`where account_id = ${account} and table_id = ${table} and id > ${after} and id <= ${last}`;
  if (kind === "sqlite") {
    return sql`select ${ids ? sql`json_group_array(id) as ids, ` : sql``}
      json_group_array(octet_length(attributes)) as lengths, cast(group_concat(attributes, '') as blob) as "all"
      from profiles ${where}`;
  }
  return sql`select ${ids ? sql`json_agg(id order by id)::text as ids, ` : sql``}
    json_agg(octet_length(attributes) order by id)::text as lengths, string_agg(attributes, '' order by id) as "all"
    from profiles ${where}`;
}
