/**
 * What a feed has noted of profiles, in pages by ascending id.
 *
 * A page is one row of the database's, with the texts of some thousands of profiles in one value each: what they say is
 * for whoever reads them, and of most only a few bytes matter.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import type { Target } from "../mapping.ts";
import { nextPageSize } from "../member_pages.ts";

/** States of some profiles that follow one another; those of one profile stand together, by ascending epoch. */
export interface NotedPage {
  /** How many states there are. */
  readonly states: number;
  /** The profile of each state. */
  readonly ids: readonly number[];
  /** The epoch at whose begin it was so. */
  readonly epochs: readonly number[];
  /** 1 where the profile was there, else 0. */
  readonly existed: readonly number[];
  /** Its attributes as they were; null where it was not there, and where that is forgotten. */
  readonly before: StoredTexts;
  /** The profile's attributes as they are now, with the last of its states; null where it is not there. */
  readonly present: StoredTexts;
}

/** What is read. */
export interface NotedOptions {
  /** The last profile to pass over. */
  readonly after: number;
  /** The last epoch to pass over. */
  readonly since: number;
}

/** Rows of the first page: few, as code that is new is slow until it is compiled, which goes on while more are read. */
const FIRST_PAGE = 100;

/** A page as it comes: JSON lists, an entry a state, and texts one directly after the other. */
interface NotedRow {
  readonly ids: string | null;
  readonly epochs: string | null;
  readonly existed: string | null;
  readonly before_lengths: string | null;
  readonly present_lengths: string | null;
  readonly all_before: Uint8Array | string | null;
  readonly all_present: Uint8Array | string | null;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** Texts in UTF-8, some of them null. */
export class StoredTexts {
  /** One directly after the other. */
  readonly bytes: Uint8Array;
  /** Where each starts, then where the last one ends. */
  readonly starts: Uint32Array;
  readonly #lengths: readonly (number | null)[];

  /** Reads what the database has put together. */
  constructor(all: Uint8Array | string | null, lengths: string | null) {
    this.bytes = typeof all === "string" ? encoder.encode(all) : all ?? new Uint8Array();
    const list: readonly (number | null)[] = JSON.parse(lengths ?? "[]");
    this.#lengths = list;
    this.starts = new Uint32Array(list.length + 1);
    for (let index = 0; index < list.length; index++) this.starts[index + 1] = this.starts[index]! + (list[index] ?? 0);
  }

  /** Whether there is no text. */
  isNull(index: number): boolean {
    return this.#lengths[index] === null;
  }

  /** A text's bytes; undefined for null. */
  bytesAt(index: number): Uint8Array | undefined {
    return this.isNull(index) ? undefined : this.bytes.subarray(this.starts[index], this.starts[index + 1]);
  }

  /** A text; undefined for null. */
  textAt(index: number): string | undefined {
    const bytes = this.bytesAt(index);
    return bytes && decoder.decode(bytes);
  }
}

/** Profiles of which something was noted later than an epoch. Memory holds a page. */
export async function* notedProfiles(
  executor: Executor,
  kind: Database["kind"],
  target: Pick<Target, "scope" | "table">,
  { after, since }: NotedOptions,
): AsyncGenerator<NotedPage> {
  for (let size = FIRST_PAGE;;) {
    const { rows: [row] } = await notedStatement(kind, target, { after, since, rows: size }).execute(executor);
    const list = (text: string | null | undefined): number[] => JSON.parse(text ?? "[]");
    const ids = list(row?.ids), isLast = ids.length < size;
    // More may have been noted of the last one.
    const states = isLast ? ids.length : ids.indexOf(ids.at(-1)!);
    if (!isLast && states === 0) {
      size *= 4;
      continue;
    }
    if (row === undefined || states === 0) return;
    const before = new StoredTexts(row.all_before, row.before_lengths);
    const present = new StoredTexts(row.all_present, row.present_lengths);
    yield { states, ids, epochs: list(row.epochs), existed: list(row.existed), before, present };
    if (isLast) return;
    after = ids[states - 1]!;
    size = nextPageSize(size, before.bytes.length + present.bytes.length);
  }
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
      ? sql`cast(group_concat(${sql.ref(column)}, '') as blob)`
      : sql`string_agg(${sql.ref(column)}, '' order by id, epoch)`;
  return sql`select ${list("id")} as ids, ${list("epoch")} as epochs, ${list("existed")} as existed,
      ${list("octet_length(before)")} as before_lengths, ${list("octet_length(present)")} as present_lengths,
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
