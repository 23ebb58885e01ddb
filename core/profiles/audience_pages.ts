/**
 * A profile table from one end to the other, in pages: what audiences are asked over.
 *
 * A filter names few fields. The database takes them out of the JSON, each as it is written there, in a third of the time
 * that it takes to parse all of it here; what they mean is for the filter alone.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import { type RawBuilder, sql } from "kysely";
import type { JsonValue } from "../contracts/records.ts";
import type { Database, Executor } from "../database/database.ts";
import type { FilteredProfile } from "../lql/mod.ts";
import type { ProfileScope } from "./statements.ts";

/** What is read. */
export interface PageOptions {
  /** The fields that are needed; `undefined` for all. */
  readonly fields: readonly string[] | undefined;
  /** Whether ids are needed. */
  readonly ids: boolean;
  /** The profile after which to begin. */
  readonly after: number;
  /** The last profile that may come. */
  readonly last: number;
  /** What holds for every profile that is wanted, over `attributes`: SQLite passes over most others. */
  readonly condition?: RawBuilder<unknown> | undefined;
}

/** Some profiles that follow one another. */
export interface ProfilePage {
  /** Ids, ascending; empty where none were asked for. */
  readonly ids: readonly number[];
  /** Their attributes, as they are stored: all, or the fields that are needed, null where a profile has none. */
  readonly profiles: readonly FilteredProfile[];
}

/** Most fields that are taken out one by one; more take as long as all of it. */
const MOST_FIELDS = 5;

/** Bytes of attributes that a page aims at: what a thread reads in some milliseconds. */
const PAGE_BYTES = 1 << 20;

/** Profiles of the first page, whose size nobody knows. */
const FIRST_PAGE = 500;

/** Most profiles of a page: what a database looks through in some milliseconds. */
const LARGEST_PAGE = 20_000;

/** Which part of a page at most is left where passing over the others takes less than asking about all. */
const FEW = 1 / 4;

/** A page as it comes: JSON lists, an entry a profile. */
export interface PageRow {
  readonly seen: number;
  readonly last: number | null;
  readonly bytes: number | null;
  readonly ids: string | null;
  /** Profiles whose fields cannot be taken out one by one: see {@linkcode takable}. */
  readonly escaped: number;
  /** `values0`: the values of the first field that is needed; or of every profile all attributes. */
  readonly [column: `values${number}`]: string;
}

/** Reads profiles by ascending id. Memory holds one page; it is the caller's to let others onto the thread in between. */
export async function* profilePages(
  executor: Executor,
  kind: Database["kind"],
  scope: ProfileScope,
  { after, last, condition, ...options }: PageOptions,
): AsyncGenerator<ProfilePage> {
  const fields = options.fields !== undefined && canTake(options.fields) ? options.fields : undefined;
  for (let rows = FIRST_PAGE;;) {
    if (kind === "sqlite" && condition !== undefined) {
      const sieved = await onlyRow(
        executor,
        sievedStatement(scope, { ...options, fields, condition, after, last, rows }),
      );
      if (sieved.last === null) return;
      after = sieved.last;
      const page = sievedPage(sieved, fields, options.ids);
      yield page;
      if (sieved.seen < rows) return;
      if (page.profiles.length > sieved.seen * FEW) condition = undefined;
      rows = nextPageSize(rows, sieved.bytes);
      continue;
    }
    const read = (fields: PageOptions["fields"]) =>
      onlyRow(executor, pageStatement(kind, scope, { ...options, fields, after, last, rows }));
    let page = await read(fields);
    const taken = page.escaped > 0 ? undefined : fields;
    if (taken !== fields) page = await read(taken);
    if (page.last === null) return;
    after = page.last;
    yield { ids: JSON.parse(page.ids ?? "[]"), profiles: profilesOf(page, taken) };
    if (page.seen < rows) return;
    rows = nextPageSize(rows, page.bytes);
  }
}

/** How many profiles the next page is to have, after one of `rows` with `bytes` of attributes. */
export function nextPageSize(rows: number, bytes: number | null): number {
  return Math.ceil(Math.min(LARGEST_PAGE, 4 * rows, PAGE_BYTES / ((bytes ?? 0) / rows + 1)));
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

/** The attributes of profiles that are there, given and given back by ascending id. */
export async function readAttributes(
  executor: Executor,
  kind: Database["kind"],
  scope: ProfileScope,
  ids: readonly number[],
): Promise<FilteredProfile[]> {
  const { attributes } = await onlyRow(executor, attributesStatement(kind, scope, ids));
  return parseJson(`[${attributes ?? ""}]`);
}

async function onlyRow<Row>(executor: Executor, statement: RawBuilder<Row>): Promise<Row> {
  const { rows: [row] } = await statement.execute(executor);
  if (row === undefined) throw new Error("The database gave no row");
  return row;
}

/** Whether few paths of either database name the fields as they are, and an object may have them as keys of its own. */
export function canTake(fields: readonly string[]): boolean {
  return fields.length <= MOST_FIELDS &&
    fields.every((name) => name !== "__proto__" && !/["\\\p{Cc}]/u.test(name) && name.isWellFormed());
}

/**
 * Attributes that PostgreSQL takes fields out of; null for those it may not, which hold an escape of a character that its
 * texts cannot: U+0000, or half of a surrogate pair. `JSON.stringify` escapes few others by number. `LIKE` finds it in a
 * twentieth of the time that the fields take, `strpos` in a third.
 */
export const takable: RawBuilder<string | null> =
  sql`case when attributes not like '%\\\\u%' then attributes::json end`;

/** The fields that were taken out, profile by profile; all attributes where none were. */
export function profilesOf(page: PageRow, fields: readonly string[] | undefined): readonly FilteredProfile[] {
  if (fields === undefined) return parseJson(page.values0 ?? "[]");
  const lists: JsonValue[][] = fields.map((_, index) => parseJson(page[`values${index}`]!));
  const profiles: FilteredProfile[] = [];
  for (let index = 0; index < page.seen; index++) {
    const profile: Record<string, JsonValue> = {};
    for (let field = 0; field < fields.length; field++) profile[fields[field]!] = lists[field]![index]!;
    profiles.push(profile);
  }
  return profiles;
}

/** A page in one row: a row each would take as long again. Exported for the test of its query plan. */
export function pageStatement(
  kind: Database["kind"],
  { account, table }: ProfileScope,
  { fields, ids, after, last, rows }: PageOptions & { readonly rows: number },
): RawBuilder<PageRow> {
  const values = fields === undefined
    ? [
      kind === "sqlite"
        ? sql`'[' || group_concat(attributes, ',') || ']'`
        : sql`json_agg(attributes order by id)::text`,
    ]
    : fields.map((field) =>
      kind === "sqlite"
        ? sql`json_group_array(attributes -> ${`$."${field}"`})`
        : sql`json_agg(attributes -> ${field}::text order by id)::text`
    );
  const columns = values.map((list, index) => sql`, ${list} as ${sql.id(`values${index}`)}`);
  const listed = kind === "sqlite" ? sql`json_group_array(id)` : sql`json_agg(id order by id)::text`;
  const [attributes, escaped] = kind === "sqlite"
    ? [sql`attributes`, sql`0`]
    : fields === undefined
    ? [sql`attributes::json as attributes`, sql`0`]
    : [sql`${takable} as attributes`, sql`count(*) - count(attributes)`];
  return sql`select count(*) as seen, max(id) as last, sum(bytes) as bytes,
    ${escaped} as escaped, ${ids ? listed : sql`null`} as ids${sql.join(columns, sql``)} from (
    select id, octet_length(attributes) as bytes, ${attributes} from profiles
    where account_id = ${account} and table_id = ${table} and id > ${after} and id <= ${last} order by id limit ${rows}
  ) as page`;
}

interface SievedRow extends Pick<PageRow, "seen" | "last" | "bytes"> {
  /** JSON: of each profile that is left its id, then the fields, or else all attributes. */
  readonly found: string | null;
}

/** A page of the profiles that a condition leaves, for SQLite. Exported for the test of its query plan. */
export function sievedStatement(
  { account, table }: ProfileScope,
  { fields, condition, after, last, rows }: PageOptions & { readonly rows: number },
): RawBuilder<SievedRow> {
  const values = fields === undefined
    ? [sql`attributes`]
    : fields.map((field) => sql`ifnull(attributes -> ${`$."${field}"`}, 'null')`);
  const found = sql.join([sql`'[' || id`, ...values], sql` || ',' || `);
  return sql`select count(*) as seen, max(id) as last, sum(bytes) as bytes, group_concat(found, ',') as found from (
    select id, octet_length(attributes) as bytes, case when ${condition} then ${found} || ']' end as found from profiles
    where account_id = ${account} and table_id = ${table} and id > ${after} and id <= ${last} order by id limit ${rows}
  ) as page`;
}

function sievedPage({ found }: SievedRow, fields: readonly string[] | undefined, ids: boolean): ProfilePage {
  const rows: [number, ...JsonValue[]][] = parseJson(`[${found ?? ""}]`);
  return {
    ids: ids ? rows.map(([id]) => id) : [],
    profiles: rows.map(([, ...values]) =>
      fields === undefined
        ? values[0] as FilteredProfile
        : Object.fromEntries(fields.map((name, index) => [name, values[index]!]))
    ),
  };
}

/** Exported for the test of its query plan. */
export function attributesStatement(
  kind: Database["kind"],
  { account, table }: ProfileScope,
  ids: readonly number[],
): RawBuilder<{ readonly attributes: string | null }> {
  const [all, wanted] = kind === "sqlite"
    ? [sql`group_concat(attributes, ',')`, sql`(select value from json_each(${JSON.stringify(ids)}))`]
    : [sql`string_agg(attributes, ',' order by id)`, sql`any(${ids}::bigint[])`];
  return sql`select ${all} as attributes from profiles
    where account_id = ${account} and table_id = ${table} and id ${kind === "sqlite" ? sql`in` : sql`=`} ${wanted}`;
}
