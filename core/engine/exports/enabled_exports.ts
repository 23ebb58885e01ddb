/**
 * Which exports the bulk APIs may fetch: what `export enable|disable|list` and their routes give.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { requireAppNamed } from "../apps.ts";
import { audit } from "../audit.ts";
import type { EngineContext } from "../context.ts";
import { isoTime } from "../iso_time.ts";

/** An export that the bulk APIs may fetch. */
export interface EnabledExportView {
  readonly id: number;
  /** Its job type: `log-export`, the raw logs of an app. */
  readonly type: "log-export";
  readonly app_id: string;
  /** The app's name. */
  readonly app: string;
  readonly created_at: string;
}

/** What is to be enabled. */
export interface EnableExportInput {
  readonly type: "log-export";
  /** Id or name of the app. */
  readonly app: string;
}

/** The exports that the bulk APIs may fetch. */
export interface EnabledExports {
  /** Gives the one that there is where it is enabled already. */
  enable(input: EnableExportInput): Promise<EnabledExportView>;
  /** In the order in which they were enabled; not those of apps that are gone. */
  list(): Promise<EnabledExportView[]>;
  get(id: string): Promise<EnabledExportView>;
  /** Gives the one that is gone: nobody fetches it any more, and what was collected stays for its time. */
  disable(id: string): Promise<EnabledExportView>;
}

/** Whether an export is enabled. */
export async function isEnabled(
  executor: Executor,
  account: number,
  { type, source_id }: Pick<EnabledExportsTable, "type" | "source_id">,
): Promise<boolean> {
  const row = await executor.selectFrom("enabled_exports").select("id").where("account_id", "=", account)
    .where("type", "=", type).where("source_id", "=", source_id).executeTakeFirst();
  return row !== undefined;
}

/** The enabled exports of the context's account. */
export function enabledExportsOf(context: Pick<EngineContext, "database" | "accountId" | "actor">): EnabledExports {
  const { database, accountId: account } = context;
  const rows = (executor: Executor) =>
    executor.selectFrom("enabled_exports")
      .innerJoin(
        "apps",
        (join) =>
          join.onRef("apps.account_id", "=", "enabled_exports.account_id")
            .onRef("apps.id", "=", "enabled_exports.source_id"),
      )
      .selectAll("enabled_exports").select("apps.name as app").where("enabled_exports.account_id", "=", account)
      .orderBy("enabled_exports.id");

  async function find(executor: Executor, id: string) {
    const row = /^\d{1,15}$/.test(id)
      ? await rows(executor).where("enabled_exports.id", "=", Number(id)).executeTakeFirst()
      : undefined;
    if (row !== undefined) return row;
    throw new Failure("config", `There is no enabled export "${id}"`, {
      code: "not_found",
      hint: "See `waybill export list`",
    });
  }

  return {
    enable: async ({ type, app }) =>
      await database.write(async (transaction) => {
        const { id: source_id, name } = await requireAppNamed(transaction, account, app);
        const known = await rows(transaction).where("type", "=", type).where("source_id", "=", source_id)
          .executeTakeFirst();
        if (known !== undefined) return viewOf(known);
        const { last } = await transaction.selectFrom("enabled_exports")
          .select((select) => select.fn.max("id").as("last")).where("account_id", "=", account)
          .executeTakeFirstOrThrow();
        const row = { account_id: account, id: (last ?? 0) + 1, type, source_id, created_at: await database.now() };
        await transaction.insertInto("enabled_exports").values(row).execute();
        const detail = { export: type };
        await audit(transaction, context, { action: "enable", kind: "app", id: source_id, label: name, detail });
        return viewOf({ ...row, app: name });
      }),
    list: async () => (await rows(database.kysely).execute()).map(viewOf),
    get: async (id) => viewOf(await find(database.kysely, id)),
    disable: async (id) =>
      await database.write(async (transaction) => {
        const row = await find(transaction, id);
        await transaction.deleteFrom("enabled_exports").where("account_id", "=", account).where("id", "=", row.id)
          .execute();
        const detail = { export: row.type };
        await audit(transaction, context, {
          action: "disable",
          kind: "app",
          id: row.source_id,
          label: row.app,
          detail,
        });
        return viewOf(row);
      }),
  };
}

function viewOf({ id, type, source_id, app, created_at }: EnabledExportsTable & { readonly app: string }) {
  return { id, type, app_id: source_id, app, created_at: isoTime(created_at) };
}
