/**
 * Profile tables as the rest of the engine needs them: made with an account, or when a mapping first writes to one.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { nearest } from "../describe/mod.ts";
import { addGeneration } from "./generations.ts";

/** The table that every account has, and that default mappings write to. */
export const DEFAULT_TABLE = "user";

/** The id of a profile table, by its name or its id; undefined where the account has none such. */
export async function findTable(executor: Executor, account: number, table: string): Promise<number | undefined> {
  const rows = () => executor.selectFrom("profile_tables").select("id").where("account_id", "=", account);
  // No name is all digits.
  const row = /^\d{1,9}$/.test(table)
    ? await rows().where("id", "=", Number(table)).executeTakeFirst()
    : await rows().where("name", "=", table).executeTakeFirst();
  return row?.id;
}

/** The id of a profile table, by its name or its id. Failure `config` (`not_found`) where the account has none such. */
export async function requireTable(executor: Executor, account: number, table: string): Promise<number> {
  const found = await findTable(executor, account, table);
  if (found !== undefined) return found;
  const near = nearest(table, await tableNames(executor, account));
  throw new Failure("config", `Profile table "${table}" does not exist`, {
    code: "not_found",
    hint: near === undefined ? "See `waybill table list`; a mapping INTO it makes it" : `Did you mean "${near}"?`,
  });
}

/** The names of an account's profile tables. */
export async function tableNames(executor: Executor, account: number): Promise<string[]> {
  const rows = await executor.selectFrom("profile_tables").select("name").where("account_id", "=", account)
    .orderBy("id").execute();
  return rows.map(({ name }) => name);
}

/** The name of a profile table that there is. */
export async function tableName(executor: Executor, account: number, table: number): Promise<string> {
  const { name } = await executor.selectFrom("profile_tables").select("name").where("account_id", "=", account)
    .where("id", "=", table).executeTakeFirstOrThrow();
  return name;
}

/** What a profile table may be called: as a stream, but not by digits alone, which are its id. */
const TABLE_NAME = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

/** Refuses (`config`) a name that no profile table may have. */
export function checkTableName(name: string): void {
  if (TABLE_NAME.test(name)) return;
  throw new Failure("config", `"${name.slice(0, 100)}" cannot be the name of a profile table`, {
    hint: "Use 1 to 64 letters, digits, `_`, `-` or `.`, starting with a letter or digit, and not digits alone",
  });
}

/** Makes a profile table with its first, empty generation, and gives its id. */
export async function makeTable(executor: Executor, account: number, name: string, now: number): Promise<number> {
  checkTableName(name);
  const { last } = await executor.selectFrom("profile_tables").select((select) => select.fn.max("id").as("last"))
    .where("account_id", "=", account).executeTakeFirstOrThrow();
  const id = (last ?? 0) + 1;
  await executor.insertInto("profile_tables")
    .values({ account_id: account, id, name, identity_rules: "{}", created_at: now }).execute();
  const definition = { mappings: [], identity: {} };
  await addGeneration(executor, account, id, { state: "current", definition, now });
  return id;
}
