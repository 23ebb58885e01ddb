/**
 * Accounts: the tenants of an installation.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Database, Executor } from "../database/database.ts";
import type { AccountsTable } from "../database/tables.ts";
import { parseConfig, readConfig } from "../describe/mod.ts";
import { accountSettingsSchema, knownSettings, readSettings } from "./account_settings.ts";
import type { Actor } from "./actor.ts";
import { audit } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import { newId } from "./ids.ts";
import { endImpersonal, endImpersonalFiles, moveRefreshes, nextRefresh } from "./exports/enabled_rows.ts";
import { isoTime } from "./iso_time.ts";
import { checkLabel } from "./label.ts";
import { DEFAULT_TABLE, makeTable } from "./profile_tables.ts";
import type { AccountChange, Accounts, OwnAccount } from "./runtime.ts";
import type { AccountView } from "./views.ts";

/** Settings whose values the audit log, which keeps them for ever, does not tell: addresses, which may hold a key. */
const NOT_TOLD: readonly string[] = ["notify_email", "notify_webhook"];

/** Every account of a database, as the operator sees them. */
export function accountsOf(database: Database, actor: Actor): Accounts {
  return {
    create: async ({ name }) => {
      const checked = checkLabel(name, "name");
      return await database.write(async (transaction) => {
        await refuseTaken(transaction, checked);
        const { last } = await transaction.selectFrom("accounts").select(({ fn }) => fn.max("id").as("last"))
          .executeTakeFirstOrThrow();
        const now = await database.now();
        const row: AccountsTable = {
          id: (last ?? 0) + 1,
          public_id: newId(),
          name: checked,
          settings: "{}",
          next_position: 1,
          import_epoch: 0,
          created_at: now,
        };
        await transaction.insertInto("accounts").values(row).execute();
        await makeTable(transaction, row.id, DEFAULT_TABLE, now);
        await transaction.insertInto("audit_heads").values({ account_id: row.id, entries: 0, hash: "" }).execute();
        const entry = { action: "create", kind: "account", id: row.public_id, label: checked } as const;
        await audit(transaction, { database, accountId: row.id, actor }, entry);
        return viewOf(row);
      });
    },
    list: async () => (await database.kysely.selectFrom("accounts").selectAll().orderBy("id").execute()).map(viewOf),
  };
}

/** The context's own account. */
export function ownAccountOf(context: Pick<EngineContext, "database" | "accountId" | "actor">): OwnAccount {
  const { database, accountId } = context;
  const find = (executor: Executor) =>
    executor.selectFrom("accounts").selectAll().where("id", "=", accountId).executeTakeFirstOrThrow();

  return {
    get: async () => viewOf(await find(database.kysely)),
    update: async ({ name, settings }) =>
      await database.write(async (transaction) => {
        const row = await find(transaction);
        const changed = { ...row };
        if (name !== undefined) {
          changed.name = checkLabel(name, "name");
          if (changed.name !== row.name) await refuseTaken(transaction, changed.name);
        }
        if (settings !== undefined) changed.settings = changedSettings(row.settings, settings);
        await transaction.updateTable("accounts").set({ name: changed.name, settings: changed.settings })
          .where("id", "=", accountId).execute();
        if (changed.name !== row.name) {
          const detail = { before: row.name };
          const entry = { action: "rename", kind: "account", id: row.public_id, label: changed.name, detail } as const;
          await audit(transaction, context, entry);
        }
        const [before, now] = [readSettings(row.settings), readSettings(changed.settings)];
        if (before.export_time !== now.export_time || before.export_timezone !== now.export_timezone) {
          await moveRefreshes(transaction, accountId, nextRefresh(now, await database.now()));
        }
        if (JSON.stringify(before.pii_fields) !== JSON.stringify(now.pii_fields)) {
          const time = await database.now();
          await endImpersonal(transaction, accountId, time);
          const more = now.pii_fields.some((field) => !before.pii_fields.includes(field));
          if (more) await endImpersonalFiles(transaction, accountId, time);
        }
        for (const key of Object.keys(accountSettingsSchema.shape) as (keyof typeof now)[]) {
          if (JSON.stringify(before[key]) === JSON.stringify(now[key])) continue;
          const detail = NOT_TOLD.includes(key) ? {} : { value: now[key] };
          const entry = { action: "set", kind: "setting", id: key, label: key, detail } as const;
          await audit(transaction, context, entry);
        }
        return viewOf(changed);
      }),
  };
}

/** Settings as they are stored, with some changed; null goes back to the default. */
function changedSettings(stored: string, change: NonNullable<AccountChange["settings"]>): string {
  const what = "an account";
  const settings = readConfig(accountSettingsSchema, { ...knownSettings(stored), ...change }, what);
  parseConfig(accountSettingsSchema, settings, what);
  return JSON.stringify(settings);
}

async function refuseTaken(transaction: Executor, name: string): Promise<void> {
  const other = await transaction.selectFrom("accounts").select("id").where("name", "=", name).executeTakeFirst();
  if (other === undefined) return;
  throw new Failure("config", `Another account has the name "${name}"`, { code: "conflict", hint: "Choose another" });
}

function viewOf({ id, public_id, name, settings, created_at }: AccountsTable): AccountView {
  return { id: public_id, org_id: id, name, settings: readSettings(settings), created: isoTime(created_at) };
}
