/**
 * Removes artifacts that nobody can fetch any more: those that expired, and what crashes left.
 *
 * @module
 */
import type { Database } from "../../database/database.ts";
import { ArtifactFiles, type ArtifactPlace } from "./artifact_files.ts";
import type { ArtifactCore } from "./make_artifact.ts";

/** How long an artifact that has ended is listed, in milliseconds: 30 days. */
const KEEP_ENDED = 30 * 86_400_000;

/** What to sweep. */
export interface ArtifactSweep {
  /** Of this account alone; of every account unless told. */
  readonly account?: number | undefined;
  readonly clock: () => Promise<number>;
}

/** Removes the files of artifacts that have expired, notes that, and gives their ids. */
export async function removeExpired(
  { home, database: { kysely } }: Pick<ArtifactCore, "home" | "database">,
  { account, clock }: ArtifactSweep,
): Promise<string[]> {
  const now = await clock();
  const expired = await kysely.updateTable("artifacts").set({ ended_at: now, ended_because: "expired" })
    .where("ended_at", "is", null).where("expires_at", "<=", now).where("size", "is not", null)
    .$if(account !== undefined, (query) => query.where("account_id", "=", account!))
    .returning(["account_id as account", "id"]).execute();
  const files = new ArtifactFiles(home.artifactsDir);
  for (const place of expired) await files.remove(place);
  return expired.map(({ id }) => id);
}

/** Removes what is to go and gives the ids of the artifacts whose files were. What is being written stays. */
export async function sweepArtifacts(
  { home, database }: Pick<ArtifactCore, "home" | "database">,
  { account, clock }: ArtifactSweep,
): Promise<string[]> {
  const removed = await removeExpired({ home, database }, { account, clock });
  await forgetOld(database, account, await clock());
  const files = new ArtifactFiles(home.artifactsDir);
  for await (const entry of files.entries(account)) {
    const state = await stateOf(database, entry);
    if (state === "ready" || (state !== "ended" && entry.coming)) continue;
    // Finished at this moment, it is no longer found unfinished.
    if (state === "unfinished" && !await forget(database, entry)) continue;
    await files.remove(entry);
    removed.push(entry.id);
  }
  // A file is made before its row: one without is gone for good.
  const unfinished = await database.kysely.selectFrom("artifacts").select(["account_id", "id"])
    .where("size", "is", null).$if(account !== undefined, (query) => query.where("account_id", "=", account!))
    .execute();
  for (const { account_id, id } of unfinished) {
    const place = { account: account_id, id };
    if (await files.size(place) === undefined) await forget(database, place);
  }
  return removed;
}

/** Forgets what ended long ago. */
async function forgetOld({ kysely }: Database, account: number | undefined, now: number): Promise<void> {
  await kysely.deleteFrom("artifacts").where("ended_at", "<=", now - KEEP_ENDED)
    .$if(account !== undefined, (query) => query.where("account_id", "=", account!)).execute();
}

/** What the row of a file says; `none` where there is no row. */
async function stateOf(
  { kysely }: Database,
  { account, id }: ArtifactPlace,
): Promise<"ready" | "ended" | "unfinished" | "none"> {
  const row = await kysely.selectFrom("artifacts").select(["size", "ended_at"]).where("account_id", "=", account)
    .where("id", "=", id).executeTakeFirst();
  if (row === undefined) return "none";
  if (row.ended_at !== null) return "ended";
  return row.size === null ? "unfinished" : "ready";
}

/** Deletes the row of an artifact that was never finished; false where it was meanwhile. */
async function forget({ kysely }: Database, { account, id }: ArtifactPlace): Promise<boolean> {
  const { numDeletedRows } = await kysely.deleteFrom("artifacts").where("account_id", "=", account)
    .where("id", "=", id).where("size", "is", null).executeTakeFirst();
  return numDeletedRows > 0n;
}
