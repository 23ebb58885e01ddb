/**
 * What a feed has noted of profiles, in pages by ascending id.
 *
 * A page is one row of the database's, with the texts of some thousands of profiles in one value each: what they say is
 * for whoever reads them, and of most only a few bytes matter.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import { valueEnd } from "../../codecs/json_field_spans.ts";
import type { Database, Executor } from "../../database/database.ts";
import { type Statement, statement } from "../../database/statement.ts";
import type { Target } from "../mapping.ts";
import { nextPageSize } from "../member_pages.ts";

/** States of some profiles that follow one another; those of one profile stand together, by ascending epoch. */
export interface NotedPage {
  /** How many states there are. */
  readonly states: number;
  /** The profile of each state. */
  readonly ids: readonly number[];
  /** When each was so, and whether the profile was there: for {@linkcode epochOf} and {@linkcode wasThere}. */
  readonly moments: readonly number[];
  /** Its attributes as they were; null where it was not there, and where that is forgotten. */
  readonly before: StoredTexts;
  /** The profile's attributes as they are now, with the last of its states; null where it is not there. */
  readonly present: StoredTexts;
}

/** The epoch at whose begin a state was so. */
export function epochOf(moment: number): number {
  return Math.floor(moment / 2);
}

/** Whether the profile was there. */
export function wasThere(moment: number): boolean {
  return moment % 2 === 1;
}

/** What is read. */
export interface NotedOptions {
  /** The last profile to pass over. */
  readonly after: number;
  /** The last epoch to pass over. */
  readonly since: number;
}

/** Bytes of texts that a page aims at: what is used again for the next is in reach, and nothing grows to megabytes. */
const PAGE_BYTES = 1 << 18;

/** Rows of the first page: few, as code that is new is slow until it is compiled, which goes on while more are read. */
const FIRST_PAGE = 100;

/** What a page is read by. */
interface PageParameters extends NotedOptions {
  readonly account: number;
  readonly generation: number;
  readonly table: number;
  /** How many states at most. */
  readonly rows: number;
}

/** A page as it comes: JSON lists, an entry a state, and texts one directly after the other, `null` for none. */
interface NotedRow {
  readonly ids: string | null;
  readonly moments: string | null;
  readonly all_before: Uint8Array | string | null;
  readonly all_present: Uint8Array | string | null;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Begins what stands for no text. */
const NONE = 110, NONE_BYTES = 4;

/**
 * JSON objects in UTF-8, one directly after the other, some of them null. Where each starts is found as it is asked
 * for: most often whoever has been through one knows where it ends, and a list of lengths takes longer.
 */
export class StoredTexts {
  readonly bytes: Uint8Array;
  /** Where those start that were found. */
  readonly #starts: Uint32Array;
  #found = 0;

  /** Reads what the database has put together of so many. */
  constructor(all: Uint8Array | string | null, count: number) {
    this.bytes = typeof all === "string" ? encoder.encode(all) : all ?? new Uint8Array();
    this.#starts = new Uint32Array(count + 1);
  }

  /** Where a text starts; the last one ends before that of their number. */
  startOf(index: number): number {
    while (this.#found < index) this.endsAt(this.#found, this.#endAfter(this.#starts[this.#found]!));
    return this.#starts[index]!;
  }

  /** Tells where a text ends. */
  endsAt(index: number, end: number): void {
    if (index === this.#found) this.#starts[++this.#found] = end;
  }

  /** Whether there is no text. */
  isNull(index: number): boolean {
    return this.bytes[this.startOf(index)] === NONE;
  }

  /** A text's bytes; undefined for null. */
  bytesAt(index: number): Uint8Array | undefined {
    return this.isNull(index) ? undefined : this.bytes.subarray(this.startOf(index), this.startOf(index + 1));
  }

  /** A text; undefined for null. */
  textAt(index: number): string | undefined {
    const bytes = this.bytesAt(index);
    return bytes && decoder.decode(bytes);
  }

  #endAfter(start: number): number {
    const { bytes } = this;
    return bytes[start] === NONE ? start + NONE_BYTES : valueEnd(bytes, start, bytes.length);
  }
}

/** Profiles of which something was noted later than an epoch. Memory holds a page. */
export async function* notedProfiles(
  executor: Executor,
  kind: Database["kind"],
  target: Pick<Target, "scope" | "table">,
  { after, since }: NotedOptions,
): AsyncGenerator<NotedPage> {
  const { scope: { account, table: generation }, table } = target;
  const readPage = PAGES[kind], of = { account, generation, table };
  for (let size = FIRST_PAGE;;) {
    const [row] = await readPage(executor, { ...of, after, since, rows: size });
    const list = (text: string | null | undefined): number[] => JSON.parse(text ?? "[]");
    const ids = list(row?.ids), isLast = ids.length < size;
    // More may have been noted of the last one.
    const states = isLast ? ids.length : ids.indexOf(ids.at(-1)!);
    if (!isLast && states === 0) {
      size *= 4;
      continue;
    }
    if (row === undefined || states === 0) return;
    const before = new StoredTexts(row.all_before, ids.length);
    const present = new StoredTexts(row.all_present, ids.length);
    yield { states, ids, moments: list(row.moments), before, present };
    if (isLast) return;
    after = ids[states - 1]!;
    size = nextPageSize(size, before.bytes.length + present.bytes.length, PAGE_BYTES);
  }
}

/** Reads a page: put together once, as that takes as long as to read a hundred states. */
const PAGES = { sqlite: pagesOf("sqlite"), postgres: pagesOf("postgres") };

function pagesOf(kind: Database["kind"]): Statement<PageParameters, NotedRow> {
  const names = ["account", "generation", "table", "after", "since", "rows"] as const;
  return statement<PageParameters, NotedRow>(names, (executor, { account, generation, table, ...options }) => {
    const page = notedStatement(kind, { scope: { account, table: generation }, table }, options);
    return { compile: () => page.compile(executor) };
  });
}

/** Exported for the test of its query plan. */
export function notedStatement(
  kind: Database["kind"],
  { scope: { account, table: generation }, table }: Pick<Target, "scope" | "table">,
  { after, since, rows }: NotedOptions & { readonly rows: number },
): RawBuilder<NotedRow> {
  const list = (value: string) =>
    kind === "sqlite"
      ? sql`json_group_array(${sql.raw(value)})`
      : sql`json_agg(${sql.raw(value)} order by id, epoch)::text`;
  const texts = (column: string) =>
    kind === "sqlite"
      ? sql`cast(group_concat(coalesce(${sql.ref(column)}, 'null'), '') as blob)`
      : sql`string_agg(coalesce(${sql.ref(column)}, 'null'), '' order by id, epoch)`;
  return sql`select ${list("id")} as ids, ${list("2 * epoch + existed")} as moments,
      ${texts("before")} as all_before, ${texts("present")} as all_present
    from (
      select id, epoch, existed, before, coalesce(after, (
        select attributes from profiles
        where account_id = ${account} and table_id = ${generation} and id = profile_changes.id
      )) as present
      from profile_changes where account_id = ${account} and table_id = ${table} and id > ${after} and epoch > ${since}
      order by id, epoch limit ${rows}
    ) as page`;
}
