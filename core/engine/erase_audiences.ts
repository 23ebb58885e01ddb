/**
 * Takes the erased off the lists of imported audiences.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { identityKey } from "../profiles/identity.ts";
import { moveHead } from "./audience_cache.ts";
import type { ErasableStore, ErasedTable } from "./erasable_stores.ts";

/** Lists of identities. They hold keyed hashes: nothing of them is readable in free space. */
export const audienceStore: ErasableStore = {
  name: "audiences",
  tables: [],
  folders: [],
  stage: "archive",
  erase: async ({ account, tables, position, commit }) => {
    if (position !== undefined) return;
    await commit(async (transaction) => {
      for (const table of tables) {
        const lists = await transaction.selectFrom("audiences").select(["id", "version", "field"])
          .where("account_id", "=", account).where("table_id", "=", table.target.table)
          .where("field", "is not", null).where("members", ">", 0).execute();
        for (const { id, version, field } of lists) {
          let removed = 0;
          for (const key of keysOf(table, field!)) {
            removed += await removeKey(transaction, { account_id: account, audience_id: id, version }, key);
          }
          if (removed === 0) continue;
          await moveHead(transaction, account);
          await transaction.updateTable("audiences").set((set) => ({ members: set("members", "-", removed) }))
            .where("account_id", "=", account).where("id", "=", id).execute();
        }
      }
      return { position: true };
    });
  },
};

/** The keys of the erased values of a field. */
function keysOf({ target: { hashers }, identities }: ErasedTable, field: string): bigint[] {
  const hasher = hashers.find((hasher) => hasher.field === field);
  if (hasher === undefined) return [];
  return identities.flatMap(([own, value]) => own === field ? [identityKey(hasher, value, 0)] : []);
}

/** Removes a key from a list's blocks; gives how many entries that were. */
async function removeKey(
  transaction: Transaction<Tables>,
  list: { readonly account_id: number; readonly audience_id: number; readonly version: number },
  key: bigint,
): Promise<number> {
  const block = await transaction.selectFrom("audience_members").select(["first", "entries"])
    .where((where) => where.and(list)).where("first", "<=", Number(key >> 11n)).orderBy("first", "desc").limit(1)
    .executeTakeFirst();
  if (block === undefined) return 0;
  const keys = new BigUint64Array(block.entries.slice().buffer);
  const rest = keys.filter((own) => own !== key);
  if (rest.length === keys.length) return 0;
  const changed = transaction.updateTable("audience_members").set({ entries: new Uint8Array(rest.buffer) })
    .where((where) => where.and({ ...list, first: block.first }));
  await changed.execute();
  return keys.length - rest.length;
}
