/**
 * Removes uploaded files that may hold the erased, whoever else is in them.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { ErasableStore, EraseContext } from "./erasable_stores.ts";
import { Spool } from "./spool.ts";
import { sweepSpool } from "./spool_sweep.ts";
import { WaitsForRun } from "./task.ts";

/** How long uploads are waited for, in milliseconds. */
export interface SpoolPatience {
  /** For files that are coming in; then they are cut off. */
  readonly coming: number;
  /** For runs that import one; then the erasure's run makes room for others, and comes again. */
  readonly importing: number;
}

const PATIENCE: SpoolPatience = { coming: 600_000, importing: 5_000 };
const PAUSE = 250;

/** The uploads that there were when the store was come to: what comes later is new data. */
interface Position {
  readonly runs: readonly string[];
  readonly since: number;
}

/**
 * Uploaded files: those of runs that failed go, and can be sent again, and so do those that a crash cut off; one that is
 * being imported, or still coming in, is waited for.
 */
export function spoolStoreOf(patience: SpoolPatience = PATIENCE): ErasableStore {
  return {
    name: "spool",
    tables: [],
    folders: ["spool"],
    stage: "arriving",
    erase: (context) => erase(context, patience),
  };
}

async function erase(context: EraseContext, patience: SpoolPatience): Promise<void> {
  const { core, account, position, signal, commit } = context;
  if (position === true) return;
  const { home, database } = core;
  const spool = new Spool(home.spoolDir);
  const { runs, since } = position === undefined ? await begin(context) : position as unknown as Position;
  let idle = performance.now();
  while (true) {
    await sweepSpool({ home, database }, { account, keepFailed: 0 });
    const { coming, kept } = await uploadsOf(context, runs);
    if (coming.length + kept.length === 0) break;
    signal.throwIfAborted();
    if (coming.length > 0) {
      if (await database.now() - since > patience.coming) {
        for (const run of coming) await spool.remove({ account, run });
      }
      idle = performance.now();
    } else if (performance.now() - idle > patience.importing) {
      throw new WaitsForRun("transient", `An uploaded file is not imported yet by run "${kept[0]}"`, {
        hint: `Where no server executes runs: \`waybill run retry ${
          kept[0]
        }\`, then \`waybill run retry ${context.run}\``,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  await commit(() => Promise.resolve({ position: true }));
}

async function begin(context: EraseContext): Promise<Position> {
  const { coming, kept } = await uploadsOf(context);
  const position: Position = { runs: [...coming, ...kept], since: await context.core.database.now() };
  await context.commit(() => Promise.resolve({ position: position as unknown as JsonValue }));
  return position;
}

/** The runs whose files are coming in or kept, among `runs` where those are given. */
async function uploadsOf(
  { core: { home, database }, account }: EraseContext,
  runs?: readonly string[],
): Promise<{ readonly coming: readonly string[]; readonly kept: readonly string[] }> {
  const coming: string[] = [];
  for await (const entry of new Spool(home.spoolDir).entries()) {
    if (entry.account === account && entry.coming) coming.push(entry.run);
  }
  // After the spool: what has come in meanwhile is among them.
  const rows = await database.kysely.selectFrom("uploads").select("run_id").where("account_id", "=", account)
    .where("removed_at", "is", null).execute();
  const wanted = (run: string) => runs?.includes(run) ?? true;
  return { coming: coming.filter(wanted), kept: rows.map(({ run_id }) => run_id).filter(wanted) };
}
