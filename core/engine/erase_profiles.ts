/**
 * Erases profiles, their stamps and their identities.
 *
 * @module
 */
import { eraseProfiles } from "../profiles/erase_profiles.ts";
import type { ErasableStore } from "./erasable_stores.ts";
import { lockAccount } from "./generations.ts";

/** Identities whose profiles one transaction removes. */
const AT_ONCE = 200;

/** The profiles. */
export const profileStore: ErasableStore = {
  name: "profiles",
  tables: ["profiles", "profile_stamps"],
  folders: [],
  stage: "profiles",
  erase: async ({ core, account, tables, position, commit }) => {
    const all = tables.flatMap(({ target, identities }) => identities.map((identity) => ({ target, identity })));
    for (let first = Number(position ?? 0); first < all.length; first += AT_ONCE) {
      await commit(async (transaction) => {
        await lockAccount(transaction, account);
        for (const { target } of tables) {
          const own = all.slice(first, first + AT_ONCE).filter((one) => one.target === target);
          const identities = own.map(({ identity }) => identity);
          await eraseProfiles(transaction, core.statements, target, identities);
        }
        return { position: first + AT_ONCE };
      });
    }
  },
};
