/**
 * The API keys of an account: made, listed and deleted. Of a secret only the SHA-256 is stored: it is as random as a
 * key of a cipher, so nothing slower is needed.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { ApiKeysTable } from "../database/tables.ts";
import { makerOf } from "./actor.ts";
import { audit } from "./audit.ts";
import { newBulkId } from "./bulk_ids.ts";
import type { ApiKeys } from "./bulk_parts.ts";
import type { ApiKeyView } from "./bulk_views.ts";
import type { EngineContext } from "./context.ts";
import { isoTime } from "./iso_time.ts";
import { checkLabel, freeLabel } from "./label.ts";
import { forgetKey } from "./rate_limits.ts";
import { hashOf } from "./token_hash.ts";

/** The API keys of the context's account. */
export function apiKeysOf(context: Pick<EngineContext, "database" | "accountId" | "actor">): ApiKeys {
  const { database, accountId, actor } = context;
  const rows = (executor: Executor) =>
    executor.selectFrom("api_keys").selectAll().where("account_id", "=", accountId)
      .orderBy("created_at").orderBy("api_key");

  async function find(executor: Executor, key: string): Promise<ApiKeysTable> {
    const row = await rows(executor).where("api_key", "=", key).executeTakeFirst();
    if (row !== undefined) return row;
    throw new Failure("config", `There is no API key "${key}"`, {
      code: "not_found",
      hint: "See `waybill apikey list`",
    });
  }

  return {
    create: async ({ name } = {}) => {
      const wanted = name === undefined ? undefined : checkLabel(name, "name");
      const api_secret = newBulkId();
      return await database.write(async (transaction) => {
        const names = wanted === undefined ? (await rows(transaction).execute()).map(({ name }) => name) : [];
        const row: ApiKeysTable = {
          api_key: newBulkId(),
          account_id: accountId,
          name: wanted ?? freeLabel("apikey", names),
          secret_hash: hashOf(api_secret),
          ...makerOf(actor),
          created_at: await database.now(),
        };
        await transaction.insertInto("api_keys").values(row).execute();
        await audit(transaction, context, { action: "create", kind: "apikey", id: row.api_key, label: row.name });
        return { ...viewOf(row), api_secret };
      });
    },
    list: async () => (await rows(database.kysely).execute()).map(viewOf),
    get: async (key) => viewOf(await find(database.kysely, key)),
    delete: async (key) =>
      await database.write(async (transaction) => {
        const row = await find(transaction, key);
        await transaction.deleteFrom("api_keys").where("api_key", "=", key).execute();
        await forgetKey(transaction, accountId, key);
        await audit(transaction, context, { action: "delete", kind: "apikey", id: key, label: row.name });
        return viewOf(row);
      }),
  };
}

function viewOf({ api_key, name, account_id, user_id, user_name, created_at }: ApiKeysTable): ApiKeyView {
  return { api_key, name, org_id: account_id, user_id, user_name, created: isoTime(created_at) };
}
