/**
 * Keeps the file of an export for whoever gets the link.
 *
 * @module
 */
import type { PublishedFile, PublishedFileInput } from "../../contracts/export_job.ts";
import { SYSTEM } from "../actor.ts";
import { ArtifactFiles } from "../artifacts/artifact_files.ts";
import { Links } from "../artifacts/links.ts";
import { type ArtifactCore, type FinishedArtifact, makeArtifact } from "../artifacts/make_artifact.ts";
import { type LinkBase, linkBase } from "../artifacts/public_url.ts";
import type { Claim } from "../claim.ts";

/** Writes a run's file, ends those that the run kept before, and gives the link to it. */
export async function publishExport(
  core: ArtifactCore,
  { account, run }: Claim,
  file: PublishedFileInput,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<PublishedFile> {
  const { database } = core;
  const base = await linkBase(core);
  const context = { database, accountId: account, actor: SYSTEM };
  const made = await makeArtifact(core, context, { kind: "export", run, ...file, signal }, content);
  await endEarlier(core, { account, run, artifact: made.id });
  return await linked(core, account, made, base);
}

/** The file that the run's attempts kept, with the link to it; undefined where it is not there any more. */
export async function publishedExport(
  core: ArtifactCore,
  { account, run }: Claim,
): Promise<PublishedFile | undefined> {
  const { database, home } = core;
  const kept = await database.kysely.selectFrom("artifacts").selectAll().$narrowType<FinishedArtifact>()
    .where("account_id", "=", account).where("run_id", "=", run).where("kind", "=", "export")
    .where("ended_at", "is", null).where("size", "is not", null).where("expires_at", ">", await database.now())
    .orderBy("created_at", "desc").orderBy("id").limit(1).executeTakeFirst();
  if (kept === undefined) return undefined;
  // One that does not lie there as it was written, after a restore perhaps, is none.
  const size = await new ArtifactFiles(home.artifactsDir).size({ account, id: kept.id });
  return size === kept.size ? await linked(core, account, kept, await linkBase(core)) : undefined;
}

async function linked(
  core: ArtifactCore,
  account: number,
  artifact: FinishedArtifact,
  { url, notes }: LinkBase,
): Promise<PublishedFile> {
  const { database } = core;
  const { public_id } = await database.kysely.selectFrom("accounts").select("public_id").where("id", "=", account)
    .executeTakeFirstOrThrow();
  const path = await new Links(core, () => database.now()).path(public_id, artifact);
  const { id, expires_at: expiresAt, size } = artifact;
  return { artifact: id, url: url + path, expiresAt, size, notes };
}

/** What the run's attempts before kept: nobody is to find two files of one run. */
async function endEarlier(
  { database, home }: ArtifactCore,
  { account, run, artifact }: { readonly account: number; readonly run: string; readonly artifact: string },
): Promise<void> {
  const now = await database.now();
  const ended = await database.kysely.updateTable("artifacts").set({ ended_at: now, ended_because: "replaced" })
    .where("account_id", "=", account).where("run_id", "=", run).where("kind", "=", "export")
    .where("id", "!=", artifact).where("ended_at", "is", null).returning("id").execute();
  const files = new ArtifactFiles(home.artifactsDir);
  for (const { id } of ended) await files.remove({ account, id });
}
