/**
 * From a token to whoever calls: the one look-up that knows no account yet.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { readSettings } from "./account_settings.ts";
import type { Actor } from "./actor.ts";
import type { AccountRef } from "./context.ts";
import { isoTime } from "./iso_time.ts";
import { isScope } from "./scopes.ts";
import { hashOf } from "./token_hash.ts";

/** Who calls, and for which account. */
export interface Caller {
  readonly actor: Actor;
  readonly account: AccountRef;
}

/**
 * Whose token this is, or undefined for one that is not known. Failure `auth` (`unauthenticated`) for one that has
 * expired.
 */
export async function verifyToken(database: Database, token: string): Promise<Caller | undefined> {
  const row = await database.kysely.selectFrom("tokens").innerJoin("accounts", "accounts.id", "tokens.account_id")
    .select(["tokens.id", "tokens.name", "scopes", "expires_at", "account_id", "public_id", "settings"])
    .where("hash", "=", await hashOf(token)).executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.expires_at !== null && row.expires_at <= await database.now()) {
    throw new Failure("auth", `The API token "${row.name}" expired at ${isoTime(row.expires_at)}`, {
      code: "unauthenticated",
      hint: "Ask whoever gave it to you for another",
    });
  }
  const scopes: string[] = JSON.parse(row.scopes);
  return {
    actor: { kind: "token", id: row.id, name: row.name, scopes: scopes.filter(isScope) },
    account: { id: row.account_id, publicId: row.public_id, settings: readSettings(row.settings) },
  };
}
