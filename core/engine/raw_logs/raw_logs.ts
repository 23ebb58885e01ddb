/**
 * Raw logs: what `POST /v1/apps/{app_id}/events` and the exports of hours give.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Links } from "../artifacts/links.ts";
import { linkBase } from "../artifacts/public_url.ts";
import { audit } from "../audit.ts";
import { isBulkId } from "../bulk_ids.ts";
import type { EngineContext } from "../context.ts";
import type { Core } from "../core.ts";
import { findEnabled } from "../exports/enabled_rows.ts";
import { isoTime } from "../iso_time.ts";
import type { LogCollector } from "./collector.ts";
import { lockApp } from "./commit_logs.ts";
import { hourNamed, removedAt } from "./hours.ts";
import { fileNameOf, isThere, linkNameOf } from "./log_hours.ts";
import type { RawLogs } from "./views.ts";

/** How long a link is good, in milliseconds: 48 hours. */
const LIFETIME = 48 * 3_600_000;

/** What the raw logs of an account need beside the context. */
export interface RawLogsOptions {
  readonly core: Pick<Core, "database" | "home">;
  readonly collector: LogCollector;
  readonly links: Links;
  readonly clock: () => Promise<number>;
}

/** The raw logs of the context's account. */
export function rawLogsOf(context: EngineContext, { core, collector, links, clock }: RawLogsOptions): RawLogs {
  const { database, accountId: account, actor } = context;
  return {
    collect: async (app, input) => await collector.collect({ account, app }, actor, input),

    link: async ({ app, origin, ...parts }) => {
      const hour = hourNamed(parts);
      if (hour === undefined || !isBulkId(app)) throw notThere();
      const expires = await database.write(async (transaction) => {
        // Whoever adds to the hour has done so, or finds it complete.
        const locked = await lockApp(transaction, database.kind, { account, app });
        const now = await clock();
        const key = { type: "log-export", source_id: app, variant: "" } as const;
        const enabled = await findEnabled(transaction, account, key, now);
        if (locked === undefined || enabled === undefined || !isThere(hour, now)) throw notThere();
        const label = `${locked.name} ${isoTime(hour).slice(0, 13)}`;
        await audit(transaction, context, { action: "link", kind: "app", id: app, label });
        return Math.min(now + LIFETIME, removedAt(hour));
      }, { beside: true });
      const base = await linkBase(core, origin);
      const named = { id: linkNameOf({ app, hour }), name: fileNameOf(hour), expires_at: expires };
      return base.url + await links.path(context.account.publicId, named);
    },
  };
}

/** The one answer, whatever the reason. */
function notThere(): Failure {
  return new Failure("config", "There is no log of this hour", {
    code: "not_found",
    hint: "An hour is there from 10 minutes after its end on, for 30 days, for an app whose log exports are enabled: " +
      "`waybill export list`",
  });
}
