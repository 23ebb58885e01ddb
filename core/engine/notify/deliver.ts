/**
 * Takes notices from their table and delivers each, at least once.
 *
 * @module
 */
import type { Log } from "../../contracts/log.ts";
import type { Database, Executor } from "../../database/database.ts";
import type { NoticesTable } from "../../database/tables.ts";
import { settingsOf } from "../account_settings.ts";
import { isoTime } from "../iso_time.ts";
import { openMailer } from "../mail/mailer.ts";
import { postWebhook } from "./webhook.ts";

/** Notices that one look delivers. */
const AT_ONCE = 20;
/** How long nobody else tries while one process delivers, in milliseconds: longer than a delivery may take. */
const TAKEN = 120_000;
/** Milliseconds before each further try; the last is repeated. */
const WAITS: readonly number[] = [15_000, 60_000, 300_000, 1_800_000, 7_200_000];
/** After how long a notice is given up, in milliseconds: nobody wants to hear of it any more. */
const STALE = 3 * 86_400_000;

/** Finds what is to be delivered; exported for the test of its plan. */
export function dueNotices(executor: Executor, now: number) {
  return executor.selectFrom("notices").selectAll().where("not_before", "<=", now).orderBy("not_before").limit(AT_ONCE);
}

/**
 * Delivers what is due by the database's clock, and tells how many. What cannot be delivered is tried again later and
 * later, for three days.
 *
 * @param signal Ends it after the one that is being delivered.
 * @param clock Another clock, for tests.
 */
export async function deliver(
  database: Database,
  log: Log,
  signal?: AbortSignal,
  clock: () => Promise<number> = () => database.now(),
): Promise<number> {
  let delivered = 0;
  for (const found of await dueNotices(database.kysely, await clock()).execute()) {
    if (signal?.aborted) break;
    if (!await take(database, found, await clock())) continue;
    try {
      await send(database, found, log);
      await remove(database.kysely, found);
      delivered++;
    } catch (error) {
      await putOff(database, log, found, error, await clock());
    }
  }
  return delivered;
}

/** Whether this process has it now: another one that found it, too, has not. */
async function take(
  database: Database,
  { account_id, id, not_before, attempts }: NoticesTable,
  now: number,
): Promise<boolean> {
  const { numUpdatedRows } = await database.kysely.updateTable("notices")
    .set({ not_before: now + TAKEN, attempts: attempts + 1 })
    .where("account_id", "=", account_id).where("id", "=", id).where("not_before", "=", not_before).executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function remove(executor: Executor, { account_id, id }: NoticesTable): Promise<void> {
  await executor.deleteFrom("notices").where("account_id", "=", account_id).where("id", "=", id).execute();
}

/** Delivers one as its account wants it now; nothing where it wants none any more. */
async function send({ kysely }: Database, notice: NoticesTable, log: Log): Promise<void> {
  const { notify_email, notify_webhook } = await settingsOf(kysely, notice.account_id);
  const { name } = await kysely.selectFrom("accounts").select("name").where("id", "=", notice.account_id)
    .executeTakeFirstOrThrow();
  if (notice.channel === "mail") {
    if (notify_email.length === 0) return;
    const { refused } = await openMailer().send({ id: notice.id, to: notify_email, ...mailOf(notice, name) });
    for (const { address, reason } of refused) {
      log.warn(`A notice went out, but not to "${address}": ${reason}`, { account: name });
    }
  } else if (notify_webhook !== "") {
    await postWebhook(notify_webhook, {
      id: notice.id,
      event: notice.event,
      account: name,
      job: notice.job_label,
      job_id: notice.job_id,
      run: notice.run_id,
      message: notice.message,
      hint: notice.hint,
      at: isoTime(notice.created_at),
    });
  }
}

function mailOf(notice: NoticesTable, account: string): { readonly subject: string; readonly text: string } {
  const lines = [
    notice.message,
    ...(notice.hint === null ? [] : ["", `What to do: ${notice.hint}`]),
    "",
    `account  ${account}`,
    `${notice.event === "export_failed" ? "export" : "job   "}   ${notice.job_label} (${notice.job_id})`,
    ...(notice.run_id === null ? [] : [`run      ${notice.run_id}`]),
    `at       ${isoTime(notice.created_at)}`,
  ];
  return { subject: `Waybill: ${notice.message}`, text: `${lines.join("\n")}\n` };
}

async function putOff(database: Database, log: Log, notice: NoticesTable, error: unknown, now: number): Promise<void> {
  const why = error instanceof Error ? error.message : String(error);
  const about = { channel: notice.channel, event: notice.event, job: notice.job_id };
  if (now - notice.created_at >= STALE) {
    log.error(`A notice could not be delivered for three days and is given up: ${why}`, about);
    return await remove(database.kysely, notice);
  }
  const wait = WAITS[Math.min(notice.attempts, WAITS.length - 1)] ?? 0;
  log.warn(`A notice could not be delivered and is tried again in ${wait / 1000} s: ${why}`, about);
  await database.kysely.updateTable("notices").set({ not_before: now + wait })
    .where("account_id", "=", notice.account_id).where("id", "=", notice.id).execute();
}
