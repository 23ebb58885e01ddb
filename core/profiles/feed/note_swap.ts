/**
 * Notes which profiles of a followed table are others in the generation that takes the current one's place, or under
 * the rules that take the place of its own.
 *
 * Ids are archive positions, and so name the same profiles in both.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { Database, Executor } from "../../database/database.ts";
import type { GenerationDefinition, Target } from "../mapping.ts";
import type { ProfileScope } from "../statements.ts";
import { NOTED_ALREADY, type OpenFeed, openFeed } from "./note.ts";
import { keepSums, showAlike } from "./past_sums.ts";

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

/**
 * Notes the differences between the current generation and the one that takes its place; to be called before it does, in
 * the same transaction, which holds the account's row.
 */
export async function noteSwap(executor: Executor, kind: Database["kind"], now: Target, next: Target): Promise<void> {
  const feed = await openFeed(executor, now.scope);
  if (feed === undefined) return;
  const { account, table: from } = now.scope, swap = { account, from, to: next.scope.table };
  const isShownAlike = showAlike(now.generation, next.generation);
  if (!isShownAlike) await noteAll(executor, now, feed);
  else await eachPage(executor, feed, now.scope, (page) => noteChanged(kind, swap, page));
  await eachPage(executor, feed, next.scope, (page) => noteAdded(kind, swap, page));
}

/** Notes what follows when the current generation gets another definition, as {@linkcode noteSwap}. */
export async function noteDefinition(executor: Executor, now: Target, next: GenerationDefinition): Promise<void> {
  if (showAlike(now.generation, next)) return;
  const feed = await openFeed(executor, now.scope);
  if (feed !== undefined) await noteAll(executor, now, feed);
}

/** Notes every profile, and how it is shown: each may be shown otherwise from now on. */
async function noteAll(executor: Executor, now: Target, feed: OpenFeed): Promise<void> {
  await keepSums(executor, now, feed.epoch);
  const { account, table } = now.scope;
  const rows = (page: SwapPage) =>
    sql`insert into profile_changes (account_id, table_id, id, epoch, existed, before)
      select ${sql.lit(account)}, ${sql.lit(page.table)}, id, ${sql.lit(page.epoch)}, 1, attributes
      from (${pageOf(account, table, page)}) as own where true
      ${sql.raw(NOTED_ALREADY)}`;
  await eachPage(executor, feed, now.scope, rows);
}

/** Runs a statement for each page of a generation's profiles that were there when the epoch began. */
async function eachPage(
  executor: Executor,
  { table, epoch, position }: OpenFeed,
  scope: ProfileScope,
  statement: (page: SwapPage) => RawBuilder<unknown>,
): Promise<void> {
  for (let after = -1;;) {
    const end = swapPageEnd({ account: scope.account, generation: scope.table, after, below: position });
    const { rows: [page] } = await end.execute(executor);
    if (page === undefined || page.last === null) return;
    const { last } = page;
    await statement({ table, epoch, after, last }).execute(executor);
    after = last;
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
