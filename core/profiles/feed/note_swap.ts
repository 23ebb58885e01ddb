/**
 * Notes which profiles are others in the generation that takes a followed table's place.
 *
 * Ids are archive positions, and so name the same profiles in both.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import { NOTED_ALREADY, openFeed } from "./note.ts";

/** Profiles that a statement looks at. */
const AT_ONCE = 20_000;

/** Two generations of one table. */
export interface Swap {
  readonly account: number;
  /** The generation that is current. */
  readonly from: number;
  /** The one that takes its place. */
  readonly to: number;
}

/** Some of the profiles of a followed table. */
interface SwapPage {
  readonly table: number;
  readonly epoch: number;
  readonly after: number;
  readonly last: number;
}

/** Notes the differences; to be called before the generations change places, in the same transaction. */
export async function noteSwap(executor: Executor, kind: Database["kind"], swap: Swap): Promise<void> {
  const { account, from, to } = swap;
  const feed = await openFeed(executor, { account, table: from });
  if (feed === undefined) return;
  for (const [generation, statement] of [[from, noteChanged], [to, noteAdded]] as const) {
    for (let after = -1;;) {
      const end = swapPageEnd({ account, generation, after, below: feed.position });
      const { rows: [page] } = await end.execute(executor);
      if (page === undefined || page.last === null) break;
      const { last } = page;
      await statement(kind, swap, { ...feed, after, last }).execute(executor);
      after = last;
    }
  }
}

/** The last profile of those that are looked at together; exported for the test of its plan. */
export function swapPageEnd(
  { account, generation, after, below }: {
    readonly account: number;
    readonly generation: number;
    readonly after: number;
    readonly below: number;
  },
): RawBuilder<{ readonly last: number | null }> {
  return sql`select max(id) as last from (select id from profiles
    where account_id = ${account} and table_id = ${generation} and id > ${after} and id < ${below}
    order by id limit ${AT_ONCE}) as next`;
}

/** Notes profiles that will be others, or gone; exported for the test of its plan. */
export function noteChanged(kind: Database["kind"], { account, from, to }: Swap, page: SwapPage): RawBuilder<unknown> {
  const other = otherOf(kind, account, to);
  return sql`insert into profile_changes (account_id, table_id, id, epoch, existed, before)
    select ${sql.lit(account)}, ${sql.lit(page.table)}, own.id, ${sql.lit(page.epoch)}, 1, own.attributes
    from (${pageOf(account, from, page)}) as own left join ${other}
    where other.attributes is null or other.attributes <> own.attributes
    ${sql.raw(NOTED_ALREADY)}`;
}

/** Notes profiles that were not there; exported for the test of its plan. */
export function noteAdded(kind: Database["kind"], { account, from, to }: Swap, page: SwapPage): RawBuilder<unknown> {
  const other = otherOf(kind, account, from);
  return sql`insert into profile_changes (account_id, table_id, id, epoch, existed)
    select ${sql.lit(account)}, ${sql.lit(page.table)}, own.id, ${sql.lit(page.epoch)}, 0
    from (${pageOf(account, to, page)}) as own left join ${other}
    where other.attributes is null
    ${sql.raw(NOTED_ALREADY)}`;
}

function pageOf(account: number, generation: number, { after, last }: SwapPage): RawBuilder<unknown> {
  return sql`select id, attributes from profiles
    where account_id = ${account} and table_id = ${generation} and id > ${after} and id <= ${last}`;
}

/** The same profile in another generation: a look-up by key for each. */
function otherOf(kind: Database["kind"], account: number, generation: number): RawBuilder<unknown> {
  return kind === "sqlite"
    ? sql`profiles as other
        on other.account_id = ${account} and other.table_id = ${generation} and other.id = own.id`
    : sql`lateral (select attributes from profiles
        where account_id = ${account} and table_id = ${generation} and id = own.id offset 0) as other on true`;
}
