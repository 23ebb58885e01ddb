/**
 * A profile table from one end to the other, in pages: what audiences are asked over.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database, Executor } from "../database/database.ts";
import type { FilteredProfile, Needles } from "../lql/mod.ts";
import type { ProfileScope } from "./statements.ts";

/** What is read. */
export interface PageOptions {
  /** Passes over profiles that the filter cannot hold for. */
  readonly needles?: Needles | undefined;
  /** The profile after which to begin; 0 unless told. */
  readonly after?: number;
  /** Whether ids are needed. */
  readonly ids: boolean;
}

/** Some profiles that follow one another, but for those that the needles passed over. */
export interface ProfilePage {
  /** Ids, ascending; empty where none were asked for. */
  readonly ids: readonly number[];
  /** Attributes as they are stored. */
  readonly profiles: readonly FilteredProfile[];
}

/** Characters of attributes that a page aims at: what a thread reads and parses in some milliseconds. */
const PAGE_CHARACTERS = 1 << 20;

/** Profiles of the first page, whose size nobody knows. */
const FIRST_PAGE = 500;

/** Most profiles of a page: what a database looks through in some milliseconds. */
const LARGEST_PAGE = 20_000;

/** Where a page ends. */
interface PageEnd {
  readonly last: number | null;
  readonly seen: number;
}

/** What passed of a page. */
interface PageRow {
  readonly count: number;
  readonly attributes: string | null;
  readonly ids: string | null;
}

/** Reads profiles by ascending id. Memory holds one page; it is the caller's to let others onto the thread in between. */
export async function* profilePages(
  executor: Executor,
  kind: Database["kind"],
  scope: ProfileScope,
  options: PageOptions,
): AsyncGenerator<ProfilePage> {
  let after = options.after ?? 0;
  for (let rows = FIRST_PAGE;;) {
    const { last, seen } = await onlyRow(executor, pageEnd(scope, after, rows));
    if (last === null) return;
    const { count, attributes, ids } = await onlyRow(executor, pageStatement(kind, scope, { ...options, after, last }));
    after = last;
    yield {
      profiles: attributes === null ? [] : JSON.parse(`[${attributes}]`),
      ids: ids === null ? [] : JSON.parse(ids),
    };
    if (seen < rows) return;
    const size = count === 0 ? 0 : (attributes?.length ?? 0) / count;
    rows = Math.ceil(Math.min(LARGEST_PAGE, 4 * rows, PAGE_CHARACTERS / (size + 1)));
  }
}

/** How many profiles a table has. `rest` is awaited every few milliseconds of work. */
export async function countProfiles(
  executor: Executor,
  scope: ProfileScope,
  rest: () => Promise<void>,
): Promise<number> {
  let count = 0;
  for (let after = 0;;) {
    const { last, seen } = await onlyRow(executor, pageEnd(scope, after, LARGEST_PAGE));
    count += seen;
    if (last === null || seen < LARGEST_PAGE) return count;
    after = last;
    await rest();
  }
}

async function onlyRow<Row>(executor: Executor, statement: RawBuilder<Row>): Promise<Row> {
  const { rows: [row] } = await statement.execute(executor);
  if (row === undefined) throw new Error("The database gave no row");
  return row;
}

/** The last profile of a page that begins after another. Exported for the test of its query plan. */
export function pageEnd({ account, table }: ProfileScope, after: number, rows: number): RawBuilder<PageEnd> {
  return sql`select max(id) as last, count(*) as seen from (select id from profiles
    where account_id = ${account} and table_id = ${table} and id > ${after} order by id limit ${rows}) as page`;
}

/** A page in one row: a row each would take as long again. Exported for the test of its query plan. */
export function pageStatement(
  kind: Database["kind"],
  { account, table }: ProfileScope,
  { needles, after, last, ids }: PageOptions & { readonly after: number; readonly last: number },
): RawBuilder<PageRow> {
  const joined = kind === "sqlite" ? sql`group_concat(attributes, ',')` : sql`string_agg(attributes, ',' order by id)`;
  const listed = !ids ? sql`null` : kind === "sqlite" ? sql`json_group_array(id)` : sql`json_agg(id order by id)::text`;
  const passes = needles === undefined
    ? sql``
    : sql` and (${condition(kind, needles)} or ${holds(kind, sql.lit(escapeOf(needles)))})`;
  return sql`select count(*) as count, ${joined} as attributes, ${listed} as ids from profiles
    where account_id = ${account} and table_id = ${table} and id > ${after} and id <= ${last}${passes}`;
}

/** What the JSON has to hold for a needle to be written in it otherwise: as `\u002f`, and a slash as `\/`. */
function escapeOf(needles: Needles): string {
  return needles.type === "has"
    ? needles.text.includes("/") ? "\\" : "\\u"
    : needles.operands.map(escapeOf).reduce((one, other) => one.length < other.length ? one : other);
}

function condition(kind: Database["kind"], needles: Needles): RawBuilder<unknown> {
  if (needles.type === "has") return holds(kind, sql`${needles.text}`);
  const operands = needles.operands.map((operand) => condition(kind, operand));
  return sql`(${sql.join(operands, needles.type === "and" ? sql` and ` : sql` or `)})`;
}

function holds(kind: Database["kind"], text: RawBuilder<unknown>): RawBuilder<unknown> {
  return kind === "sqlite" ? sql`instr(attributes, ${text}) > 0` : sql`strpos(attributes, ${text}) > 0`;
}
