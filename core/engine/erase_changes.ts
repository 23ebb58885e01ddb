/**
 * Erases what change feeds have noted of profiles as they were.
 *
 * Profiles that are erased, and those that became part of them, are forgotten when they are removed. What is left is
 * what a profile was under another mapping, or while it was somebody else's part.
 *
 * @module
 */
import { sql } from "kysely";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";

/** States that one transaction looks through. */
const AT_ONCE = 2_000;

/** The last state that was looked through. */
type Position = readonly [table: number, id: number, epoch: number];

/** What change feeds have noted. */
export const changeStore: ErasableStore = {
  name: "changes",
  tables: ["profile_changes"],
  folders: [],
  stage: "profiles",
  erase: async (context) => {
    const { account, position, commit } = context;
    const mayBeErased = eraser(context);
    for (let after = position as Position | undefined ?? [0, 0, 0], isLast = false; !isLast;) {
      await commit(async (transaction) => {
        const states = await transaction.selectFrom("profile_changes").selectAll().where("account_id", "=", account)
          .where(sql<boolean>`(table_id, id, epoch) > (${after[0]}, ${after[1]}, ${after[2]})`)
          .orderBy("table_id").orderBy("id").orderBy("epoch").limit(AT_ONCE).execute();
        for (const { table_id, id, epoch, before, after: since } of states) {
          const was = mayBeErased(table_id, before);
          if (!was && !mayBeErased(table_id, since)) continue;
          // What a profile is now can be looked up.
          await transaction.updateTable("profile_changes").set({ after: null, ...(was ? { before: null } : {}) })
            .where("account_id", "=", account).where("table_id", "=", table_id).where("id", "=", id)
            .where("epoch", "=", epoch).execute();
        }
        const last = states.at(-1);
        isLast = states.length < AT_ONCE;
        if (last !== undefined) after = [last.table_id, last.id, last.epoch];
        return { position: [...after] };
      });
    }
  },
};

/** Tells whether a profile as it was may have been one of the erased; one that nothing names may. */
function eraser({ tables, people }: EraseContext): (table: number, stored: string | null) => boolean {
  const nameOf = (field: string, value: string) => JSON.stringify([field, value]);
  const erased = Map.groupBy(
    tables.map(({ target: { table, rules }, identities }) => ({
      table,
      rules,
      names: new Set(identities.map(([field, value]) => nameOf(field, value))),
    })),
    ({ table }) => table,
  );
  return (table, stored) => {
    if (stored === null) return false;
    const own = erased.get(table);
    if (own === undefined) return people.areIn(stored);
    const attributes = parseJson<Record<string, JsonValue>>(stored);
    const isErased = own.flatMap(({ rules: { identifyBy, identity }, names }) =>
      identifyBy.flatMap((field) =>
        Object.hasOwn(attributes, field)
          ? identity.valuesOf(field, attributes[field]).map((value) => names.has(nameOf(field, value)))
          : []
      )
    );
    return isErased.length === 0 || isErased.includes(true) || people.areIn(stored, { longOnly: true });
  };
}
