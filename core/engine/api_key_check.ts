/**
 * From an API key and its secret to whoever calls: a look-up that knows no account yet.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";
import type { Database } from "../database/database.ts";
import { Remembered } from "../database/remembered.ts";
import { readSettings } from "./account_settings.ts";
import { isBulkId } from "./bulk_ids.ts";
import type { Scope } from "./scopes.ts";
import type { Caller } from "./token_check.ts";
import { hashOf } from "./token_hash.ts";

/** Tells whose API key one is: the caller, or undefined where key or secret are wrong. */
export type VerifyApiKey = (key: string, secret: string) => Promise<Caller | undefined>;

/** What a key may do: the bulk APIs are as wide as its account, short of tokens, keys and the account itself. */
const SCOPES: readonly Scope[] = ["general_manager"];

interface KnownKey {
  readonly caller: Caller;
  readonly secretHash: string;
}

/**
 * Checks API keys. One that was seen is not read again while the database is as it was: whoever deletes it, in whatever
 * process, is heeded by the next request.
 */
export function apiKeyCheck(database: Database): VerifyApiKey {
  const known = new Remembered<KnownKey | undefined>(database);
  return async (key, secret) => {
    if (!isBulkId(key)) return undefined;
    const revision = database.revision();
    const found = await known.get(key, () => readKey(database, key, revision), revision);
    if (found === undefined) return undefined;
    const [given, stored] = [hashOf(secret), found.secretHash].map((hash) => Buffer.from(hash));
    return timingSafeEqual(given!, stored!) ? found.caller : undefined;
  };
}

async function readKey(
  { kysely }: Database,
  key: string,
  revision: string | undefined,
): Promise<KnownKey | undefined> {
  const row = await kysely.selectFrom("api_keys").innerJoin("accounts", "accounts.id", "api_keys.account_id")
    .select(["api_key", "api_keys.name", "secret_hash", "account_id", "public_id", "settings"])
    .where("api_key", "=", key).executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    caller: {
      actor: { kind: "apikey", id: row.api_key, name: row.name, scopes: SCOPES },
      account: { id: row.account_id, publicId: row.public_id, settings: readSettings(row.settings) },
      revision,
    },
    secretHash: row.secret_hash,
  };
}
