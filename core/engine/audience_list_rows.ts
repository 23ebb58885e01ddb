/**
 * The lists of the bulk APIs as they are stored: found, counted, made and forgotten.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { AudienceListsTable } from "../database/tables.ts";
import { OPEN_STATUSES } from "./claim.ts";

/** Most lists of an account. */
export const MOST_LISTS = 500;

/** A list with what its audience says; null where its first import is not done. */
export interface ListRow extends AudienceListsTable {
  readonly audience_name: string | null;
  readonly members: number | null;
  readonly version: number | null;
  readonly updated_at: number | null;
}

function rowsOf(executor: Executor, account: number) {
  return executor.selectFrom("audience_lists")
    .leftJoin("audiences", (join) =>
      join.onRef("audiences.account_id", "=", "audience_lists.account_id")
        .onRef("audiences.id", "=", "audience_lists.audience_id"))
    .selectAll("audience_lists").select(["audiences.name as audience_name", "members", "version", "updated_at"])
    .where("audience_lists.account_id", "=", account);
}

/** A list. Failure `config` (`not_found`) where the account has none of this id. */
export async function requireList(executor: Executor, account: number, id: number): Promise<ListRow> {
  const row = await rowsOf(executor, account).where("audience_lists.id", "=", id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new Failure("config", `There is no audience list ${id}`, {
    code: "not_found",
    hint: "Check its id: the status of its import and the list of the app's lists tell it",
  });
}

/** The lists of an app whose first import is done, in the order in which they were asked for. */
export async function listsOf(executor: Executor, account: number, app: string): Promise<ListRow[]> {
  return await rowsOf(executor, account).where("app_id", "=", app).where("audience_id", "is not", null)
    .orderBy("audience_lists.id").execute();
}

/** The list of an app that has this name; undefined where it has none such. The first of those that are called alike. */
export async function findListNamed(
  executor: Executor,
  account: number,
  app: string,
  name: string,
): Promise<ListRow | undefined> {
  return (await listsOf(executor, account, app)).find(({ audience_name }) => audience_name === name);
}

/** Refuses (`too_many`) a list more than there may be. Those count too that are being imported for the first time. */
export async function requireRoom(executor: Executor, account: number): Promise<void> {
  const { count } = await executor.selectFrom("audience_lists").select(({ fn }) => fn.countAll().as("count"))
    .where("audience_lists.account_id", "=", account)
    .where((where) =>
      where.or([
        where("audience_id", "is not", null),
        where.exists(
          where.selectFrom("runs").select("runs.id").whereRef("runs.account_id", "=", "audience_lists.account_id")
            .whereRef("runs.id", "=", "audience_lists.run_id").where("runs.status", "in", [...OPEN_STATUSES]),
        ),
      ])
    ).executeTakeFirstOrThrow();
  if (Number(count) < MOST_LISTS) return;
  throw new Failure("config", `The account has ${MOST_LISTS} audience lists, the most that there may be`, {
    code: "too_many",
    hint: "Delete one that is not needed any more, or replace it",
  });
}

/** Notes a list whose members are to come. */
export async function addList(
  executor: Executor,
  list: Omit<AudienceListsTable, "audience_id">,
): Promise<void> {
  await executor.insertInto("audience_lists").values({ ...list, audience_id: null }).execute();
}

/** Forgets the list of an audience that is gone; of any other audience, nothing. */
export async function forgetListOf(executor: Executor, account: number, audience: number): Promise<void> {
  await executor.deleteFrom("audience_lists").where("account_id", "=", account)
    .where("audience_id", "=", audience).execute();
}

/** Forgets every list of an app. Their audiences stay. */
export async function forgetListsOfApp(executor: Executor, account: number, app: string): Promise<void> {
  await executor.deleteFrom("audience_lists").where("account_id", "=", account).where("app_id", "=", app).execute();
}
