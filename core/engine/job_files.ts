/**
 * Lists the files that a saved job has imported.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { ImportedFilesTable } from "../database/tables.ts";
import { isoTime } from "./iso_time.ts";
import type { Page } from "./views.ts";

/** A file that a job has imported. */
export interface JobFileView {
  /** As the job's connection names it; without the names of people who were erased. */
  readonly path: string;
  readonly size: number;
  readonly modified: string;
  /** The timestamp in its name. */
  readonly timestamp: string | null;
  /** SHA-256 of its bytes, hex. */
  readonly hash: string;
  /** Rows read, the rejected ones included. */
  readonly rows: number;
  readonly rejected: number;
  /** The run that imported it last, or found it unchanged. */
  readonly run_id: string;
  readonly imported_at: string;
}

/** Most files of a page. */
const MAX_PAGE = 1_000;

/** One page of a job's files, the one imported last first. Failure `config` for a cursor that no such list gave. */
export async function jobFiles(
  executor: Executor,
  account: number,
  job: string,
  { cursor, limit = 100 }: { readonly cursor?: string; readonly limit?: number } = {},
): Promise<Page<JobFileView>> {
  const size = Math.min(Math.max(limit, 1), MAX_PAGE);
  const rows = await filesBefore(executor, { account, owner: job, cursor, limit: size + 1 }).execute();
  const last = rows.length > size ? rows[size - 1] : undefined;
  return {
    items: rows.slice(0, size).map(viewOf),
    next: last === undefined ? null : `${last.imported_at}-${last.path_key}`,
  };
}

/** The rows after a cursor, by their index. */
export function filesBefore(
  executor: Executor,
  { account, owner, cursor, limit }: {
    readonly account: number;
    readonly owner: string;
    readonly cursor: string | undefined;
    readonly limit: number;
  },
) {
  const query = executor.selectFrom("imported_files").selectAll().where("account_id", "=", account)
    .where("owner", "=", owner).orderBy("imported_at", "desc").orderBy("path_key", "desc").limit(limit);
  if (cursor === undefined) return query;
  const [, time, key] = /^(\d{1,16})-([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (time === undefined || key === undefined) {
    throw new Failure("config", `Cursor "${cursor}" is not one that a list of files gave`, {
      hint: "Give `next` of the page before, or no cursor to start over",
    });
  }
  return query.where("imported_at", "<=", Number(time)).where((where) =>
    where.or([where("imported_at", "<", Number(time)), where("path_key", "<", key)])
  );
}

function viewOf(row: ImportedFilesTable): JobFileView {
  return {
    path: row.path,
    size: row.size,
    modified: isoTime(row.modified),
    timestamp: row.timestamp === null ? null : isoTime(row.timestamp),
    hash: row.hash,
    rows: row.rows_read,
    rejected: row.rejected,
    run_id: row.run_id,
    imported_at: isoTime(row.imported_at),
  };
}
