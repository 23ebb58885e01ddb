/**
 * Profile tables ready for look-ups: their mappings are read once, not at every request.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { Kind } from "../lql/mod.ts";
import { kindsOf, type OpenTarget, openTarget } from "../profiles/mapping.ts";

/** A profile table as look-ups need it. */
export interface EntityTable {
  readonly name: string;
  readonly target: OpenTarget;
  /** What its fields hold, where a mapping says it. */
  readonly kinds: ReadonlyMap<string, Kind>;
}

/** Generations that are kept; the least recently used goes first. */
const KEPT = 100;

/** What was opened last. */
export class EntityTables {
  readonly #kept = new Map<string, { readonly definition: string; readonly table: EntityTable }>();

  /** `key` is the key of identity hashes. */
  constructor(private readonly key: Uint8Array) {}

  /** A profile table as it is now; undefined where the account has none of that name. */
  async get(executor: Executor, account: number, name: string): Promise<EntityTable | undefined> {
    const row = await executor.selectFrom("profile_tables")
      .innerJoin("generations", (join) =>
        join.onRef("generations.account_id", "=", "profile_tables.account_id")
          .onRef("generations.table_id", "=", "profile_tables.id"))
      .select(["generations.id", "generations.table_id", "generations.definition"])
      .where("profile_tables.account_id", "=", account).where("profile_tables.name", "=", name)
      .where("generations.state", "=", "current").executeTakeFirst();
    if (row === undefined) return undefined;
    const { id, table_id, definition } = row;
    const place = `${account}/${id}`;
    let kept = this.#kept.get(place);
    if (kept?.definition !== definition) {
      const generation = JSON.parse(definition);
      const target = openTarget({ scope: { account, table: id }, table: table_id, generation }, this.key, 0);
      kept = { definition, table: { name, target, kinds: kindsOf(generation) } };
    }
    this.#kept.delete(place);
    this.#kept.set(place, kept);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    return kept.table;
  }
}
