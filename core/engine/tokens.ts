/**
 * API tokens: 32 random bytes, of which only the SHA-256 is stored.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { TokensTable } from "../database/tables.ts";
import { nearest } from "../describe/mod.ts";
import type { EngineContext } from "./context.ts";
import { newId } from "./ids.ts";
import { isoTime } from "./iso_time.ts";
import type { Tokens } from "./runtime.ts";
import { SCOPES } from "./scopes.ts";
import type { TokenView } from "./views.ts";

/** Tells a leaked token's origin to whoever finds it. */
const PREFIX = "waybill_";

/** The tokens of the context's account. */
export function tokensOf({ database, accountId }: Pick<EngineContext, "database" | "accountId">): Tokens {
  const rows = (executor: Executor) => executor.selectFrom("tokens").selectAll().where("account_id", "=", accountId);

  async function find(executor: Executor, id: string): Promise<TokensTable> {
    const row = await rows(executor).where("id", "=", id).executeTakeFirst();
    if (row) return row;
    throw new Failure("config", `There is no token "${id}"`, { code: "not_found", hint: "See `waybill token list`" });
  }

  async function admins(executor: Executor): Promise<string[]> {
    return (await rows(executor).execute()).map(viewOf).filter(isAdmin).map(({ id }) => id);
  }

  return {
    create: async ({ name, scopes }) => {
      if (name.trim() === "") throw new Failure("config", "The token's name is empty", { hint: "Give it a name" });
      checkScopes(scopes);
      const random = crypto.getRandomValues(new Uint8Array(32));
      const token = PREFIX + random.toBase64({ alphabet: "base64url", omitPadding: true });
      const id = newId();
      await database.kysely.insertInto("tokens").values({
        id,
        account_id: accountId,
        name: name.trim(),
        hash: await hashOf(token),
        scopes: JSON.stringify([...new Set(scopes)]),
        created_at: await database.now(),
      }).execute();
      return { id, token };
    },
    list: async () => (await rows(database.kysely).orderBy("created_at").orderBy("id").execute()).map(viewOf),
    get: async (id) => viewOf(await find(database.kysely, id)),
    delete: async (id, { keepAdmin = false } = {}) =>
      await database.write(async (transaction) => {
        const view = viewOf(await find(transaction, id));
        if (keepAdmin && isAdmin(view) && (await admins(transaction)).length === 1) {
          throw new Failure("config", `Token "${view.name}" is the last one with scope "admin"`, {
            code: "conflict",
            hint: "Create another first: `waybill token create --name NAME --scopes admin`",
          });
        }
        await transaction.deleteFrom("tokens").where("account_id", "=", accountId).where("id", "=", id).execute();
        return view;
      }),
    verify: async (token) => {
      // A look-up by hash tells nothing of the token by how long it takes.
      const row = await rows(database.kysely).where("hash", "=", await hashOf(token)).executeTakeFirst();
      if (!row) return undefined;
      const { id, name, scopes } = viewOf(row);
      return { id, name, scopes };
    },
    anyAdmin: async () => (await admins(database.kysely)).length > 0,
  };
}

function viewOf({ id, name, scopes, created_at }: TokensTable): TokenView {
  return { id, name, scopes: JSON.parse(scopes), created: isoTime(created_at) };
}

function isAdmin({ scopes }: TokenView): boolean {
  return scopes.includes("admin");
}

function checkScopes(scopes: readonly string[]): void {
  const wrong = scopes.find((scope) => !SCOPES.includes(scope));
  if (wrong === undefined && scopes.length > 0) return;
  const near = wrong === undefined ? undefined : nearest(wrong.replaceAll("-", "_"), SCOPES);
  throw new Failure("config", wrong === undefined ? "A token needs a scope" : `There is no scope "${wrong}"`, {
    hint: near === undefined ? `The scopes are ${SCOPES.join(", ")}` : `Did you mean "${near}"?`,
  });
}

async function hashOf(token: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token))).toHex();
}
