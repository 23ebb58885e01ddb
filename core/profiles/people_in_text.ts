/**
 * Finds people in texts that no mapping reads (rejected rows, examples, messages) by their identities: as a file may
 * write those, not only as they are normalised.
 *
 * @module
 */
import type { OpenTarget } from "./mapping.ts";
import { type TextPiece, textPieces } from "./text_pieces.ts";

/** People of one profile table. */
export interface SoughtPeople {
  readonly rules: OpenTarget["rules"];
  /** Whether a normalised value of the field, by its place in the rules' `identifyBy`, names one of them. */
  readonly names: (field: number, value: string) => boolean;
}

/** Cells of one event from which its mapping computed an identity: a row that holds them all is about the same person. */
export type RawForm = readonly (readonly [field: string, cell: string])[];

/** From so many characters on, a value is looked for within cells too; a shorter one is many things. */
const LONG = 8;

/** What stands in the place of an identity. */
const GONE = "[erased]";

/** How a text is looked through. */
export interface TextOptions {
  /** A further character that ends cells. */
  readonly delimiter?: string | undefined;
  /** Whether short values are passed over. */
  readonly longOnly?: boolean;
}

/** Looks for people. */
export class PeopleInText {
  /** Cells → the raw forms that they belong to. */
  readonly #cells = new Map<string, number[]>();
  readonly #sizes: readonly number[];

  constructor(private readonly people: readonly SoughtPeople[], forms: readonly RawForm[] = []) {
    this.#sizes = forms.map((form, index) => {
      const cells = new Set(form.map(([, cell]) => folded(cell)));
      for (const cell of cells) this.#cells.set(cell, [...this.#cells.get(cell) ?? [], index]);
      return cells.size;
    });
  }

  /** Whether there is nobody to look for. */
  get isEmpty(): boolean {
    return this.people.length === 0 && this.#sizes.length === 0;
  }

  /**
   * Whether one of them is in a text. Short values (fewer than eight characters, and no `@`) have to be a whole cell:
   * what stands between delimiters, quotes or the text's ends.
   */
  areIn(text: string, options: TextOptions = {}): boolean {
    return readings(text).some((reading) => this.#areIn(reading, options));
  }

  /** The same of bytes, in UTF-8, UTF-16 and what has a character a byte. */
  areInBytes(bytes: Uint8Array, options: TextOptions = {}): boolean {
    return textsOf(bytes).some((text) => this.areIn(text, options));
  }

  /** The text without them. */
  scrub(text: string): string {
    let rest = "", from = 0;
    const hits = Array.from(textPieces(text)).filter((piece) => this.#isOne(piece, false));
    for (const { start, end } of hits.sort((a, b) => a.start - b.start || b.end - a.end)) {
      if (start < from) continue;
      rest += text.slice(from, start) + GONE;
      from = end;
    }
    return rest + text.slice(from);
  }

  #areIn(text: string, { delimiter, longOnly = false }: TextOptions): boolean {
    const seen = new Map<number, Set<string>>();
    for (const piece of textPieces(text, delimiter)) {
      if (this.#isOne(piece, longOnly)) return true;
      if (this.#cells.size === 0) continue;
      const cell = folded(piece.text);
      for (const form of this.#cells.get(cell) ?? []) {
        if ((longOnly || !piece.whole) && !isLong(cell)) continue;
        const cells = seen.get(form) ?? new Set();
        seen.set(form, cells.add(cell));
        if (cells.size === this.#sizes[form]) return true;
      }
    }
    return false;
  }

  #isOne({ text, whole }: TextPiece, longOnly: boolean): boolean {
    return this.people.some(({ rules: { identifyBy, identity }, names }) =>
      identifyBy.some((field, index) => {
        const value = identity.normalise(field, text);
        return value !== undefined && (whole && !longOnly || isLong(value)) && names(index, value);
      })
    );
  }
}

/** A cell as it is compared. */
export function folded(cell: string): string {
  return cell.trim().toLowerCase();
}

/** The character between the names of a file's header; undefined where there is none. */
export function delimiterOf(header: Uint8Array): string | undefined {
  return textsOf(header)[0]?.match(/[^\p{L}\p{N}\s_."'-]|\t/u)?.[0];
}

function isLong(value: string): boolean {
  return value.length >= LONG || value.includes("@");
}

/** A text as it stands, and without the escapes of JSON and of quoted cells. */
function readings(text: string): string[] {
  const all = [text];
  if (text.includes("\\")) {
    all.push(
      text.replaceAll(
        /\\(?:u([0-9a-fA-F]{4})|(.))/g,
        (_, code?: string, character: string = "") =>
          code === undefined ? UNESCAPED[character] ?? character : String.fromCharCode(parseInt(code, 16)),
      ),
    );
  }
  if (text.includes('""')) all.push(text.replaceAll('""', '"'));
  return all;
}

const UNESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/** Bytes in the encodings that they may be in, the likeliest first. */
function textsOf(bytes: Uint8Array): string[] {
  const texts = [];
  try {
    texts.push(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    texts.push(new TextDecoder().decode(bytes), new TextDecoder("latin1").decode(bytes));
  }
  if (!bytes.includes(0)) return texts;
  // A row may begin within a character of two bytes.
  const wide = ["utf-16le", "utf-16be"].flatMap((encoding) =>
    [0, 1].map((start) => new TextDecoder(encoding).decode(bytes.subarray(start)))
  );
  return [...wide, ...texts];
}
