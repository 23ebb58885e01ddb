/**
 * What the plan of an export gets.
 *
 * @module
 */
import type { ExportJobDefinition } from "../../contracts/export_job.ts";
import type { Plan } from "../../contracts/job.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Log } from "../../contracts/log.ts";
import type { Spool } from "../../contracts/spool.ts";
import type { Database } from "../../database/database.ts";
import { statementsFor } from "../../profiles/batch_statements.ts";
import { countMembers, listsOf } from "../audience_scan.ts";
import { isContinuous, timeZoneOf } from "../schedule/fields.ts";
import { holdState } from "./held_state.ts";
import { exportHistory, type ExportOf } from "./history.ts";
import { openSource, type SourceOwner } from "./open_source.ts";
import { readMembers } from "./read_members.ts";

/** What is planned. */
export interface PlannedExport {
  readonly job: ExportJobDefinition;
  /** As the plugin gets it. */
  readonly config: Record<string, unknown>;
  /** As it is stored. */
  readonly stored: { readonly [key: string]: JsonValue };
  readonly owner: SourceOwner;
  readonly of: ExportOf;
  readonly connection: object;
  readonly spool: Spool;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Lets the plugin plan, over one state of the database. */
export async function planExport(
  database: Database,
  plan: NonNullable<ExportJobDefinition["plan"]>,
  { job, config, stored, owner, of, connection, spool, signal, log }: PlannedExport,
): Promise<Plan> {
  await using state = await holdState(database);
  const { executor } = state;
  const source = await openSource(executor, owner, job.from(config));
  const now = await database.now();
  const { kind } = database;
  const statements = statementsFor(kind);
  const scan = { executor, kind, statements, scope: source.target.scope, program: source.program, now, signal };
  return await plan({
    config,
    connection,
    spool,
    continuous: isContinuous(job, stored),
    timeZone: timeZoneOf(job, stored),
    signal,
    log,
    audience: source.audience,
    columns: source.columns,
    history: exportHistory(executor, of),
    members: ({ after } = {}) => readMembers({ executor, kind, statements, source, now, signal }, after),
    startedAt: now,
    size: async () => Math.min(source.limit, await countMembers(scan, await listsOf(scan))),
  });
}
