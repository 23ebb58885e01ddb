/**
 * The API tokens of an account: made, listed and deleted. Of a token itself only the SHA-256 is stored.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { TokensTable } from "../database/tables.ts";
import { nearest } from "../describe/mod.ts";
import { makerOf } from "./actor.ts";
import { audit } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import { parseExpiry } from "./expiry.ts";
import { newId } from "./ids.ts";
import { isoTime } from "./iso_time.ts";
import { checkLabel, freeLabel } from "./label.ts";
import type { Tokens } from "./runtime.ts";
import { isScope, type Scope, SCOPES } from "./scopes.ts";
import { hashOf, newToken } from "./token_hash.ts";
import type { TokenView } from "./views.ts";

/** What tokens need of the engine. */
type TokensContext = Pick<EngineContext, "database" | "accountId" | "account" | "actor">;

/** The tokens of the context's account. */
export function tokensOf(context: TokensContext): Tokens {
  const { database, accountId, account, actor } = context;
  const rows = (executor: Executor) => executor.selectFrom("tokens").selectAll().where("account_id", "=", accountId);
  const viewOf = (row: TokensTable): TokenView => ({
    id: row.id,
    account_id: account.publicId,
    name: row.name,
    description: row.description,
    scopes: JSON.parse(row.scopes),
    expires: row.expires_at === null ? null : isoTime(row.expires_at),
    user_id: row.user_id,
    user_name: row.user_name,
    created: isoTime(row.created_at),
  });

  async function find(executor: Executor, id: string): Promise<TokensTable> {
    const row = await rows(executor).where("id", "=", id).executeTakeFirst();
    if (row) return row;
    throw new Failure("config", `There is no token "${id}"`, { code: "not_found", hint: "See `waybill token list`" });
  }

  /** Those with scope `admin` that still open something. */
  async function admins(executor: Executor): Promise<TokensTable[]> {
    const now = await database.now();
    return (await rows(executor).execute()).filter((row) =>
      isAdmin(row) && (row.expires_at === null || row.expires_at > now)
    );
  }

  return {
    create: async (input) => {
      const wanted = input.name === undefined ? undefined : checkLabel(input.name, "name");
      const scopes = checkScopes(input.scopes);
      const now = await database.now();
      const expires_at = input.expires === undefined ? null : parseExpiry(input.expires, now);
      const token = newToken();
      const hash = hashOf(token);
      return await database.write(async (transaction) => {
        const names = wanted === undefined ? (await rows(transaction).execute()).map(({ name }) => name) : [];
        const row: TokensTable = {
          id: newId(),
          account_id: accountId,
          name: wanted ?? freeLabel("token", names),
          hash,
          scopes: JSON.stringify(scopes),
          description: input.description ?? "",
          expires_at,
          ...makerOf(actor),
          created_at: now,
        };
        await transaction.insertInto("tokens").values(row).execute();
        const view = viewOf(row);
        const detail = { scopes, expires: view.expires };
        await audit(transaction, context, { action: "create", kind: "token", id: row.id, label: row.name, detail });
        return { ...view, token };
      });
    },
    list: async () => (await rows(database.kysely).orderBy("created_at").orderBy("id").execute()).map(viewOf),
    get: async (id) => viewOf(await find(database.kysely, id)),
    delete: async (id, { keepAdmin = false } = {}) =>
      await database.write(async (transaction) => {
        const row = await find(transaction, id);
        const keepers = keepAdmin ? await admins(transaction) : [];
        if (keepers.length === 1 && keepers[0]?.id === id) {
          throw new Failure("config", `Token "${row.name}" is the last one with scope "admin"`, {
            code: "conflict",
            hint: "Create another first: `waybill token create --name NAME --scopes admin`",
          });
        }
        await transaction.deleteFrom("tokens").where("account_id", "=", accountId).where("id", "=", id).execute();
        await audit(transaction, context, { action: "delete", kind: "token", id, label: row.name });
        return viewOf(row);
      }),
    anyAdmin: async () => (await admins(database.kysely)).length > 0,
  };
}

function isAdmin({ scopes }: TokensTable): boolean {
  return (JSON.parse(scopes) as string[]).includes("admin");
}

/** The scopes, each once. Failure `config` for none, and for one that there is not. */
function checkScopes(given: readonly string[]): Scope[] {
  const wrong = given.find((scope) => !isScope(scope));
  if (wrong === undefined && given.length > 0) return [...new Set(given.filter(isScope))];
  const near = wrong === undefined ? undefined : nearest(wrong.replaceAll("-", "_"), SCOPES);
  const what = wrong !== undefined && wrong.length > 64 ? `${wrong.slice(0, 64)}…` : wrong;
  throw new Failure("config", what === undefined ? "A token needs a scope" : `There is no scope "${what}"`, {
    hint: near === undefined ? `The scopes are ${SCOPES.join(", ")}` : `Did you mean "${near}"?`,
  });
}
