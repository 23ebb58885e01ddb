/**
 * Removes raw logs whose 30 days are over, those of apps that are gone, and keys of batches whose day is over.
 *
 * @module
 */
import { join } from "node:path";
import type { Core } from "../core.ts";
import { namesIn, unlessMissing } from "../stored_files.ts";
import { KEEP_KEYS } from "./collector.ts";
import { logFolder } from "./commit_logs.ts";
import { HOUR, removedAt } from "./hours.ts";

/** How long a day is, in milliseconds. */
const DAY = 24 * HOUR;

/** Gives the number of files that are gone. */
export async function sweepLogs(
  { archive, database }: Pick<Core, "archive" | "database">,
  clock: () => Promise<number>,
): Promise<number> {
  const { kysely } = database;
  const now = await clock();
  await kysely.deleteFrom("log_batches").where("created_at", "<=", now - KEEP_KEYS).execute();
  const last = now - removedAt(0);
  // Looked first: most sweeps find nothing, and a statement that writes waits for imports.
  const over = kysely.selectFrom("segments").select("id").where("kind", "=", "logs").where("hour", "<=", last);
  const gone = await over.limit(1).executeTakeFirst() === undefined
    ? []
    : await kysely.deleteFrom("segments").where("kind", "=", "logs").where("hour", "<=", last)
      .returning("path").execute();
  // Noted first: what a crash leaves goes with its day.
  for (const { path } of gone) archive.remove(path);
  for (const account of await namesIn(archive.folder)) {
    const root = join(archive.folder, logFolder(Number(account)));
    const folders = await namesIn(root);
    if (folders.length === 0) continue;
    // Behind the folders: an app that is made meanwhile has none among them.
    const apps = await kysely.selectFrom("apps").select("id").where("account_id", "=", Number(account)).execute();
    const known = new Set(apps.map(({ id }) => id));
    for (const app of folders) {
      const days = await namesIn(join(root, app));
      for (const day of known.has(app) ? days.filter((day) => Date.parse(day) + DAY - HOUR <= last) : days) {
        await Deno.remove(join(root, app, day), { recursive: true }).catch(unlessMissing);
      }
      if (!known.has(app)) await Deno.remove(join(root, app)).catch(unlessMissing);
    }
  }
  return gone.length;
}
