/**
 * Profile tables: made with an account, or when a mapping first writes to one.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { addGeneration } from "./generations.ts";

/** The table that every account has, and that default mappings write to. */
export const DEFAULT_TABLE = "user";

/** The id of a profile table; undefined where the account has none of that name. */
export async function findTable(executor: Executor, account: number, name: string): Promise<number | undefined> {
  const row = await executor.selectFrom("profile_tables").select("id").where("account_id", "=", account)
    .where("name", "=", name).executeTakeFirst();
  return row?.id;
}

/** The id of a profile table. Failure `config` (`not_found`) where the account has none of that name. */
export async function requireTable(executor: Executor, account: number, name: string): Promise<number> {
  const table = await findTable(executor, account, name);
  if (table !== undefined) return table;
  throw new Failure("config", `Profile table "${name}" does not exist`, {
    code: "not_found",
    hint: "See `waybill table list`; a mapping INTO it makes it",
  });
}

/** Makes a profile table with its first, empty generation, and gives its id. */
export async function makeTable(executor: Executor, account: number, name: string, now: number): Promise<number> {
  const { last } = await executor.selectFrom("profile_tables").select((select) => select.fn.max("id").as("last"))
    .where("account_id", "=", account).executeTakeFirstOrThrow();
  const id = (last ?? 0) + 1;
  await executor.insertInto("profile_tables")
    .values({ account_id: account, id, name, identity_rules: "{}", created_at: now }).execute();
  const definition = { mappings: [], identity: {} };
  await addGeneration(executor, account, id, { state: "current", definition, now });
  return id;
}
