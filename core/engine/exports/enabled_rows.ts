/**
 * The rows of enabled exports: found, touched, and ended.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Database, Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { unfollow } from "../../profiles/feed/feed.ts";
import { type AccountSettings, settingsOf } from "../account_settings.ts";
import { audit, type AuditKind } from "../audit.ts";
import type { EngineContext } from "../context.ts";
import { lockAccount } from "../generations.ts";
import { OPEN_STATUSES } from "../claim.ts";
import { nextDaily } from "../schedule/schedule.ts";

/** How long an export stays enabled that nobody asks for, in milliseconds: 45 days. */
export const UNREQUESTED = 45 * 86_400_000;

/** Of changes of profiles, since they were asked for last. */
export const CHANGES = "profile_changes";

/** What is enabled, of what. */
export type ExportKey = Pick<EnabledExportsTable, "type" | "source_id" | "variant">;

/** The kind of thing that an export is of, as the audit log calls it. */
export function kindOf({ type }: Pick<EnabledExportsTable, "type">): AuditKind {
  return type === "audience-export" ? "audience" : type === "profile-export" ? "table" : "app";
}

/** The exports of an account that are enabled at a time, in the order in which they were. */
export function enabledRows(executor: Executor, account: number, now: number) {
  return executor.selectFrom("enabled_exports").selectAll("enabled_exports")
    .where("enabled_exports.account_id", "=", account)
    .where((where) => where.or([where("lapses_at", "is", null), where("lapses_at", ">", now)]))
    .orderBy("enabled_exports.id");
}

/** The export of a source that is enabled at a time; undefined where it is not. */
export async function findEnabled(
  executor: Executor,
  account: number,
  { type, source_id, variant }: ExportKey,
  now: number,
): Promise<EnabledExportsTable | undefined> {
  return await enabledRows(executor, account, now).where("type", "=", type).where("source_id", "=", source_id)
    .where("variant", "=", variant).executeTakeFirst();
}

/** The next time after `now` at which an account's exports are made anew. */
export function nextRefresh(settings: Pick<AccountSettings, "export_time" | "export_timezone">, now: number): number {
  return nextDaily(Temporal.PlainTime.from(settings.export_time), settings.export_timezone, now);
}

/** Has all exports of an account made anew at another time. */
export async function moveRefreshes(transaction: Executor, account: number, refresh_at: number): Promise<void> {
  await transaction.updateTable("enabled_exports").set({ refresh_at }).where("account_id", "=", account)
    .where("refresh_at", "is not", null).execute();
}

/**
 * Ends an enabled export: nobody fetches it any more, its results end, and its run is stopped. The account's row has to be
 * locked. The files of the results that are given are still to be removed.
 */
export async function endEnabled(
  transaction: Executor,
  context: Pick<EngineContext, "accountId" | "actor"> & { readonly database: Pick<Database, "now"> },
  row: EnabledExportsTable,
  { label, because }: { readonly label: string; readonly because?: string },
): Promise<string[]> {
  const { accountId: account, database } = context;
  const now = await database.now();
  const ended = await endResults(transaction, row, now, "The export is not enabled any more");
  await transaction.deleteFrom("enabled_exports").where("account_id", "=", account).where("id", "=", row.id).execute();
  if (row.variant === CHANGES) await unfollow(transaction, account, Number(row.source_id));
  await audit(transaction, context, {
    action: "disable",
    kind: kindOf(row),
    id: row.source_id,
    label,
    detail: {
      export: row.type,
      ...(row.variant === "" ? {} : { variant: row.variant }),
      ...(because === undefined ? {} : { because }),
    },
  });
  return ended;
}

/**
 * Stops the runs of an export, and ends what they made: links to it open nothing from then on. It stays enabled: the next
 * request has results made. `why` is what the runs fail with. The account's row has to be locked. The artifacts' ids are
 * given; the sweep removes their files.
 */
export async function endResults(
  transaction: Executor,
  { account_id, lane }: Pick<EnabledExportsTable, "account_id" | "lane">,
  now: number,
  why: string,
): Promise<string[]> {
  if (lane === "") return [];
  const open = () =>
    transaction.updateTable("runs").where("account_id", "=", account_id).where("job_id", "=", lane)
      .where("status", "in", OPEN_STATUSES);
  const failure = new Failure("cancelled", why).toJSON();
  await open().set({ stop_requested: 1 }).where("status", "=", "running").execute();
  await open().set({ status: "cancelled", failure: JSON.stringify(failure), finished_at: now })
    .where("status", "!=", "running").execute();
  const ended = await transaction.updateTable("artifacts").set({ ended_at: now, ended_because: "revoked" })
    .where("account_id", "=", account_id).where("kind", "=", "export").where("ended_at", "is", null)
    .where(
      "run_id",
      "in",
      transaction.selectFrom("runs").select("id").where("account_id", "=", account_id)
        .where("job_id", "=", lane),
    ).returning("id").execute();
  return ended.map(({ id }) => id);
}

/**
 * Ends the results of those exports whose results may hold what they may not any more, once an account calls other fields
 * personal: of exports that somebody enabled who may not see such fields.
 */
export async function endImpersonal(transaction: Executor, account: number, now: number): Promise<void> {
  await lockAccount(transaction, account);
  const rows = await transaction.selectFrom("enabled_exports").select(["account_id", "lane"])
    .where("account_id", "=", account).where("personal", "=", 0).orderBy("id").execute();
  for (const row of rows) await endResults(transaction, row, now, "Other fields are personal now");
}

/** Ends the files of runs whose makers may not see personal fields, once an account calls more fields personal. */
export async function endImpersonalFiles(transaction: Executor, account: number, now: number): Promise<void> {
  const runs = transaction.selectFrom("runs").select("id").where("account_id", "=", account).where("personal", "=", 0);
  await transaction.updateTable("artifacts").set({ ended_at: now, ended_because: "revoked" })
    .where("account_id", "=", account).where("kind", "=", "export").where("ended_at", "is", null)
    .where("run_id", "in", runs).execute();
}

/** Ends the exports of a source that is going; of a deleted audience, those by every identifier type. */
export async function endExportsOf(
  transaction: Executor,
  context: Pick<EngineContext, "accountId" | "actor" | "database">,
  { type, source_id, label }: Pick<ExportKey, "type" | "source_id"> & { readonly label: string },
): Promise<void> {
  const { accountId: account } = context;
  const rows = await transaction.selectFrom("enabled_exports").selectAll().where("account_id", "=", account)
    .where("type", "=", type).where("source_id", "=", source_id).orderBy("id").execute();
  for (const row of rows) await endEnabled(transaction, context, row, { label, because: "its source was deleted" });
}

/** Ends those that nobody asked for in time. The account's row has to be locked. */
export async function endLapsed(
  transaction: Executor,
  context: Pick<EngineContext, "accountId" | "actor"> & { readonly database: Pick<Database, "now"> },
  now: number,
): Promise<void> {
  const rows = await transaction.selectFrom("enabled_exports").selectAll().where("account_id", "=", context.accountId)
    .where("lapses_at", "<=", now).orderBy("id").execute();
  for (const row of rows) {
    const label = `${row.type} ${row.source_id}`;
    await endEnabled(transaction, context, row, { label, because: "nobody asked for it in 45 days" });
  }
}

/** The account's settings, in a transaction that keeps everybody else from its exports until it ends. */
export async function lockExports(transaction: Executor, account: number): Promise<AccountSettings> {
  await lockAccount(transaction, account);
  return await settingsOf(transaction, account);
}
