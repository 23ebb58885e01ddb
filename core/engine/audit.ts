/**
 * The audit log, written: who changed what, and when, in a chain that shows when it was tampered with.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Database, Executor } from "../database/database.ts";
import type { AuditEntriesTable } from "../database/tables.ts";
import type { EngineContext } from "./context.ts";

/** What changes are written down. */
export type AuditKind =
  | "auth"
  | "token"
  | "apikey"
  | "app"
  | "job"
  | "mapping"
  | "table"
  | "audience"
  | "erasure"
  | "account"
  | "setting"
  | "sftp"
  | "artifact";

/** One change. */
export interface AuditEntry {
  /** What was done, in the words of the command: `create`, `update`, `delete`, `pause`, … */
  readonly action: string;
  readonly kind: AuditKind;
  /** Id of what was changed. */
  readonly id: string;
  /** What people call it. */
  readonly label: string;
  /** More about it: names of what was changed, states. Never a secret's value, never a person's data. */
  readonly detail?: { readonly [key: string]: JsonValue };
}

/**
 * Writes a change down, in the transaction that makes it: both stand, or neither does. Every part of the engine that
 * changes one of the kinds above calls it, once for each thing that was changed, as the last step inside its
 * `database.write`: `await audit(transaction, this.#context, { action: "update", kind: "mapping", id, label, detail })`.
 * Who did it is the context's actor, which `Runtime.as` set: nobody passes names around. An entry stays for ever, also
 * when what it tells of is erased: so an erasure is written down under its request's id, and never with an identity's
 * value; an audience or mapping by its id and slug, never with its filter's text.
 *
 * The row of the chain's head is locked from here to the end of the transaction, so that writers stand in line, whichever
 * process they are of.
 */
export async function audit(
  transaction: Executor,
  { database, accountId, actor }: Pick<EngineContext, "accountId" | "actor"> & {
    readonly database: Pick<Database, "now">;
  },
  { action, kind, id, label, detail = {} }: AuditEntry,
): Promise<void> {
  const head = await transaction.updateTable("audit_heads").set(({ eb }) => ({ entries: eb("entries", "+", 1) }))
    .where("account_id", "=", accountId).returning(["entries", "hash"]).executeTakeFirst();
  if (head === undefined) {
    throw new Failure("data", "The head of the audit log is gone: nothing can be changed without it", {
      hint: "Restore the database from a backup; `waybill audit verify` tells what there is",
    });
  }
  const { public_id } = await transaction.selectFrom("accounts").select("public_id").where("id", "=", accountId)
    .executeTakeFirstOrThrow();
  const row: Omit<AuditEntriesTable, "hash"> = {
    account_id: accountId,
    sequence: head.entries,
    at: await database.now(),
    actor_kind: actor.kind,
    actor_id: actor.id,
    // What a database cannot hold would come back as something else than was hashed.
    actor_name: actor.name.toWellFormed(),
    action,
    kind,
    object_id: id,
    label: label.toWellFormed(),
    detail: JSON.stringify(detail),
  };
  const hash = entryHash(head.hash, public_id, row);
  await transaction.insertInto("audit_entries").values({ ...row, hash }).execute();
  await transaction.updateTable("audit_heads").set({ hash }).where("account_id", "=", accountId).execute();
}

/** The hash of an entry: SHA-256, hex, over the hash before it, its account and everything in it. */
export function entryHash(previous: string, account: string, entry: Omit<AuditEntriesTable, "hash">): string {
  const { sequence, at, actor_kind, actor_id, actor_name, action, kind, object_id, label, detail } = entry;
  const content = [sequence, at, actor_kind, actor_id, actor_name, action, kind, object_id, label, detail];
  return createHash("sha256").update(JSON.stringify([previous, account, ...content])).digest("hex");
}
