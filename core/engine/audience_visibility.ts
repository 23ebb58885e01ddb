/**
 * Who may ask what a filter tells: one that reads a personal field tells of its values.
 *
 * @module
 */
import { type AccountSettings, requireVisible } from "./account_settings.ts";
import type { Scoped } from "./capabilities.ts";

/** Refuses (`forbidden`) a filter over fields that somebody may not see; `undefined` may be any. */
export function requireFieldsVisible(
  who: Scoped,
  settings: Pick<AccountSettings, "pii_fields">,
  fields: readonly string[] | undefined,
): void {
  for (const field of fields ?? settings.pii_fields) requireVisible(who, settings, field);
}
