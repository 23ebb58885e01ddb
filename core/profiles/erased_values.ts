/**
 * Finds erased values in texts and raw bytes, whatever the case, as words of their own.
 *
 * @module
 */

/** Values that one expression looks for: thousands in one compile slowly. */
const AT_ONCE = 500;

/** What stands in the place of an erased value. */
const GONE = "[erased]";

/** Looks for values. */
export class ErasedValues {
  readonly #patterns: readonly RegExp[];

  constructor(values: Iterable<string>) {
    const list = [...new Set(values)].sort((a, b) => b.length - a.length);
    const patterns: RegExp[] = [];
    for (let first = 0; first < list.length; first += AT_ONCE) {
      const words = list.slice(first, first + AT_ONCE).map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
      patterns.push(new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join("|")})(?![\\p{L}\\p{N}])`, "giu"));
    }
    this.#patterns = patterns;
  }

  /** Whether one of the values stands in a text. */
  occursIn(text: string): boolean {
    return this.#patterns.some((pattern) => text.search(pattern) >= 0);
  }

  /** Whether one of the values stands in bytes, in whichever of the encodings that imports read. */
  occursInBytes(bytes: Uint8Array): boolean {
    if (this.occursIn(new TextDecoder().decode(bytes)) || this.occursIn(new TextDecoder("latin1").decode(bytes))) {
      return true;
    }
    if (!bytes.includes(0)) return false;
    // A row may begin within a character of two bytes.
    return ["utf-16le", "utf-16be"].some((encoding) =>
      [0, 1].some((start) => this.occursIn(new TextDecoder(encoding).decode(bytes.subarray(start))))
    );
  }

  /** The text without the values. */
  scrub(text: string): string {
    return this.#patterns.reduce((rest, pattern) => rest.replaceAll(pattern, GONE), text);
  }
}
