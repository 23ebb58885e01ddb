/**
 * Erases values that stand in the names of imported files.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { ErasableStore } from "./erasable_stores.ts";

/** Names looked at in one transaction. */
const STEP = 1_000;

/** The ledger of imported files. It finds them by hashes of their paths: a name that is scrubbed is known as before. */
export const fileStore: ErasableStore = {
  name: "files",
  tables: ["imported_files"],
  folders: [],
  stage: "archive",
  erase: async ({ account, people, position, signal, commit }) => {
    for (let last = lastOf(position); last !== undefined;) {
      signal.throwIfAborted();
      const { owner, key } = last;
      await commit(async (transaction) => {
        const rows = await transaction.selectFrom("imported_files").select(["owner", "path_key", "path"])
          .where("account_id", "=", account).where("owner", ">=", owner)
          .where((where) => where.or([where("owner", ">", owner), where("path_key", ">", key)]))
          .orderBy("owner").orderBy("path_key").limit(STEP).execute();
        for (const row of rows) {
          const path = people.scrub(row.path);
          if (path === row.path) continue;
          await transaction.updateTable("imported_files").set({ path })
            .where("account_id", "=", account).where("owner", "=", row.owner).where("path_key", "=", row.path_key)
            .execute();
        }
        const end = rows.length < STEP ? undefined : rows.at(-1);
        last = end && { owner: end.owner, key: end.path_key };
        return { position: last ?? null };
      });
    }
  },
};

/** Where the step before ended; undefined once there is nothing more. */
function lastOf(position: JsonValue | undefined): { readonly owner: string; readonly key: string } | undefined {
  if (position === undefined) return { owner: "", key: "" };
  if (position === null || typeof position !== "object" || Array.isArray(position)) return undefined;
  return { owner: String(position["owner"]), key: String(position["key"]) };
}
