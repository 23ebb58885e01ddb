/**
 * Which enabled exports have results: a file that was made, and that neither its time nor an erasure has ended.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import type { EnabledExportsTable } from "../../database/tables.ts";
import type { FinishedArtifact } from "../artifacts/make_artifact.ts";
import { wholeSecond } from "./note_results.ts";

/** Keeps an export, and its results, until it lapses at another time. */
export async function keepEnabled(
  executor: Executor,
  { account_id, id, artifact_id }: EnabledExportsTable,
  { lapses_at, ...also }: Partial<EnabledExportsTable> & { readonly lapses_at: number },
): Promise<void> {
  await executor.updateTable("enabled_exports").set({ lapses_at, ...also }).where("account_id", "=", account_id)
    .where("id", "=", id).execute();
  if (artifact_id === null) return;
  await executor.updateTable("artifacts").set({ expires_at: wholeSecond(lapses_at) }).where(
    "account_id",
    "=",
    account_id,
  )
    .where("id", "=", artifact_id).where("ended_at", "is", null).execute();
}

/** The results of those that have some, by the export's id. */
export async function resultsOf(
  executor: Executor,
  account: number,
  rows: readonly EnabledExportsTable[],
  now: number,
): Promise<ReadonlyMap<number, FinishedArtifact>> {
  const ids = rows.flatMap(({ artifact_id }) => artifact_id ?? []);
  if (ids.length === 0) return new Map();
  const artifacts = await executor.selectFrom("artifacts").selectAll().$narrowType<FinishedArtifact>()
    .where("account_id", "=", account).where("id", "in", ids).where("size", "is not", null)
    .where("ended_at", "is", null).where("expires_at", ">", now).execute();
  const byId = new Map(artifacts.map((artifact) => [artifact.id, artifact]));
  return new Map(rows.flatMap(({ id, artifact_id }) => {
    const artifact = byId.get(artifact_id ?? "");
    return artifact === undefined ? [] : [[id, artifact] as const];
  }));
}
