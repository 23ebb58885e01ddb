/**
 * Identities whose data is refused: those of people who are being erased, and of such as are to stay away.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { identityKey } from "./identity.ts";
import type { OpenTarget } from "./mapping.ts";

/** An identity's key as the table of erased ones has it: 16 hex digits. Undefined for a field that does not identify. */
export function erasedKey(
  { hashers }: Pick<OpenTarget, "hashers">,
  field: string,
  normalised: string,
): string | undefined {
  const hasher = hashers.find((hasher) => hasher.field === field);
  return hasher === undefined ? undefined : identityKey(hasher, normalised, 0).toString(16).padStart(16, "0");
}

/** Whether data for an identity is refused: nobody finds its profile either. */
export async function isErased(
  executor: Executor,
  target: OpenTarget,
  field: string,
  normalised: string,
): Promise<boolean> {
  const key = erasedKey(target, field, normalised);
  if (key === undefined) return false;
  const row = await executor.selectFrom("erased_identities").select("key")
    .where("account_id", "=", target.scope.account).where("table_id", "=", target.table).where("key", "=", key)
    .limit(1).executeTakeFirst();
  return row !== undefined;
}
