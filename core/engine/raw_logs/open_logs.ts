/**
 * What an export of raw logs reads: an app's hours, for whoever has the right.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { LogApp, LogHours, LogSource, LogSpan } from "../../contracts/log_export_job.ts";
import type { Executor } from "../../database/database.ts";
import { requireAppNamed } from "../apps.ts";
import { may, type Scoped, scopesWith } from "../capabilities.ts";
import type { Core } from "../core.ts";
import { isoTime } from "../iso_time.ts";
import { lockApp } from "./commit_logs.ts";
import { completeAt, HOUR, hourOf, removedAt } from "./hours.ts";
import { eventsIn, isThere, openHour } from "./log_hours.ts";

/** Whose raw logs are exported, and who asks for them. */
export interface LogOwner {
  readonly account: number;
  /** Whoever's right counts: who configures the job, or has done so. */
  readonly reader: Scoped;
  /** Whether that is who saved the job, and not who asks. */
  readonly saved?: boolean;
}

/**
 * Finds the app that a source names. Failures: `config` (`not_found`) for one that is not there, `auth` (`forbidden`) for
 * a reader who may not see personal fields.
 */
export async function openLogs(
  executor: Executor,
  { account, reader, saved = false }: LogOwner,
  { app }: LogSource,
): Promise<LogApp> {
  if (!may(reader, "pii.read")) {
    const scopes = scopesWith("pii.read").join(", ");
    throw new Failure(
      "auth",
      `Raw logs tell of people, and ${saved ? "whoever saved the job" : "the API token"} lacks "pii.read"`,
      {
        code: "forbidden",
        hint: saved
          ? `Have the job saved again, with its options, by somebody who has it: ${scopes}`
          : `Use a token with one of the scopes that have it: ${scopes}`,
      },
    );
  }
  const { id, name } = await requireAppNamed(executor, account, app);
  return { id, name };
}

/** The hours that are kept and complete at a time. */
export function spanAt(now: number): LogSpan {
  return { oldest: hourOf(now - removedAt(0)) + HOUR, newest: hourOf(now - completeAt(0)) };
}

/** The hours of an app, as they are at a time. */
export function logHours(
  core: Pick<Core, "archive" | "database">,
  account: number,
  app: string,
  now: number,
): LogHours {
  const { database } = core;
  return {
    ...spanAt(now),
    open: async (hour) => {
      if (hour !== hourOf(hour) || !isThere(hour, await database.now())) throw notThere(hour);
      // Whoever adds to the hour has done so, or finds it complete.
      const locked = await database.write(
        (transaction) => lockApp(transaction, database.kind, { account, app }),
        { beside: true },
      );
      if (locked === undefined) throw notThere(hour);
      const place = { account, app, hour };
      const { size, read } = await openHour(core, place);
      return { events: await eventsIn(database.kysely, place), size, content: await read(0, size) };
    },
  };
}

function notThere(hour: number): Failure {
  const name = Number.isFinite(hour) ? isoTime(hour).slice(0, 13) : String(hour);
  return new Failure("config", `There is no log of the hour ${name}`, {
    code: "not_found",
    hint: "An hour is there from 10 minutes after its end on, for 30 days",
  });
}
