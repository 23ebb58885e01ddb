/**
 * Takes the erased off the lists of imported audiences.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Tables } from "../database/tables.ts";
import { IdentityHasher, identityKey } from "../profiles/identity.ts";
import { type OpenTarget, openTarget } from "../profiles/mapping.ts";
import { moveHead } from "./audience_cache.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { currentGeneration } from "./generations.ts";

/**
 * Lists of identities, of whichever profile table: a field of the same name is taken for the same, as it is of events.
 * They hold keyed hashes: nothing of them is readable in free space.
 */
export const audienceStore: ErasableStore = {
  name: "audiences",
  tables: [],
  folders: [],
  stage: "archive",
  erase: async (context) => {
    const { core, account, position, commit } = context;
    if (position !== undefined) return;
    await commit(async (transaction) => {
      const lists = await transaction.selectFrom("audiences").select(["id", "version", "field", "table_id"])
        .where("account_id", "=", account).where("field", "is not", null).where("members", ">", 0)
        .orderBy("id").execute();
      for (const [table, own] of Map.groupBy(lists, ({ table_id }) => table_id)) {
        const target = openTarget(await currentGeneration(transaction, account, table), core.identityKey, 0);
        for (const { id, version, field } of own) {
          let removed = 0;
          for (const key of keysOf(target, field!, context)) {
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

/** The keys that the erased values of a field have in a profile table, by its own rules, whether it identifies or not. */
function keysOf(
  { rules, ...target }: OpenTarget,
  field: string,
  { core, account, tables: erased }: Pick<EraseContext, "core" | "account" | "tables">,
): Set<bigint> {
  const hasher = new IdentityHasher(core.identityKey, account, target.table, field);
  const values = erased.flatMap(({ identities }) =>
    identities.flatMap(([own, value]) => own === field ? rules.identity.valuesOf(field, value) : [])
  );
  return new Set(values.map((value) => identityKey(hasher, value, 0)));
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
