/**
 * Profiles of a table, or their changes, as rows: what exports of profiles are made of.
 *
 * @module
 */
import type { ExportSource, ProfileRows } from "../../contracts/export_job.ts";
import { Failure, throwIfAborted } from "../../contracts/failure.ts";
import type { Database, Executor } from "../../database/database.ts";
import {
  beginRefresh,
  type FeedMark,
  type FeedWindow,
  isFollowed,
  markProfiles,
  sweepFeed,
} from "../../profiles/feed/feed.ts";
import { readChangeRows } from "../../profiles/feed/read_changes.ts";
import { readProfileRows } from "../../profiles/feed/read_profiles.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { settingsOf } from "../account_settings.ts";
import { lockAccount } from "../generations.ts";
import { DEFAULT_TABLE, requireTable, tableName } from "../profile_tables.ts";
import { type Claim, holdUnlessStopped } from "../claim.ts";
import { Turns } from "../turns.ts";
import { CHANGES } from "./enabled_rows.ts";
import { holdState } from "./held_state.ts";
import { type OpenSource, openSource, type SourceOwner } from "./open_source.ts";

/** For which run rows are read, and in whose right. */
export interface RowsInput {
  readonly database: Database;
  readonly claim: Claim;
  /** What stands in the run for its job. */
  readonly lane: string | null;
  readonly source: ExportSource;
  readonly owner: Omit<SourceOwner, "settings">;
  readonly signal: AbortSignal;
}

/** The moment that rows show: the end of an epoch of the table's feed, where somebody follows it. */
type Moment = { readonly window: FeedWindow } | { readonly at: FeedMark | undefined };

/** The rows of a run. Memory holds some pages; the thread does other things in between. */
export async function* runRows(input: RowsInput): AsyncGenerator<ProfileRows> {
  const { database, source, signal } = input;
  if (source.rows === undefined) return;
  // The state is held after the moment: what is written from then on is of the next epoch.
  const moment = await begin(input, source.rows);
  await using state = await holdState(database);
  const { executor } = state;
  const owner = { ...input.owner, settings: await settingsOf(executor, input.owner.account) };
  yield* rowsOf({ executor, kind: database.kind, source: await openSource(executor, owner, source), signal }, moment);
}

/** Removes what the feed keeps of the rows and nobody asks for any more, once the file is there. */
export async function sweepRows({ database, source, owner: { account }, signal }: RowsInput): Promise<void> {
  if (source.rows !== "changes") return;
  const table = await requireTable(database.kysely, account, source.table ?? DEFAULT_TABLE);
  await sweepFeed(database, account, table, signal);
}

/** The rows that a plan may look at: those of profiles, as they are in the state that it reads. */
export async function* planRows(
  reading: { readonly executor: Executor; readonly kind: Database["kind"]; readonly source: OpenSource },
  { rows }: Pick<ExportSource, "rows">,
  signal: AbortSignal,
): AsyncGenerator<ProfileRows> {
  if (rows === "profiles") yield* rowsOf({ ...reading, signal }, { at: undefined });
}

async function* rowsOf(
  { executor, kind, source: { target, visible, hides }, signal }: {
    readonly executor: Executor;
    readonly kind: Database["kind"];
    readonly source: OpenSource;
    readonly signal: AbortSignal;
  },
  moment: Moment,
): AsyncGenerator<ProfileRows> {
  const source = { target, hidden: hides ? (field: string) => !visible(field) : undefined };
  const batches = "window" in moment
    ? readChangeRows(executor, kind, { ...source, window: moment.window })
    : readProfileRows(executor, kind, { ...source, at: moment.at });
  const turns = new Turns();
  for await (const batch of batches) {
    throwIfAborted(signal);
    yield batch;
    await turns.rest();
  }
}

/** Ends an epoch for what is to be read, and notes for the enabled export how far it will reach. */
async function begin({ database, claim, lane, source }: RowsInput, rows: "profiles" | "changes"): Promise<Moment> {
  const { account } = claim;
  return await database.write(async (transaction) => {
    await lockAccount(transaction, account);
    // An attempt that was taken over says nothing any more of what its run reaches.
    await holdUnlessStopped(transaction, claim);
    const table = await requireTable(transaction, account, source.table ?? DEFAULT_TABLE);
    if (rows === "profiles") return { at: await markProfiles(transaction, account, table) };
    const enabled = await transaction.selectFrom("enabled_exports").selectAll().where("account_id", "=", account)
      .where("type", "=", "profile-export").where("source_id", "=", String(table)).where("variant", "=", CHANGES)
      .executeTakeFirst();
    // Whoever starts a run, or has a job, learns what the results told; the next results do not depend on it.
    const own = enabled !== undefined && enabled.lane === lane;
    const requested = enabled !== undefined && await wereGiven(transaction, enabled);
    const window = await beginRefresh(transaction, account, table, { requested, moves: own });
    if (window === undefined) throw await notFollowed(transaction, account, table);
    if (own) {
      await transaction.updateTable("enabled_exports")
        .set({ reach_epoch: window.to.epoch, reach_position: window.to.position })
        .where("account_id", "=", account).where("id", "=", enabled.id).execute();
    }
    return { window };
    // Lost where power fails, it is begun anew; whatever is committed since brings it to the disk.
  }, { unsynced: true });
}

/**
 * Whether the results of an export were given to somebody. Those that an erasure ended, or somebody revoked, count as if
 * they were not: whoever has the link may have come too late.
 */
async function wereGiven(
  executor: Executor,
  { account_id, artifact_id, results_requested }: EnabledExportsTable,
): Promise<boolean> {
  if (results_requested !== 1) return false;
  const live = await executor.selectFrom("artifacts").select("id").where("account_id", "=", account_id)
    .where("id", "=", artifact_id).where("ended_at", "is", null).executeTakeFirst();
  return live !== undefined;
}

/** Refuses to plan what a run would refuse: changes of a table that nobody follows. */
export async function requireFollowed(
  executor: Executor,
  account: number,
  { rows, table: named = DEFAULT_TABLE }: ExportSource,
): Promise<void> {
  if (rows !== "changes") return;
  const table = await requireTable(executor, account, named);
  if (!await isFollowed(executor, account, table)) throw await notFollowed(executor, account, table);
}

async function notFollowed(executor: Executor, account: number, table: number): Promise<Failure> {
  const name = await tableName(executor, account, table);
  return new Failure("config", `Changes of profile table "${name}" are not noted`, {
    hint:
      `Have them noted from now on: \`waybill export enable profile-export --table ${name} --job-type profile_changes\``,
  });
}
