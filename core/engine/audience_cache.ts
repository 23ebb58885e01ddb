/**
 * The audiences of accounts, compiled, for as long as none of them changes.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { AudiencePrograms, type AudienceRow } from "./audience_programs.ts";

/** Accounts that are kept; the least recently used goes first. */
const KEPT = 100;

/** What was compiled last of each account. */
export class AudienceCache {
  readonly #kept = new Map<number, { readonly revision: number; readonly programs: AudiencePrograms }>();

  /** The audiences of an account as they are now. */
  async get(executor: Executor, account: number): Promise<AudiencePrograms> {
    // Looked at first: what is read after it is at least as new.
    const head = await executor.selectFrom("audience_heads").select("revision").where("account_id", "=", account)
      .executeTakeFirst();
    const revision = head?.revision ?? 0;
    let kept = this.#kept.get(account);
    if (kept?.revision !== revision) kept = { revision, programs: await readAudiences(executor, account) };
    this.#kept.delete(account);
    this.#kept.set(account, kept);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return kept.programs;
  }
}

/** The audiences of an account, in the order in which they were made. */
export async function readAudiences(executor: Executor, account: number): Promise<AudiencePrograms> {
  const rows: AudienceRow[] = await executor.selectFrom("audiences")
    .select(["id", "table_id", "kind", "slug", "name", "description", "filter", "field", "members", "version"])
    .select(["created_at", "updated_at"]).where("account_id", "=", account).orderBy("id").execute();
  return new AudiencePrograms(rows);
}

/** Moves the account's revision of audiences, and hands out an id where one is made. */
export async function moveHead(
  transaction: Executor,
  account: number,
  { adds = false }: { readonly adds?: boolean } = {},
): Promise<{ readonly last_id: number; readonly revision: number }> {
  return await transaction.insertInto("audience_heads")
    .values({ account_id: account, last_id: 1, revision: 1 })
    .onConflict((conflict) =>
      conflict.column("account_id").doUpdateSet((set) => ({
        last_id: set("audience_heads.last_id", "+", adds ? 1 : 0),
        revision: set("audience_heads.revision", "+", 1),
      }))
    ).returning(["last_id", "revision"]).executeTakeFirstOrThrow();
}
