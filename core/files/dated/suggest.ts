/**
 * The prefix that a name suggests.
 *
 * @module
 */
import { parseDatedName } from "./name.ts";

/** The text as an expression that matches it and nothing else. */
export function escapePrefix(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

/** The prefix that a name suggests: what stands before its timestamp; undefined for a name without, or none before. */
export function suggestPrefix(name: string, options: { readonly monthFirst?: boolean } = {}): string | undefined {
  const read = parseDatedName(name, options);
  return read.dated && read.start > 0 ? escapePrefix(name.slice(0, read.start)) : undefined;
}
