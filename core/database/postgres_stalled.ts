/**
 * Transactions whose process stands still, and holds what others wait for.
 *
 * @module
 */
import { sql } from "kysely";
import type { Database } from "./database.ts";

/**
 * Ends transactions that have changed `accounts` or `runs` and whose process has been in the middle of a statement for
 * so many milliseconds, neither sending the rest of it nor taking its answer; gives how many. Nothing of them is
 * committed.
 *
 * PostgreSQL's own limits do not see these (measured with 15): `idle_in_transaction_session_timeout` counts between
 * statements, `statement_timeout` is not heeded while a message is being read, and the system of a stopped process
 * answers keep-alives. SQLite has no server that could tell: there everybody waits.
 */
export async function endStalled({ kind, kysely }: Database, milliseconds: number): Promise<number> {
  if (kind === "sqlite") return 0;
  const { rows } = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
      and state = 'active' and wait_event_type = 'Client'
      and state_change < clock_timestamp() - make_interval(secs => ${milliseconds / 1000})
      and exists (
        select from pg_locks where pg_locks.pid = pg_stat_activity.pid and mode = 'RowExclusiveLock'
          and relation in ('accounts'::regclass, 'runs'::regclass)
      )`.execute(kysely);
  return rows.length;
}
