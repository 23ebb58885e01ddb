/**
 * Which part of a configuration may be shown, and which goes to the vault.
 *
 * @module
 */
import type { ConfigSchema } from "../contracts/config.ts";
import type { JsonValue } from "../contracts/records.ts";
import { fieldsOf } from "./fields.ts";

/** A configuration in two: `plain` may be shown, `secrets` never. Keys that are undefined are left out. */
export function splitSecrets(
  schema: ConfigSchema,
  config: Readonly<Record<string, JsonValue | undefined>>,
): { plain: Record<string, JsonValue>; secrets: Record<string, JsonValue> } {
  const secret = new Set(fieldsOf(schema).filter((field) => field.secret).map((field) => field.key));
  const plain: Record<string, JsonValue> = {};
  const secrets: Record<string, JsonValue> = {};
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) (secret.has(key) ? secrets : plain)[key] = value;
  }
  return { plain, secrets };
}
