/**
 * How a configuration key is called elsewhere.
 *
 * @module
 */

/** The CLI flag of a key, without its dashes: `private_key` → `private-key`. */
export function flagName(key: string): string {
  return key.replaceAll("_", "-");
}

/** The name for people of a key that declares none: `private_key` → `Private key`. */
export function titleOf(key: string): string {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
