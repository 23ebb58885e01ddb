/**
 * What people are to be told of continuous jobs and enabled exports: written in the transaction in which it happens,
 * delivered later, so that no crash loses any.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { NoticeEvent, NoticesTable } from "../../database/tables.ts";
import { settingsOf } from "../account_settings.ts";
import { newId } from "../ids.ts";

/** Something to tell. */
export interface Notice {
  readonly account: number;
  readonly event: NoticeEvent;
  /** The job, or the enabled export. */
  readonly job: { readonly id: string; readonly label: string };
  readonly run: string | null;
  /** One sentence; never what a file holds. */
  readonly message: string;
  readonly hint: string | null;
  /** The database's clock. */
  readonly now: number;
}

/** Notes what is to be told, once for each way in which the account wants to be told; nothing where it wants none. */
export async function notice(
  executor: Executor,
  { account, event, job, run, message, hint, now }: Notice,
): Promise<void> {
  const { notify_email, notify_webhook } = await settingsOf(executor, account);
  const channels: NoticesTable["channel"][] = [];
  if (notify_email.length > 0) channels.push("mail");
  if (notify_webhook !== "") channels.push("webhook");
  for (const channel of channels) {
    await executor.insertInto("notices").values({
      account_id: account,
      id: newId(),
      channel,
      event,
      job_id: job.id,
      job_label: job.label,
      run_id: run,
      message,
      hint,
      attempts: 0,
      not_before: now,
      created_at: now,
    }).execute();
  }
}
