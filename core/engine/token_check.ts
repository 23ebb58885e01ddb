/**
 * From a token to whoever calls: the one look-up that knows no account yet.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { Remembered } from "../database/remembered.ts";
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
  /** The database's revision when the token was looked at, where it has one. */
  readonly revision?: string | undefined;
}

/** A token as it is stored, and whom it stands for. */
interface KnownToken {
  readonly caller: Caller;
  /** Milliseconds since the Unix epoch; null = never. */
  readonly expiresAt: number | null;
}

/** Tells whose token one is: the caller, or undefined for one that is not known. */
export type VerifyToken = (token: string) => Promise<Caller | undefined>;

/**
 * Checks tokens. One that was seen is not read again while the database is as it was: whoever revokes it or takes a
 * scope from it, in whatever process, is heeded by the next request. Whether it has expired is asked each time: Failure
 * `auth` (`unauthenticated`).
 */
export function tokenCheck(database: Database): VerifyToken {
  const known = new Remembered<KnownToken | undefined>(database);
  return async (token) => {
    const revision = database.revision();
    // Kept by the token itself, as its hash takes longer than all the rest. Nobody learns one from how long that takes:
    // texts are compared only where the hashes of this process agree.
    const kept = known.get(token, () => readToken(database, hashOf(token), revision), revision);
    const found = kept instanceof Promise ? await kept : kept;
    if (found === undefined) return undefined;
    const { caller, expiresAt } = found;
    if (expiresAt !== null && expiresAt <= await database.now()) {
      throw new Failure("auth", `The API token "${caller.actor.name}" expired at ${isoTime(expiresAt)}`, {
        code: "unauthenticated",
        hint: "Ask whoever gave it to you for another",
      });
    }
    return caller;
  };
}

async function readToken(
  { kysely }: Database,
  hash: string,
  revision: string | undefined,
): Promise<KnownToken | undefined> {
  const row = await kysely.selectFrom("tokens").innerJoin("accounts", "accounts.id", "tokens.account_id")
    .select(["tokens.id", "tokens.name", "scopes", "expires_at", "account_id", "public_id", "settings"])
    .where("hash", "=", hash).executeTakeFirst();
  if (row === undefined) return undefined;
  const scopes: string[] = JSON.parse(row.scopes);
  return {
    caller: {
      actor: { kind: "token", id: row.id, name: row.name, scopes: scopes.filter(isScope) },
      account: { id: row.account_id, publicId: row.public_id, settings: readSettings(row.settings) },
      revision,
    },
    expiresAt: row.expires_at,
  };
}
