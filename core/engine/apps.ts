/**
 * Apps: sub-scopes of an account, each with a profile table of its own.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { AppsTable } from "../database/tables.ts";
import { nearest } from "../describe/mod.ts";
import { audit } from "./audit.ts";
import { forgetListsOfApp } from "./audience_list_rows.ts";
import { isBulkId, newBulkId } from "./bulk_ids.ts";
import type { Apps } from "./bulk_parts.ts";
import type { AppView } from "./bulk_views.ts";
import type { EngineContext } from "./context.ts";
import { endExportsOf } from "./exports/enabled_rows.ts";
import { lockAccount } from "./generations.ts";
import { isoTime } from "./iso_time.ts";
import { checkLabel, freeLabel } from "./label.ts";
import { makeTable, tableNames } from "./profile_tables.ts";

/** An app, and the name of its profile table. */
export interface AppRow extends AppsTable {
  readonly table: string;
}

/** The apps of an account, in the order in which they were made. */
function rowsOf(executor: Executor, account: number) {
  return executor.selectFrom("apps")
    .innerJoin(
      "profile_tables",
      (join) =>
        join.onRef("profile_tables.account_id", "=", "apps.account_id").onRef(
          "profile_tables.id",
          "=",
          "apps.table_id",
        ),
    )
    .selectAll("apps").select("profile_tables.name as table").where("apps.account_id", "=", account)
    .orderBy("apps.created_at").orderBy("apps.id");
}

/** The app of an account with this id; undefined where it has none such. */
export async function findApp(executor: Executor, account: number, id: string): Promise<AppRow | undefined> {
  return await rowsOf(executor, account).where("apps.id", "=", id).executeTakeFirst();
}

/** The app of an account with this name; undefined where it has none such. */
export async function findAppNamed(executor: Executor, account: number, name: string): Promise<AppRow | undefined> {
  return await rowsOf(executor, account).where("apps.name", "=", name).executeTakeFirst();
}

/** The app of an account with this id or name. Failure `not_found`. */
export async function requireAppNamed(executor: Executor, account: number, app: string): Promise<AppRow> {
  const column = isBulkId(app) ? "apps.id" : "apps.name";
  const row = await rowsOf(executor, account).where(column, "=", app).executeTakeFirst();
  if (row !== undefined) return row;
  const near = nearest(app, (await rowsOf(executor, account).execute()).map(({ name }) => name));
  throw new Failure("config", `There is no app "${app}"`, {
    code: "not_found",
    hint: near === undefined ? "See `waybill app list`" : `Did you mean "${near}"?`,
  });
}

/** The apps of the context's account. */
export function appsOf(context: Pick<EngineContext, "database" | "accountId" | "actor">): Apps {
  const { database, accountId } = context;

  const require = (executor: Executor, app: string) => requireAppNamed(executor, accountId, app);

  /** Refuses a name that another app has, or that could be an app's id. */
  async function checkName(executor: Executor, name: string, own?: string): Promise<string> {
    const checked = checkLabel(name, "name");
    if (isBulkId(checked)) {
      throw new Failure("config", `The name "${checked}" looks like an app's id`, { hint: "Choose another" });
    }
    const other = await rowsOf(executor, accountId).where("apps.name", "=", checked).executeTakeFirst();
    if (other === undefined || other.id === own) return checked;
    throw new Failure("config", `Another app has the name "${checked}"`, { code: "conflict", hint: "Choose another" });
  }

  return {
    create: async ({ name }) =>
      await database.write(async (transaction) => {
        const checked = await checkName(transaction, name);
        const now = await database.now();
        const table = freeLabel(tableNameOf(checked), await tableNames(transaction, accountId));
        const table_id = await makeTable(transaction, accountId, table, now);
        const row = { account_id: accountId, id: newBulkId(), name: checked, table_id, log_epoch: 0, created_at: now };
        await transaction.insertInto("apps").values(row).execute();
        const detail = { table };
        await audit(transaction, context, { action: "create", kind: "app", id: row.id, label: checked, detail });
        return viewOf({ ...row, table });
      }),
    list: async () => (await rowsOf(database.kysely, accountId).execute()).map(viewOf),
    get: async (app) => viewOf(await require(database.kysely, app)),
    update: async (app, { name }) =>
      await database.write(async (transaction) => {
        const row = await require(transaction, app);
        const changed = name === undefined ? row.name : await checkName(transaction, name, row.id);
        if (changed === row.name) return viewOf(row);
        await transaction.updateTable("apps").set({ name: changed }).where("account_id", "=", accountId)
          .where("id", "=", row.id).execute();
        const detail = { before: row.name };
        await audit(transaction, context, { action: "rename", kind: "app", id: row.id, label: changed, detail });
        return viewOf({ ...row, name: changed });
      }),
    delete: async (app) =>
      await database.write(async (transaction) => {
        const row = await require(transaction, app);
        // Before anything else: exports are ended, and change feeds, under the account's lock.
        await lockAccount(transaction, accountId);
        const profiles = { type: "profile-export", source_id: String(row.table_id), label: row.table } as const;
        await endExportsOf(transaction, context, profiles);
        await endExportsOf(transaction, context, { type: "log-export", source_id: row.id, label: row.name });
        await forgetListsOfApp(transaction, accountId, row.id);
        await transaction.deleteFrom("apps").where("account_id", "=", accountId).where("id", "=", row.id).execute();
        // Behind the app, for whose row collectors wait; the files go with the next sweep.
        await transaction.deleteFrom("segments").where("account_id", "=", accountId).where("kind", "=", "logs")
          .where("owner", "=", row.id).execute();
        await audit(transaction, context, { action: "delete", kind: "app", id: row.id, label: row.name });
        return viewOf(row);
      }),
  };
}

/** A name for the profile table of an app. */
function tableNameOf(name: string): string {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "").slice(0, 48);
  // Digits alone are a table's id.
  return /[a-z]/.test(slug) ? slug : slug === "" ? "app" : `app_${slug}`;
}

function viewOf({ id, name, account_id, table, table_id, created_at }: AppRow): AppView {
  return { app_id: id, name, org_id: account_id, table, profiledb_id: table_id, created_at: isoTime(created_at) };
}
