/**
 * Tells the user of a run that it met profiles with too many values of one identity field.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { Target } from "../profiles/mapping.ts";
import { tableName } from "./profile_tables.ts";

/** A sentence for each of the generations in which the run was the first to meet such profiles. */
export async function crowdedNotes(
  executor: Executor,
  run: string,
  targets: readonly Pick<Target, "scope" | "table">[],
): Promise<string[]> {
  const notes: string[] = [];
  for (const { scope: { account, table: generation }, table } of targets) {
    const { count } = await executor.selectFrom("crowded_profiles").select((select) => select.fn.countAll().as("count"))
      .where("account_id", "=", account).where("table_id", "=", generation).where("run_id", "=", run)
      .executeTakeFirstOrThrow();
    if (Number(count) === 0) continue;
    const name = await tableName(executor, account, table);
    const many = Number(count) === 1 ? "1 profile has" : `${count} profiles have`;
    notes.push(
      `${many} gathered more values of one identity field than table "${name}" allows: \`waybill table crowded ${name}\``,
    );
  }
  return notes;
}
