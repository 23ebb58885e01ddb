/**
 * API tokens: 32 random bytes, of which only the SHA-256 is stored.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { EngineContext } from "./context.ts";
import { newId } from "./ids.ts";
import type { Tokens } from "./runtime.ts";

/** Tells a leaked token's origin to whoever finds it. */
const PREFIX = "waybill_";

/** The tokens of the context's account. */
export function tokensOf({ database, accountId }: Pick<EngineContext, "database" | "accountId">): Tokens {
  return {
    create: async ({ name, scopes }) => {
      if (name.trim() === "") throw new Failure("config", "The token's name is empty", { hint: "Give it a name" });
      const wrong = scopes.find((scope) => !/^[a-z][a-z0-9:-]*$/.test(scope));
      if (scopes.length === 0 || wrong !== undefined) {
        const problem = wrong === undefined ? "A token needs a scope" : `"${wrong}" is no scope`;
        throw new Failure("config", problem, { hint: 'Give it scope "admin"' });
      }
      const random = crypto.getRandomValues(new Uint8Array(32));
      const token = PREFIX + random.toBase64({ alphabet: "base64url", omitPadding: true });
      const id = newId();
      await database.kysely.insertInto("tokens").values({
        id,
        account_id: accountId,
        name: name.trim(),
        hash: await hashOf(token),
        scopes: JSON.stringify(scopes),
        created_at: await database.now(),
      }).execute();
      return { id, token };
    },
    verify: async (token) => {
      // A look-up by hash tells nothing of the token by how long it takes.
      const row = await database.kysely.selectFrom("tokens").select(["id", "scopes"])
        .where("hash", "=", await hashOf(token)).where("account_id", "=", accountId).executeTakeFirst();
      if (!row) return undefined;
      const scopes: string[] = JSON.parse(row.scopes);
      return { id: row.id, scopes };
    },
    any: async () => {
      const row = await database.kysely.selectFrom("tokens").select("id").where("account_id", "=", accountId).limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
  };
}

async function hashOf(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toHex();
}
