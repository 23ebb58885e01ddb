/**
 * Names and texts as they stand in a mapping or filter.
 *
 * @module
 */
import { BARE_NAME, KEYWORDS, SLUG } from "./tokens.ts";

function isWhole(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.exec(text)?.[0] === text && !KEYWORDS.has(text.toUpperCase());
}

/** A field's name: bare where it can be, else in back-ticks. A name is not empty. */
export function quoteName(name: string): string {
  return isWhole(BARE_NAME, name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

/** The name of a stream, table or audience: bare where it can be, else in back-ticks. */
export function quoteSlug(name: string): string {
  return isWhole(SLUG, name) ? name : `\`${name.replaceAll("`", "``")}\``;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", '"': '\\"' };

/** A text in double quotes. */
export function quoteString(text: string): string {
  return `"${text.replace(/[\n\t\r\\"]/g, (character) => ESCAPES[character] ?? character)}"`;
}
