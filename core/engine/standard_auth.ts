/**
 * Auths that nobody has to save: made when a job first needs one, and from then on like any other.
 *
 * @module
 */
import type { AuthDefinition } from "../contracts/auth.ts";
import type { Executor } from "../database/database.ts";
import { makerOf } from "./actor.ts";
import { audit } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import { newId } from "./ids.ts";
import { freeLabel } from "./label.ts";
import type { AuthRow } from "./saved_auths.ts";

/** Makes an auth with nothing configured, labelled as its method; gives the one that somebody else has just made. */
export async function makeStandardAuth(
  context: EngineContext,
  executor: Executor,
  method: AuthDefinition,
): Promise<AuthRow> {
  if (executor.isTransaction) return await make(context, executor, method);
  return await context.database.write((transaction) => make(context, transaction, method));
}

async function make(context: EngineContext, transaction: Executor, { id: method }: AuthDefinition): Promise<AuthRow> {
  const { database, registry, accountId, actor } = context;
  const saved = await transaction.selectFrom("auths").selectAll().where("account_id", "=", accountId).execute();
  const made = saved.find((auth) => auth.method === method);
  if (made !== undefined) return made;
  const now = await database.now();
  const row: AuthRow = {
    account_id: accountId,
    id: newId(),
    provider_id: registry.auth(method).provider.id,
    method,
    label: freeLabel(method, saved.map(({ label }) => label)),
    description: "",
    config: "{}",
    secrets: null,
    secret_names: "[]",
    operator: 0,
    peer: null,
    ...makerOf(actor),
    created_at: now,
    updated_at: now,
  };
  await transaction.insertInto("auths").values(row).execute();
  const detail = { method, because: "A job needed one, and none was saved" };
  await audit(transaction, context, { action: "create", kind: "auth", id: row.id, label: row.label, detail });
  return row;
}
