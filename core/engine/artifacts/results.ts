/**
 * The file that a run exported.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { Executor } from "../../database/database.ts";
import { requireCapability } from "../capabilities.ts";
import type { EngineContext } from "../context.ts";
import type { FinishedArtifact } from "./make_artifact.ts";

/** The newest that links open. Failure `not_found` where there is none; `forbidden` where it may hold what nobody may see. */
export async function findResult(
  executor: Executor,
  { accountId, account: { settings }, actor }: Pick<EngineContext, "accountId" | "account" | "actor">,
  run: string,
  now: number,
): Promise<FinishedArtifact> {
  const found = await executor.selectFrom("artifacts").innerJoin(
    "runs",
    (join) => join.onRef("runs.account_id", "=", "artifacts.account_id").onRef("runs.id", "=", "artifacts.run_id"),
  )
    .selectAll("artifacts").select("runs.personal as personal").$narrowType<FinishedArtifact>()
    .where("artifacts.account_id", "=", accountId).where("artifacts.run_id", "=", run)
    .where("artifacts.kind", "=", "export").where("artifacts.size", "is not", null)
    .where("artifacts.ended_at", "is", null).where("artifacts.expires_at", ">", now)
    .orderBy("artifacts.created_at", "desc").orderBy("artifacts.id").limit(1).executeTakeFirst();
  if (found === undefined) {
    throw new Failure("config", `Run "${run}" has no file that can be fetched`, {
      code: "not_found",
      hint: "It is kept for 48 hours, unless an erasure comes; runs with an auth write to where that leads",
    });
  }
  const { personal, ...artifact } = found;
  if (personal === 1 && settings.pii_fields.length > 0) requireCapability(actor, "pii.read");
  return artifact;
}
