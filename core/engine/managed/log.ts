/**
 * What happened on the managed server, written down.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { ManagedAction } from "../../database/tables.ts";

/** One line of the log. */
export interface ManagedLogEntry {
  readonly at: number;
  readonly session: { readonly id: string | null; readonly username: string; readonly address: string };
  readonly action: ManagedAction;
  readonly path?: string;
  readonly target?: string;
  readonly bytes?: number;
  readonly reason?: string;
}

/** Adds a line, in a write transaction: those come one after another, and so do the numbers. */
export async function writeLog(executor: Executor, account: number, entry: ManagedLogEntry): Promise<void> {
  const { at, session: { id, username, address }, action, path, target, bytes, reason } = entry;
  const last = await executor.selectFrom("managed_log").select("id").where("account_id", "=", account)
    .orderBy("id", "desc").limit(1).executeTakeFirst();
  await executor.insertInto("managed_log").values({
    ...{ account_id: account, id: (last?.id ?? 0) + 1, at, username, address, session_id: id, action },
    ...{ path: path ?? null, target: target ?? null, bytes: bytes ?? null, reason: reason ?? null },
  }).execute();
}
