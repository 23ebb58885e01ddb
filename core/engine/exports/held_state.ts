/**
 * One state of the database, for as long as an export reads it.
 *
 * @module
 */
import type { Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../database/tables.ts";

/** A state of the database that is held. Disposing of it lets it go. */
export interface HeldState extends AsyncDisposable {
  /** Reads that state, whatever is written meanwhile. */
  readonly executor: Transaction<Tables>;
}

/** Holds the state that the database is in. */
export async function holdState(database: Database): Promise<HeldState> {
  const opened = Promise.withResolvers<Transaction<Tables>>();
  const released = Promise.withResolvers<void>();
  const reading = database.read(async (transaction) => {
    // It is the first statement that a state is of.
    await transaction.selectFrom("settings").select("name").limit(1).execute();
    opened.resolve(transaction);
    await released.promise;
  });
  reading.catch(opened.reject);
  return {
    executor: await opened.promise,
    [Symbol.asyncDispose]: async () => {
      released.resolve();
      await reading;
    },
  };
}
