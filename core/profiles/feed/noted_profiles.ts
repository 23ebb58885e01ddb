/**
 * What a feed has noted of profiles, in pages by ascending id.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import type { ProfileChangesTable } from "../../database/tables.ts";
import { nextPageSize } from "../member_pages.ts";
import type { Target } from "../mapping.ts";

/** What a profile was when an epoch began. */
export type NotedState = Pick<ProfileChangesTable, "epoch" | "existed" | "before">;

/** A profile that has changed. */
export interface NotedProfile {
  readonly id: number;
  /** Its attributes as they are now; null where it is not there. */
  readonly present: string | null;
  /** What it was, by ascending epoch. */
  readonly states: readonly NotedState[];
}

/** What is read. */
export interface NotedOptions {
  /** The last profile to pass over. */
  readonly after: number;
  /** The last epoch to pass over. */
  readonly since: number;
}

/** Rows of the first page. */
const FIRST_PAGE = 500;

/** A row as it comes. */
interface NotedRow extends NotedState {
  readonly id: number;
  readonly present: string | null;
}

/** Profiles of which something was noted later than an epoch. Memory holds a page. */
export async function* notedProfiles(
  executor: Executor,
  kind: Database["kind"],
  target: Pick<Target, "scope" | "table">,
  { after, since }: NotedOptions,
): AsyncGenerator<NotedProfile[]> {
  for (let size = FIRST_PAGE;;) {
    const { rows } = await notedStatement(kind, target, { after, since, rows: size }).execute(executor);
    const profiles: { id: number; present: string | null; states: NotedState[] }[] = [];
    let bytes = 0;
    for (const { id, present, ...state } of rows) {
      bytes += (present?.length ?? 0) + (state.before?.length ?? 0);
      const last = profiles.at(-1);
      if (last?.id === id) last.states.push(state);
      else profiles.push({ id, present, states: [state] });
    }
    const isLast = rows.length < size;
    // More may have been noted of the last one.
    if (!isLast && profiles.length > 1) profiles.pop();
    else if (!isLast) {
      size *= 4;
      continue;
    }
    if (profiles.length > 0) yield profiles;
    if (isLast) return;
    after = profiles.at(-1)!.id;
    size = nextPageSize(size, bytes);
  }
}

/** Exported for the test of its query plan. */
export function notedStatement(
  kind: Database["kind"],
  { scope: { account, table: generation }, table }: Pick<Target, "scope" | "table">,
  { after, since, rows }: NotedOptions & { readonly rows: number },
): RawBuilder<NotedRow> {
  const present = kind === "sqlite"
    ? sql`profiles on profiles.account_id = ${account} and profiles.table_id = ${generation}
        and profiles.id = noted.id`
    : sql`lateral (select attributes from profiles
        where account_id = ${account} and table_id = ${generation} and id = noted.id offset 0) as profiles on true`;
  return sql`select noted.id, noted.epoch, noted.existed, noted.before, profiles.attributes as present
    from (
      select id, epoch, existed, before from profile_changes
      where account_id = ${account} and table_id = ${table} and id > ${after} and epoch > ${since}
      order by id, epoch limit ${rows}
    ) as noted
    left join ${present}
    order by noted.id, noted.epoch`;
}
