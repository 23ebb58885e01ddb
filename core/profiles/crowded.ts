/**
 * Profiles that gathered too many values of one identity field: most likely a value that many share has joined people.
 *
 * They are remembered by id alone. Their values are read from the profile, so that what is erased there is nowhere else.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { ProfileScope } from "./statements.ts";

/** A profile, and the identity field of which it holds too many values. */
export interface CrowdedProfile {
  readonly id: number;
  readonly field: string;
}

/** Rows that one statement adds. */
const AT_ONCE = 500;

/** Remembers crowded profiles with the run that first met them so, in the transaction that made them so. */
export async function noteCrowded(
  transaction: Executor,
  { account, table }: ProfileScope,
  run: string,
  crowded: readonly CrowdedProfile[],
): Promise<void> {
  for (let first = 0; first < crowded.length; first += AT_ONCE) {
    await transaction.insertInto("crowded_profiles")
      .values(
        crowded.slice(first, first + AT_ONCE).map(({ id, field }) => ({
          account_id: account,
          table_id: table,
          id,
          field,
          run_id: run,
        })),
      )
      .onConflict((conflict) => conflict.columns(["account_id", "table_id", "id", "field"]).doNothing()).execute();
  }
}
