/**
 * What may be enabled for the bulk APIs: an audience by an identifier type, the profiles of a table or their changes, an
 * app's raw logs.
 *
 * @module
 */
import { type Identifier, IDENTIFIERS } from "../../contracts/export_job.ts";
import { Failure } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Executor } from "../../database/database.ts";
import type { AccountSettings } from "../account_settings.ts";
import { requireAppNamed } from "../apps.ts";
import { readAudiences } from "../audience_cache.ts";
import { EVERYBODY } from "../audience_programs.ts";
import type { Scoped } from "../capabilities.ts";
import { requireTable, tableName } from "../profile_tables.ts";
import { CHANGES, type ExportKey } from "./enabled_rows.ts";
import { openSource } from "./open_source.ts";

/** What of a profile table is exported: all profiles, or what changed since it was last asked for. */
export const PROFILE_JOBS = ["profile", CHANGES] as const;

/** One of them. */
export type ProfileJob = typeof PROFILE_JOBS[number];

/** What is to be enabled. */
export type EnableExportInput =
  | {
    readonly type: "audience-export";
    /** Slug or id of the audience. */
    readonly audience: string;
    readonly identifier_type: Identifier;
  }
  | {
    readonly type: "profile-export";
    /** Name or id (`profiledb_id`) of the profile table. */
    readonly table: string;
    readonly job_type: ProfileJob;
  }
  | {
    readonly type: "log-export";
    /** Id or name of the app. */
    readonly app: string;
  };

/** A source that was found. */
export interface FoundSource extends ExportKey {
  readonly name: string;
}

/** Who enables it, of which account. */
export interface SourceReader {
  readonly account: number;
  readonly settings: AccountSettings;
  readonly reader: Scoped;
}

/** Finds what is to be enabled. Failures as those of a job that exports it, with the right of who enables it. */
export async function findSource(
  executor: Executor,
  owner: SourceReader,
  input: EnableExportInput,
): Promise<FoundSource> {
  const { account } = owner;
  switch (input.type) {
    case "audience-export": {
      if (input.audience === EVERYBODY) {
        throw new Failure("config", `The audience "${EVERYBODY}" has no number that it could be fetched by`, {
          hint: "Make an audience with the filter `FILTER *`",
        });
      }
      const identifier = input.identifier_type;
      const { audience } = await openSource(executor, owner, { audience: input.audience, identifier });
      return { type: input.type, source_id: String(audience.id), variant: identifier, name: audience.name };
    }
    case "profile-export": {
      const table = await requireTable(executor, account, input.table);
      const name = await tableName(executor, account, table);
      return { type: input.type, source_id: String(table), variant: input.job_type, name };
    }
    case "log-export": {
      const { id, name } = await requireAppNamed(executor, account, input.app);
      return { type: input.type, source_id: id, variant: "", name };
    }
  }
}

/** The configuration of the runs that make its results. */
export function configOf({ type, source_id, variant }: ExportKey): { readonly [key: string]: JsonValue } {
  return type === "audience-export"
    ? { audience: source_id, identifier_type: variant }
    : { table: source_id, job_type: variant };
}

/** What sources are called, by type and id; those that are not there any more are missing. */
export async function sourceNames(
  executor: Executor,
  account: number,
): Promise<(key: ExportKey) => string | undefined> {
  const { rows } = await readAudiences(executor, account);
  const tables = await executor.selectFrom("profile_tables").select(["id", "name"]).where("account_id", "=", account)
    .execute();
  const apps = await executor.selectFrom("apps").select(["id", "name"]).where("account_id", "=", account).execute();
  const names = {
    "audience-export": new Map(rows.map(({ id, name }) => [String(id), name])),
    "profile-export": new Map(tables.map(({ id, name }) => [String(id), name])),
    "log-export": new Map(apps.map(({ id, name }) => [id, name])),
  };
  return ({ type, source_id }) => names[type].get(source_id);
}

/** Whether a text names an identifier type. */
export function isIdentifier(text: string): text is Identifier {
  return IDENTIFIERS.some((one) => one === text);
}

/** Whether a text names what of a profile table is exported. */
export function isProfileJob(text: string): text is ProfileJob {
  return PROFILE_JOBS.some((one) => one === text);
}
