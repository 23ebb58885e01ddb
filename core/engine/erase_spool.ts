/**
 * Removes uploaded files that may hold the erased, whoever else is in them.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { ErasableStore } from "./erasable_stores.ts";
import { sweepSpool } from "./spool_sweep.ts";

/** How long an import of a file is waited for, in milliseconds; then the erasure's run tries again later. */
const PATIENCE = 60_000;
const PAUSE = 250;

/** Uploaded files: those of runs that failed go, and can be sent again; one that is being imported is waited for. */
export const spoolStore: ErasableStore = {
  name: "spool",
  tables: [],
  folders: ["spool"],
  stage: "archive",
  erase: async ({ core, account, signal, position, commit }) => {
    if (position !== undefined) return;
    const { database, home } = core;
    const since = performance.now();
    while (true) {
      await sweepSpool({ home, database }, { account, keepFailed: 0 });
      const left = await database.kysely.selectFrom("uploads").select("run_id").where("account_id", "=", account)
        .where("removed_at", "is", null).limit(1).executeTakeFirst();
      if (left === undefined) break;
      signal.throwIfAborted();
      if (performance.now() - since > PATIENCE) {
        throw new Failure("transient", `An uploaded file is still being imported by run "${left.run_id}"`, {
          hint: "The erasure goes on when that run has ended",
        });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    await commit(() => Promise.resolve({ position: true }));
  },
};
