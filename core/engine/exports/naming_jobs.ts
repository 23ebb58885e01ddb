/**
 * Saved exports that name an audience: it is not taken away from under them.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { Executor } from "../../database/database.ts";
import type { AudienceContext } from "../audience_context.ts";
import type { AudiencePrograms, AudienceRow } from "../audience_programs.ts";
import { may } from "../capabilities.ts";

/** Jobs that a refusal names. */
const MOST_NAMED = 5;

/** What becomes of an audience. */
export interface AudienceMove {
  readonly before: AudiencePrograms;
  /** The audience, as it is in `before`. */
  readonly row: AudienceRow;
  /** Afterwards; without the audience where it is deleted. */
  readonly after: AudiencePrograms;
}

/**
 * Throws a `Failure` `config` (`conflict`) where saved exports name an audience by a slug or id that would not find it
 * afterwards. Whoever may see exports is told their labels, anybody else how many there are.
 */
export async function checkNamingJobs(
  executor: Executor,
  { accountId, registry, actor }: AudienceContext,
  { before, row, after }: AudienceMove,
): Promise<void> {
  const keys = new Map(
    registry.jobs.flatMap((job) => {
      const key = job.direction === "export" ? job.sources?.audience : undefined;
      return key === undefined ? [] : [[job.id, key] as const];
    }),
  );
  if (keys.size === 0) return;
  const jobs = await executor.selectFrom("jobs").select(["type", "label", "config"])
    .where("account_id", "=", accountId).where("type", "in", [...keys.keys()]).orderBy("label").execute();
  const lost = jobs.filter(({ type, config }) => {
    const stored: { readonly [key: string]: JsonValue } = JSON.parse(config);
    const name = stored[keys.get(type) ?? ""];
    return typeof name === "string" && before.find(name) === row && after.find(name)?.id !== row.id;
  }).map(({ label }) => label);
  if (lost.length === 0) return;
  const isKept = after.find(String(row.id)) !== undefined;
  throw new Failure("config", `Audience "${row.slug}" is exported by ${told(lost, may(actor, "export.read"))}`, {
    code: "conflict",
    hint: isKept
      ? `Let the exports name it by its id, ${row.id}, first`
      : "Delete the exports, or give them another audience, first",
  });
}

function told(labels: readonly string[], named: boolean): string {
  const jobs = labels.length === 1 ? "job" : "jobs";
  if (!named) return `${labels.length} ${jobs}`;
  const others = labels.length > MOST_NAMED ? ` and ${labels.length - MOST_NAMED} more` : "";
  return `${jobs} ${labels.slice(0, MOST_NAMED).map((label) => `"${label}"`).join(", ")}${others}`;
}
