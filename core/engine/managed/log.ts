/**
 * What happened on the managed server, written down.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import { statement } from "../../database/statement.ts";
import type { ManagedAction, ManagedLogTable } from "../../database/tables.ts";

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

const insertLine = statement<Omit<ManagedLogTable, "id">, unknown>(
  ["account_id", "at", "username", "address", "session_id", "action", "path", "target", "bytes", "reason"],
  (executor, line) =>
    executor.insertInto("managed_log").values(({ selectFrom, fn, eb, lit }) => ({
      ...line,
      id: selectFrom("managed_log").select(eb(fn.coalesce(fn.max("id"), lit(0)), "+", lit(1)).as("id"))
        .where("account_id", "=", line.account_id),
    })),
);

/** Adds a line, in a write transaction: those come one after another, and so do the numbers. */
export async function writeLog(executor: Executor, account: number, entry: ManagedLogEntry): Promise<void> {
  const { at, session: { id, username, address }, action, path, target, bytes, reason } = entry;
  await insertLine(executor, {
    ...{ account_id: account, at, username, address, session_id: id, action },
    ...{ path: path ?? null, target: target ?? null, bytes: bytes ?? null, reason: reason ?? null },
  });
}
