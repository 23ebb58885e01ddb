/**
 * The account that somebody works in.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { AccountsTable } from "../database/tables.ts";
import { nearest } from "../describe/mod.ts";
import { readSettings } from "./account_settings.ts";
import type { AccountRef } from "./context.ts";

/** The account with this name or id; without either, the first that was made. Failure `config` (`not_found`). */
export async function findAccount(executor: Executor, account: string | undefined): Promise<AccountRef> {
  const rows = executor.selectFrom("accounts").selectAll().orderBy("id");
  const row = account === undefined
    ? await rows.limit(1).executeTakeFirstOrThrow()
    : await rows.where((where) => where.or([where("name", "=", account), where("public_id", "=", account)]))
      .executeTakeFirst();
  if (row !== undefined) return refOf(row);
  const names = (await rows.execute()).map(({ name }) => name);
  const near = nearest(account ?? "", names);
  throw new Failure("config", `There is no account "${account}"`, {
    code: "not_found",
    hint: near === undefined ? "See `waybill account list`" : `Did you mean "${near}"?`,
  });
}

function refOf({ id, public_id, settings }: AccountsTable): AccountRef {
  return { id, publicId: public_id, settings: readSettings(settings) };
}
