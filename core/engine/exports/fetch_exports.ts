/**
 * Exports of audiences and profiles as the bulk APIs fetch them.
 *
 * @module
 */
import { IDENTIFIERS } from "../../contracts/export_job.ts";
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import type { Links } from "../artifacts/links.ts";
import { linkBase } from "../artifacts/public_url.ts";
import { audit } from "../audit.ts";
import { readAudiences } from "../audience_cache.ts";
import type { EngineContext } from "../context.ts";
import type { Core } from "../core.ts";
import { findTable } from "../profile_tables.ts";
import { unknownName } from "../registry.ts";
import { enabledRows, findEnabled, UNREQUESTED } from "./enabled_rows.ts";
import { isIdentifier, isProfileJob, PROFILE_JOBS, sourceNames } from "./export_sources.ts";
import { failedLast } from "./newest_runs.ts";
import { LINK } from "./note_results.ts";
import { queueRefresh } from "./refresh.ts";
import { keepEnabled, resultsOf } from "./results_of.ts";

/** Exports that the bulk APIs list and fetch by number. */
export type FetchedType = Exclude<EnabledExportsTable["type"], "log-export">;

/** Which one. */
export interface FetchInput {
  readonly type: FetchedType;
  /** Id of the audience or profile table, as it stands in the path. */
  readonly source_id: string;
  /** Identifier type or job type. */
  readonly variant: string;
  /** Where the caller reached the server: the link begins with it where `WAYBILL_PUBLIC_URL` says nothing else. */
  readonly origin?: string;
  /** Whether somebody only looks (HEAD): that is no request for results, and has none made. */
  readonly head?: boolean;
}

/** An enabled export as its list shows it: what there is not is absent. */
export interface FetchedView {
  readonly id: number;
  readonly name: string;
  readonly source_type: "audiences" | "profile";
  readonly source_id: string;
  readonly job_type: string;
  readonly last_requested_at?: string;
  readonly results_generated_at?: string;
  readonly results_count: number;
  readonly results_expire_at: string;
}

/** What a request for results came to: a link, or, while there are none, that they are being made. */
export type Fetched =
  | { readonly url: string }
  | {
    /** Seconds after which to ask again. */
    readonly retryAfter: number;
    /** Whether the last run that should have made them failed. */
    readonly failed: boolean;
  };

/** Exports of audiences and profiles as the bulk APIs fetch them. */
export interface FetchedExports {
  list(type: FetchedType): Promise<FetchedView[]>;
  /**
   * A link to the results, good for 48 hours. Failures: `forbidden` for a source that the account has not, `not_found` for a
   * type of identifiers or of jobs that there is not, and for what is not enabled.
   */
  fetch(input: FetchInput): Promise<Fetched>;
}

/** Seconds after which whoever came before the results asks again. */
const RETRY_AFTER = 60;

/** What fetching needs beside the context. */
export interface FetchOptions {
  readonly core: Pick<Core, "database" | "home">;
  readonly links: Links;
  readonly clock: () => Promise<number>;
  /** Called with a run that was queued: this process's runner may want it. */
  readonly queued: (run: string) => Promise<void>;
}

/** The exports of the context's account, as they are fetched. */
export function fetchedExportsOf(context: EngineContext, { core, links, clock, queued }: FetchOptions): FetchedExports {
  const { database, accountId: account } = context;

  return {
    list: async (type) => {
      const { kysely } = database, now = await clock();
      const rows = await enabledRows(kysely, account, now).where("type", "=", type).execute();
      const nameOf = await sourceNames(kysely, account);
      const results = await resultsOf(kysely, account, rows, now);
      return rows.flatMap((row) => {
        const name = nameOf(row);
        return name === undefined ? [] : [viewOf(row, name, results.has(row.id))];
      });
    },

    fetch: async ({ type, source_id, variant, origin, head = false }) => {
      await requireSource(database.kysely, account, { type, source_id });
      if (!(type === "audience-export" ? isIdentifier(variant) : isProfileJob(variant))) {
        throw unknownVariant(type, variant);
      }
      const base = await linkBase(core, origin);
      const found = await database.write(async (transaction) => {
        const now = await clock();
        const row = await findEnabled(transaction, account, { type, source_id, variant }, now);
        if (row === undefined) throw notEnabled();
        const artifact = (await resultsOf(transaction, account, [row], now)).get(row.id);
        const requested = artifact === undefined ? {} : { results_requested: 1 };
        const lapses_at = now + UNREQUESTED;
        if (!head) await keepEnabled(transaction, row, { lapses_at, requested_at: now, ...requested });
        if (artifact === undefined) {
          const failed = await failedLast(transaction, row);
          return {
            failed,
            run: head ? undefined : await queueRefresh(transaction, row, { now: await database.now() }),
          };
        }
        await audit(transaction, context, { action: "link", kind: "artifact", id: artifact.id, label: artifact.name });
        return { artifact: head ? artifact : { ...artifact, expires_at: lapses_at }, until: now + LINK };
      });
      if (found.artifact !== undefined) {
        return { url: base.url + await links.path(context.account.publicId, found.artifact, found.until) };
      }
      if (found.run !== undefined) await queued(found.run);
      return { retryAfter: RETRY_AFTER, failed: found.failed };
    },
  };
}

/** Refuses (`forbidden`) what is another account's, or nobody's. */
async function requireSource(
  executor: Executor,
  account: number,
  { type, source_id }: Pick<FetchInput, "type" | "source_id">,
): Promise<void> {
  const isNumber = /^[1-9]\d{0,8}$/.test(source_id);
  if (type === "audience-export") {
    if (isNumber && (await readAudiences(executor, account)).rows.some(({ id }) => String(id) === source_id)) return;
    throw new Failure("auth", "The API key has no access to this audience", {
      code: "forbidden",
      hint: "Check `audience_id`: `waybill audience list` shows the account's audiences",
    });
  }
  if (isNumber && await findTable(executor, account, source_id) !== undefined) return;
  throw new Failure("auth", "The API key has no access to these profiles", {
    code: "forbidden",
    hint: "Check `profiledb_id`: `waybill table list` and `waybill app list` show the account's",
  });
}

function unknownVariant(type: FetchedType, variant: string): Failure {
  return type === "audience-export"
    ? unknownName("identifier type", variant, IDENTIFIERS)
    : unknownName("job type", variant, PROFILE_JOBS);
}

function notEnabled(): Failure {
  return new Failure("config", "The export is not enabled", {
    code: "not_found",
    hint: "Enable it with `waybill export enable`; one that nobody asked for in 45 days is disabled",
  });
}

function viewOf(row: EnabledExportsTable, name: string, hasResults: boolean): FetchedView {
  return {
    id: row.id,
    name,
    source_type: row.type === "audience-export" ? "audiences" : "profile",
    source_id: row.source_id,
    job_type: row.variant,
    ...(row.requested_at === null ? {} : { last_requested_at: sampleTime(row.requested_at) }),
    ...(hasResults && row.results_at !== null ? { results_generated_at: sampleTime(row.results_at) } : {}),
    results_count: hasResults ? row.results_rows : 0,
    results_expire_at: sampleTime(row.lapses_at ?? 0),
  };
}

/** A time as the samples have it: UTC, in whole seconds. */
function sampleTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
