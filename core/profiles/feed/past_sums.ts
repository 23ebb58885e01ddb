/**
 * How the profiles of a followed table were shown before its mappings said otherwise.
 *
 * A sum that no number says exactly is stored as a text and shown as a number. Which fields are sums is the mappings'
 * to say: what was noted under others is shown as those had it, and a profile that is shown otherwise has changed.
 *
 * @module
 */
import { sql } from "kysely";
import type { Executor } from "../../database/database.ts";
import type { ChangeFeedsTable } from "../../database/tables.ts";
import type { Kind } from "../../lql/mod.ts";
import { type GenerationDefinition, summedKindsOf, type Target } from "../mapping.ts";
import { type FeedSource, ShownProfiles } from "./shown_profile.ts";

/** The fields that were sums up to an epoch, and what they held: of what is noted under it, and not under the one before. */
interface PastSums {
  readonly until: number;
  readonly sums: readonly (readonly [field: string, kind: Kind])[];
}

/** Whether two definitions show profiles in the same way, as they are stored. */
export function showAlike(one: GenerationDefinition, other: GenerationDefinition): boolean {
  return JSON.stringify(sumsOf(one)) === JSON.stringify(sumsOf(other));
}

function sumsOf(generation: GenerationDefinition): PastSums["sums"] {
  return [...summedKindsOf(generation)].sort(([one], [other]) => one < other ? -1 : 1);
}

/** Keeps how the current generation shows its profiles, whose place one takes that does not, for what an epoch notes. */
export async function keepSums(executor: Executor, { scope, table, generation }: Target, epoch: number): Promise<void> {
  const past = await pastSums(executor, { scope, table });
  // What the epoch notes is what profiles were when it began.
  if (past.at(-1)?.until === epoch) return;
  await executor.updateTable("change_feeds")
    .set({ past_sums: JSON.stringify([...past, { until: epoch, sums: sumsOf(generation) }]) })
    .where("account_id", "=", scope.account).where("table_id", "=", table).execute();
}

/** By ascending epoch; without those that nothing is kept of. */
async function pastSums(
  executor: Executor,
  { scope, table }: Pick<Target, "scope" | "table">,
): Promise<readonly PastSums[]> {
  // Written out, as what feed.ts asks of the same row.
  const { rows: [row] } = await sql<Pick<ChangeFeedsTable, "past_sums" | "cursor_epoch">>`select past_sums, cursor_epoch
    from change_feeds where account_id = ${scope.account} and table_id = ${table}`.execute(executor);
  const all: readonly PastSums[] = JSON.parse(row?.past_sums ?? "[]");
  return all.filter(({ until }) => until > row!.cursor_epoch);
}

/** How a source's profiles are shown, and how they were. */
export class ShownEver {
  /** How they are. */
  readonly now: ShownProfiles;
  readonly #past: readonly { readonly until: number; readonly shown: ShownProfiles }[];

  private constructor(source: FeedSource, past: readonly PastSums[]) {
    this.now = new ShownProfiles(source);
    this.#past = past.map(({ until, sums }) => ({ until, shown: new ShownProfiles(source, new Map(sums)) }));
  }

  /** Reads it from the state that the profiles are read from. */
  static async read(executor: Executor, source: FeedSource): Promise<ShownEver> {
    return new ShownEver(source, await pastSums(executor, source.target));
  }

  /** How those were shown that an epoch has noted; without an epoch, how they are. */
  at(epoch?: number): ShownProfiles {
    if (epoch === undefined || this.#past.length === 0) return this.now;
    return this.#past.find(({ until }) => epoch <= until)?.shown ?? this.now;
  }
}
