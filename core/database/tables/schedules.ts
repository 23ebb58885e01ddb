/**
 * The tables of continuous jobs.
 *
 * @module
 */

/** How a continuous job stands. */
export interface SchedulesTable {
  account_id: number;
  job_id: string;
  /** When its next run is due; null while it is paused, and when no time comes any more. */
  due_at: number | null;
  /** When something new should have come; null where nothing is expected. */
  expect_at: number | null;
  /** The earlier of both, or when to look again: what the scheduler's index is over. */
  wake_at: number | null;
  /** Runs of it that failed in a row. */
  failures: number;
  /** Why Waybill paused it; null where somebody did. */
  paused_because: string | null;
}

/** What happened to a continuous job, or to an enabled export, that people are told. */
export type NoticeEvent = "run_failed" | "run_held" | "job_paused" | "file_missing" | "export_failed";

/** What people are still to be told: a row goes once it was delivered. */
export interface NoticesTable {
  account_id: number;
  /** 32 hex digits: the same at every attempt. */
  id: string;
  channel: "mail" | "webhook";
  event: NoticeEvent;
  /** The job; of `export_failed` the enabled export. */
  job_id: string;
  /** What it was called then. */
  job_label: string;
  run_id: string | null;
  /** Never what a file holds. */
  message: string;
  hint: string | null;
  attempts: number;
  /** Earliest next attempt. */
  not_before: number;
  created_at: number;
}
