/**
 * A run as CLI and HTTP show it, with what the user does next.
 *
 * @module
 */
import type { Progress } from "../contracts/job.ts";
import type { RunsTable } from "../database/tables.ts";
import { type Alive, isInterrupted } from "./alive.ts";
import { isoTime } from "./iso_time.ts";
import { isLane } from "./exports/lanes.ts";
import { TASK_LANE } from "./queue_run.ts";
import type { RunView } from "./views.ts";

/** `live` is how far it is where this process executes it; `next_step` what {@linkcode nextStep} gives. */
export function runView(row: RunsTable, live: Progress | undefined, next_step: string | null): RunView {
  const time = (value: number | null) => value === null ? null : isoTime(value);
  const failure: RunView["failure"] = row.failure === null ? null : JSON.parse(row.failure);
  return {
    id: row.id,
    status: row.status,
    type: row.job_type,
    job_id: row.job_id === TASK_LANE || isLane(row.job_id ?? "") ? null : row.job_id,
    auth_id: row.auth_id,
    config: JSON.parse(row.config),
    read: row.rows_read,
    accepted: row.accepted,
    rejected: row.rejected,
    rejected_erased: row.rejected_erased,
    misfits: row.misfits,
    unchanged: row.unchanged,
    refused: row.refused,
    added: row.added,
    changed: row.changed,
    removed: row.removed,
    bytes: row.bytes,
    rows: row.rows_exported,
    path: row.path,
    profiles_created: row.profiles_created,
    profiles_updated: row.profiles_updated,
    duration_ms: row.duration_ms,
    attempts: row.attempts,
    progress: live ?? storedProgress(row),
    notes: JSON.parse(row.notes),
    failure,
    next_step,
    created_at: isoTime(row.created_at),
    started_at: time(row.started_at),
    finished_at: time(row.finished_at),
    not_before: row.status === "queued" && row.not_before > row.created_at ? time(row.not_before) : null,
    due_at: time(row.due_at),
  };
}

/** As an attempt left it, with the bytes that are committed by now. */
function storedProgress({ progress, bytes }: RunsTable): Progress | null {
  if (progress === null) return null;
  const stored: Progress = JSON.parse(progress);
  return stored.unit === "bytes" ? { ...stored, done: bytes } : stored;
}

/** What the user does next; null when there is nothing to do but wait. */
export function nextStep(row: RunsTable, alive: Alive, now: number): string | null {
  const retry = `waybill run retry ${row.id}`;
  if (row.status === "queued") return alive.serving ? null : row.attempts === 0 ? "waybill serve" : retry;
  if (row.status === "running") return alive.serving || !isInterrupted(row, alive, now) ? null : retry;
  if (row.status === "held") return `waybill run approve ${row.id}`;
  const failure: RunView["failure"] = row.failure === null ? null : JSON.parse(row.failure);
  if (row.status === "cancelled" || failure?.kind === "transient") return retry;
  if (failure?.kind === "auth" && row.auth_id !== null) return `waybill auth check ${row.auth_id}`;
  if (row.rejected > row.rejected_erased) return `waybill run rejects ${row.id}`;
  return null;
}
