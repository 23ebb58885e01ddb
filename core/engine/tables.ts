/**
 * Profile tables as their users see them: what is in them, how values identify, and which profiles gathered too many.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { ProfileTablesTable } from "../database/tables.ts";
import type { IdentityRulesJson } from "../profiles/identity_rules.ts";
import { storedProfiles } from "../profiles/known_profiles.ts";
import { identityFieldsOf, rulesOf, type Target } from "../profiles/mapping.ts";
import { ProfileState } from "../profiles/profile_state.ts";
import { visibleFields } from "./account_settings.ts";
import { audit } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import type { Core } from "./core.ts";
import { currentGeneration, followMappings } from "./generations.ts";
import { isoTime } from "./iso_time.ts";
import { allMappings, type MappingRow, replayRuns } from "./mapping_find.ts";
import { requireTable } from "./profile_tables.ts";
import type { ProfileTables, TableChange } from "./runtime.ts";
import { countProfiles, tableFields } from "./table_fields.ts";
import { changedRules, unusedRuleNotes } from "./table_rules.ts";
import type { CrowdedView, Page, TableChangeView, TableFieldsView, TableView } from "./views.ts";

/** What tables need of the engine beside the context of whoever asks. */
export interface TablesOptions extends Pick<Core, "statements"> {
  /** Called with a replay that was queued: this process's runner may want it. */
  readonly queued: (run: string) => Promise<void>;
}

/** Crowded profiles of a page unless told, and at most. */
const PAGE = 50, MOST_PAGE = 1_000;
/** Values of a crowded profile that are shown. */
const SHOWN_VALUES = 100;

type TablesContext = Pick<EngineContext, "database" | "accountId" | "account" | "actor">;

/** The profile tables of the context's account, as its actor may see them. */
export function tablesOf(context: TablesContext, options: TablesOptions): ProfileTables {
  return new SavedTables(context, options);
}

class SavedTables implements ProfileTables {
  readonly #context: TablesContext;
  readonly #options: TablesOptions;

  constructor(context: TablesContext, options: TablesOptions) {
    this.#context = context;
    this.#options = options;
  }

  async list(): Promise<TableView[]> {
    const { database: { kysely }, accountId } = this.#context;
    const rows = await kysely.selectFrom("profile_tables").selectAll().where("account_id", "=", accountId)
      .orderBy("id").execute();
    return await this.#views(rows);
  }

  async get(table: string): Promise<TableView> {
    return await this.#view(await requireTable(this.#context.database.kysely, this.#context.accountId, table));
  }

  async fields(table: string): Promise<TableFieldsView> {
    const { database: { kysely }, accountId, account: { settings }, actor } = this.#context;
    const id = await requireTable(kysely, accountId, table);
    const target = await currentGeneration(kysely, accountId, id);
    const profiles = await countProfiles(kysely, target);
    const { name } = await this.#row(kysely, id);
    return { table: name, profiles, ...await tableFields(kysely, target, profiles, visibleFields(actor, settings)) };
  }

  async update(table: string, change: TableChange): Promise<TableChangeView> {
    const { database, accountId } = this.#context;
    const { id, name, replay } = await database.write(async (transaction) => {
      const id = await requireTable(transaction, accountId, table);
      const { name, identity_rules } = await this.#row(transaction, id);
      const rules = changedRules(JSON.parse(identity_rules), change);
      await transaction.updateTable("profile_tables").set({ identity_rules: JSON.stringify(rules) })
        .where("account_id", "=", accountId).where("id", "=", id).execute();
      const replay = await followMappings(transaction, accountId, id, { now: await database.now() });
      await audit(transaction, this.#context, {
        action: "update",
        kind: "table",
        id: String(id),
        label: name,
        detail: { changed: Object.keys(change) },
      });
      return { id, name, replay };
    });
    if (replay !== undefined) await this.#options.queued(replay);
    const view = await this.#view(id);
    const notes = unusedRuleNotes(change, name, view.identify_by);
    return { ...view, replay_run: replay ?? view.replay_run, notes };
  }

  async crowded(
    table: string,
    { cursor, limit = PAGE }: { readonly cursor?: string; readonly limit?: number } = {},
  ): Promise<Page<CrowdedView>> {
    const { database, accountId, account: { settings }, actor } = this.#context;
    const id = await requireTable(database.kysely, accountId, table);
    const [, after = "0", field = ""] = /^(\d{1,16})-(.*)$/s.exec(cursor ?? "0-") ?? [];
    if (cursor !== undefined && !/^\d{1,16}-/.test(cursor)) {
      throw new Failure("config", `Cursor "${cursor.slice(0, 100)}" is not one that a list of crowded profiles gave`);
    }
    const size = Math.min(Math.max(limit, 1), MOST_PAGE);
    const visible = visibleFields(actor, settings);
    return await database.read(async (transaction) => {
      const target = await currentGeneration(transaction, accountId, id);
      const hidden = rulesOf(target.generation).identifyBy.filter((field) => !visible(field));
      let query = crowdedOf(transaction, target).select(["id", "field", "run_id"]).orderBy("id").orderBy("field")
        .where((where) =>
          where.or([
            where("id", ">", Number(after)),
            where.and([where("id", "=", Number(after)), where("field", ">", field)]),
          ])
        ).limit(size + 1);
      if (hidden.length > 0) query = query.where("field", "not in", hidden);
      const rows = await query.execute();
      const page = rows.slice(0, size);
      const states = await this.#states(transaction, target, [...new Set(page.map(({ id }) => id))]);
      const last = rows.length > size ? page.at(-1) : undefined;
      return {
        items: page.map(({ id, field, run_id }) => {
          const values = states.get(id)?.identities()[field] ?? [];
          return { profile: id, field, values: values.length, sample: values.slice(0, SHOWN_VALUES), run: run_id };
        }),
        next: last === undefined ? null : `${last.id}-${last.field}`,
      };
    });
  }

  async #states(executor: Executor, { scope, generation }: Target, ids: readonly number[]) {
    const rules = rulesOf(generation);
    const stored = storedProfiles(await this.#options.statements.loadProfiles(executor, scope, ids));
    return new Map(stored.map((profile) => [profile.id, ProfileState.ofStored(rules, profile)]));
  }

  /** What a list of denied values holds is people's data. */
  #visibleRules(rules: IdentityRulesJson): IdentityRulesJson {
    const { account: { settings }, actor } = this.#context;
    const visible = visibleFields(actor, settings);
    if (rules.deny === undefined || settings.pii_fields.every(visible)) return rules;
    const deny = Object.entries(rules.deny).filter(([field]) => field !== "*" && visible(field));
    return { ...rules, deny: Object.fromEntries(deny) };
  }

  async #row(executor: Executor, id: number): Promise<ProfileTablesTable> {
    return await executor.selectFrom("profile_tables").selectAll().where("account_id", "=", this.#context.accountId)
      .where("id", "=", id).executeTakeFirstOrThrow();
  }

  async #view(id: number): Promise<TableView> {
    return (await this.#views([await this.#row(this.#context.database.kysely, id)]))[0]!;
  }

  async #views(rows: readonly ProfileTablesTable[]): Promise<TableView[]> {
    const { database: { kysely }, accountId } = this.#context;
    const mappings = await allMappings(kysely, accountId);
    const replays = await replayRuns(kysely, accountId);
    const views: TableView[] = [];
    for (const row of rows) {
      const target = await currentGeneration(kysely, accountId, row.id);
      const { count } = await crowdedOf(kysely, target).select((select) => select.fn.countAll().as("count"))
        .executeTakeFirstOrThrow();
      views.push({
        id: row.id,
        name: row.name,
        profiles: await countProfiles(kysely, target),
        ...mappingsIn(mappings, row.id),
        identity: this.#visibleRules(JSON.parse(row.identity_rules)),
        crowded: Number(count),
        replay_run: replays.get(row.id) ?? null,
        created_at: isoTime(row.created_at),
      });
    }
    return views;
  }
}

function mappingsIn(all: readonly MappingRow[], table: number): Pick<TableView, "identify_by" | "mappings"> {
  const own = all.filter(({ table_id }) => table_id === table);
  return {
    identify_by: [...new Set(own.flatMap(({ definition }) => identityFieldsOf(definition)))],
    mappings: own.map(({ id, stream, alias = null }) => ({ id, stream, alias })),
  };
}

/** The crowded profiles of a generation; those that became part of others are passed over. */
function crowdedOf(executor: Executor, { scope: { account, table } }: Target) {
  return executor.selectFrom("crowded_profiles").where("account_id", "=", account).where("table_id", "=", table)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("profiles").select("profiles.id").whereRef("profiles.account_id", "=", "crowded_profiles.account_id")
          .whereRef("profiles.table_id", "=", "crowded_profiles.table_id")
          .whereRef("profiles.id", "=", "crowded_profiles.id"),
      )
    );
}
