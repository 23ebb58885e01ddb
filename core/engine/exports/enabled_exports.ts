/**
 * Which exports the bulk APIs may fetch: what `export enable|disable|list|show` and their routes give.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import { follow } from "../../profiles/feed/feed.ts";
import type { AccountSettings } from "../account_settings.ts";
import { type Actor, makerOf } from "../actor.ts";
import { ArtifactFiles } from "../artifacts/artifact_files.ts";
import { audit } from "../audit.ts";
import type { EngineContext } from "../context.ts";
import type { Core } from "../core.ts";
import { isoTime } from "../iso_time.ts";
import {
  CHANGES,
  enabledRows,
  endEnabled,
  endLapsed,
  endResults,
  findEnabled,
  kindOf,
  lockExports,
  nextRefresh,
  UNREQUESTED,
} from "./enabled_rows.ts";
import { type EnableExportInput, findSource, type FoundSource, sourceNames } from "./export_sources.ts";
import { newLane } from "./lanes.ts";
import { type ExportRun, newestRuns } from "./newest_runs.ts";
import { personalOf } from "./reader.ts";
import { keepEnabled, resultsOf } from "./results_of.ts";

/** Most exports of profiles of an account. */
const PROFILE_EXPORTS = 5;

/** An export that the bulk APIs may fetch. */
export interface EnabledExportView {
  readonly id: number;
  /** Its job type. */
  readonly type: EnabledExportsTable["type"];
  /** Id of the audience, the profile table or the app. */
  readonly source_id: string;
  /** The audience's, table's or app's name. */
  readonly name: string;
  /** Identifier type, `profile` or `profile_changes`; null for logs. */
  readonly job_type: string | null;
  /** The token that enabled it, by its name at that time; null for one enabled at the command line. */
  readonly enabled_by: string | null;
  readonly created_at: string;
  /** When its results are made anew; null for logs. */
  readonly next_refresh_at: string | null;
  readonly last_requested_at: string | null;
  /** When its results were made; null while there are none. */
  readonly results_generated_at: string | null;
  readonly results_count: number | null;
  /** The newest run that made, makes or should have made them; null for logs, and while there was none. */
  readonly last_run: ExportRun | null;
  /** From when on it is gone, unless somebody asks for it; null for logs. */
  readonly results_expire_at: string | null;
}

/** The exports that the bulk APIs may fetch. */
export interface EnabledExports {
  /**
   * Gives the one that there is where it is enabled already, for 45 more days, in the right of whoever enables it now: where
   * they may not see personal fields, and whoever did before might, its results end. `conflict` for one more than the account may
   * have; `forbidden` for what whoever enables it may not see.
   */
  enable(input: EnableExportInput): Promise<EnabledExportView>;
  /** In the order in which they were enabled; not those of apps that are gone. */
  list(): Promise<EnabledExportView[]>;
  get(id: string): Promise<EnabledExportView>;
  /** Gives the one that is gone: nobody fetches it any more, its results end; logs stay for their time. */
  disable(id: string): Promise<EnabledExportView>;
}

/** What enabled exports need beside the context. */
export interface EnabledExportsOptions {
  readonly core: Pick<Core, "home">;
  readonly clock: () => Promise<number>;
}

/** The enabled exports of the context's account. */
export function enabledExportsOf(
  context: EngineContext,
  { core, clock }: EnabledExportsOptions,
): EnabledExports {
  const { database, accountId: account, actor } = context;

  async function views(executor: Executor, rows: readonly EnabledExportsTable[]): Promise<EnabledExportView[]> {
    const nameOf = await sourceNames(executor, account);
    const results = await resultsOf(executor, account, rows, await clock());
    const runs = await newestRuns(executor, rows);
    return rows.flatMap((row) => {
      const name = nameOf(row);
      return name === undefined ? [] : [viewOf(row, name, results.has(row.id), runs.get(row.id) ?? null)];
    });
  }

  async function find(executor: Executor, id: string): Promise<readonly [EnabledExportsTable, EnabledExportView]> {
    const row = /^\d{1,15}$/.test(id)
      ? await enabledRows(executor, account, await clock()).where("enabled_exports.id", "=", Number(id))
        .executeTakeFirst()
      : undefined;
    const [view] = row === undefined ? [] : await views(executor, [row]);
    if (row !== undefined && view !== undefined) return [row, view];
    throw new Failure("config", `There is no enabled export "${id}"`, {
      code: "not_found",
      hint: "See `waybill export list`",
    });
  }

  async function insert(
    transaction: Executor,
    settings: AccountSettings,
    { name, ...key }: FoundSource,
    now: number,
  ): Promise<EnabledExportView> {
    const { last } = await transaction.selectFrom("enabled_exports").select((select) => select.fn.max("id").as("last"))
      .where("account_id", "=", account).executeTakeFirstOrThrow();
    const isLog = key.type === "log-export";
    const row: EnabledExportsTable = {
      account_id: account,
      id: (last ?? 0) + 1,
      ...key,
      lane: isLog ? "" : newLane(),
      ...ownerOf(actor),
      created_at: now,
      requested_at: null,
      lapses_at: isLog ? null : now + UNREQUESTED,
      refresh_at: isLog ? null : nextRefresh(settings, now),
      artifact_id: null,
      results_at: null,
      results_rows: 0,
      results_requested: 0,
      reach_epoch: null,
      reach_position: null,
    };
    await transaction.insertInto("enabled_exports").values(row).execute();
    await noteEnabled(transaction, { name, ...key });
    return viewOf(row, name, false, null);
  }

  async function noteEnabled(transaction: Executor, { name, ...key }: FoundSource): Promise<void> {
    const detail = { export: key.type, ...(key.variant === "" ? {} : { variant: key.variant }) };
    await audit(transaction, context, { action: "enable", kind: kindOf(key), id: key.source_id, label: name, detail });
  }

  /** Whoever enables an export last counts, as with jobs: what is made from then on is in their right. */
  async function takeOver(transaction: Executor, known: EnabledExportsTable, source: FoundSource): Promise<void> {
    const owner = ownerOf(actor);
    const { account_id, id, personal, user_id } = known;
    if (personal === owner.personal && user_id === owner.user_id) return;
    await transaction.updateTable("enabled_exports").set(owner).where("account_id", "=", account_id)
      .where("id", "=", id).execute();
    await noteEnabled(transaction, source);
    if (personal <= owner.personal) return;
    const why = "Whoever enabled the export now may not see personal fields";
    await endResults(transaction, known, await database.now(), why);
  }

  return {
    enable: async (input) =>
      await database.write(async (transaction) => {
        const settings = await lockExports(transaction, account);
        const now = await clock();
        const source = await findSource(transaction, { account, settings, reader: actor }, input);
        await endLapsed(transaction, context, now);
        const known = await findEnabled(transaction, account, source, now);
        if (known === undefined) {
          await checkRoom(transaction, account, settings, source);
          if (source.variant === CHANGES) await follow(transaction, account, Number(source.source_id));
          return await insert(transaction, settings, source, now);
        }
        await takeOver(transaction, known, source);
        const lapses_at = known.lapses_at === null ? null : now + UNREQUESTED;
        if (lapses_at !== null) await keepEnabled(transaction, known, { lapses_at });
        return (await views(transaction, [{ ...known, ...ownerOf(actor), lapses_at }]))[0]!;
      }),
    list: async () =>
      await views(database.kysely, await enabledRows(database.kysely, account, await clock()).execute()),
    get: async (id) => (await find(database.kysely, id))[1],
    disable: async (id) => {
      const { view, ended } = await database.write(async (transaction) => {
        await lockExports(transaction, account);
        const [row, view] = await find(transaction, id);
        return { view, ended: await endEnabled(transaction, context, row, { label: view.name }) };
      });
      const files = new ArtifactFiles(core.home.artifactsDir);
      for (const artifact of ended) await files.remove({ account, id: artifact });
      return view;
    },
  };
}

/** Who enables an export, and whether its results may hold personal fields then. */
function ownerOf(actor: Actor): Pick<EnabledExportsTable, "personal" | "user_id" | "user_name"> {
  return { personal: personalOf(actor), ...makerOf(actor) };
}

/** Refuses (`conflict`) one export more than the account may have. */
async function checkRoom(
  transaction: Executor,
  account: number,
  { exported_audiences }: AccountSettings,
  { type, source_id }: FoundSource,
): Promise<void> {
  if (type === "log-export") return;
  const rows = await transaction.selectFrom("enabled_exports").select("source_id").where("account_id", "=", account)
    .where("type", "=", type).execute();
  const audiences = new Set(rows.map((row) => row.source_id));
  if (type === "audience-export" && (audiences.has(source_id) || audiences.size < exported_audiences)) return;
  if (type === "profile-export" && rows.length < PROFILE_EXPORTS) return;
  const most = type === "audience-export"
    ? `${exported_audiences} audiences`
    : `${PROFILE_EXPORTS} exports of profiles`;
  throw new Failure("config", `The account has ${most} enabled, the most that it may`, {
    code: "conflict",
    hint: type === "audience-export" && exported_audiences < 20
      ? "Disable one (`waybill export list`), or raise the limit: `waybill account set --exported-audiences 20`"
      : "Disable one: `waybill export list`",
  });
}

function viewOf(
  row: EnabledExportsTable,
  name: string,
  hasResults: boolean,
  last_run: ExportRun | null,
): EnabledExportView {
  const time = (value: number | null) => value === null ? null : isoTime(value);
  return {
    id: row.id,
    type: row.type,
    source_id: row.source_id,
    name,
    job_type: row.variant === "" ? null : row.variant,
    enabled_by: row.user_name,
    created_at: isoTime(row.created_at),
    next_refresh_at: time(row.refresh_at),
    last_requested_at: time(row.requested_at),
    results_generated_at: hasResults ? time(row.results_at) : null,
    results_count: hasResults ? row.results_rows : null,
    last_run,
    results_expire_at: time(row.lapses_at),
  };
}
