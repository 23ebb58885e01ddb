/**
 * What small files of managed accounts hold: rows of the database, so that one commit brings a file's bytes and its name
 * to the disk. Larger ones are files ({@linkcode ManagedContents}); the id of a content tells which it is.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import { statement } from "../../database/statement.ts";
import { newId } from "../ids.ts";

/** Most bytes of a small content. */
export const SMALL: number = 32 * 1024;

/** Hex digits of the time in milliseconds: enough until the year 10889. */
const TIME_DIGITS = 12;

/** The id of a new one. Those of one millisecond after another follow one another: rows are added at the end. */
export function newSmallId(): string {
  return `s${Date.now().toString(16).padStart(TIME_DIGITS, "0")}${newId().slice(TIME_DIGITS)}`;
}

/** Whether a content is a row of the database. */
export function isSmall(id: string): boolean {
  return id.startsWith("s");
}

const insertContent = statement<{ account_id: number; id: string; bytes: Uint8Array }, unknown>(
  ["account_id", "id", "bytes"],
  (executor, content) => executor.insertInto("managed_contents").values(content),
);

/** Adds one, in the transaction that names it. */
export async function addSmall(executor: Executor, account: number, id: string, bytes: Uint8Array): Promise<void> {
  await insertContent(executor, { account_id: account, id, bytes });
}

/** What one holds. Failure `config` (`not_found`) where it is gone. */
export async function readSmall(executor: Executor, account: number, id: string): Promise<Uint8Array> {
  const row = await executor.selectFrom("managed_contents").select("bytes").where("account_id", "=", account)
    .where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw contentGone();
  return row.bytes;
}

/** Removes one, in the transaction that names it no more. */
export async function removeSmall(executor: Executor, account: number, id: string): Promise<void> {
  await executor.deleteFrom("managed_contents").where("account_id", "=", account).where("id", "=", id).execute();
}

/** The file that held it was removed, or another took its place. */
export function contentGone(cause?: unknown): Failure {
  return new Failure("config", "The file was removed or replaced", { code: "not_found", cause });
}
