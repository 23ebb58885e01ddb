/**
 * The pieces of a text in which an identity may stand: its cells, its words, and words that stand together.
 *
 * @module
 */

/** A piece of a text, without white space around it. */
export interface TextPiece {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether it is all that stands between two delimiters, quotes or ends of the text. */
  readonly whole: boolean;
}

/** Words of one piece within a cell. */
const MOST_WORDS = 8;
/** Words of one piece that has a delimiter in it: a name such as `Lovelace, Ada`. */
const MOST_ACROSS = 4;
/** What ends a cell, beside the delimiter of the file. */
const DELIMITERS = ",;|\"'`";
/** What, beside white space and delimiters, a word's own punctuation does not reach over. */
const BRACKETS = "<>()[]{}=:/\\";

const WORD = /[\p{L}\p{N}]+/gu;

/**
 * Every piece of a text; some may be given twice. `delimiter` is a further one that ends cells. Bounded: a text of n
 * words has fewer than 40 × n pieces.
 */
export function* textPieces(text: string, delimiter?: string): Generator<TextPiece> {
  const ends = (at: number) => {
    const character = text[at];
    return character === undefined || character < " " || DELIMITERS.includes(character) || character === delimiter;
  };
  yield* cells(text, ends);
  const words = Array.from(text.matchAll(WORD), ({ 0: word, index }) => ({ start: index, end: index + word.length }));
  const parts = words.map(({ start, end }) => ({
    starts: withPunctuation(text, start, -1, ends),
    ends: withPunctuation(text, end, 1, ends),
  }));
  for (let first = 0; first < words.length; first++) {
    let across = false;
    for (let last = first; last < Math.min(words.length, first + (across ? MOST_ACROSS : MOST_WORDS)); last++) {
      for (let at = last === first ? Infinity : words[last - 1]!.end; at < words[last]!.start && !across; at++) {
        across = ends(at) && !isApostrophe(text, at);
      }
      if (across && last >= first + MOST_ACROSS) break;
      for (const start of parts[first]!.starts) {
        for (const end of parts[last]!.ends) {
          yield { text: text.slice(start, end), start, end, whole: isWhole(text, start, end, ends) };
        }
      }
    }
  }
}

/** What stands between two delimiters. */
function* cells(text: string, ends: (at: number) => boolean): Generator<TextPiece> {
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    if (!ends(at)) continue;
    const cell = text.slice(from, at), trimmed = cell.trim();
    const start = from + cell.indexOf(trimmed);
    if (trimmed !== "") yield { text: trimmed, start, end: start + trimmed.length, whole: true };
    from = at + 1;
  }
}

/** A word's end, and that of the punctuation that sticks to it, where something else follows: `_ada`, `#7`. */
function withPunctuation(text: string, edge: number, step: -1 | 1, ends: (at: number) => boolean): number[] {
  const at = (position: number) => step < 0 ? position - 1 : position;
  const stops = (position: number) =>
    ends(at(position)) || /\s/.test(text[at(position)]!) || BRACKETS.includes(text[at(position)]!);
  let far = edge;
  while (!stops(far) && !/[\p{L}\p{N}]/u.test(text[at(far)]!)) far += step;
  return far !== edge && stops(far) ? [edge, far] : [edge];
}

/** Whether it stands within a word, as in `O'Neil`. */
function isApostrophe(text: string, at: number): boolean {
  return text[at] === "'" && /^[\p{L}\p{N}]'[\p{L}\p{N}]/u.test(text.slice(at - 1, at + 2));
}

/** Whether only white space lies between a piece and its cell's ends, or it is a value of its own in JSON. */
function isWhole(text: string, start: number, end: number, ends: (at: number) => boolean): boolean {
  let before = start - 1, after = end;
  while (text[before] === " ") before--;
  while (text[after] === " ") after++;
  const begins = ends(before) || text[before] === "[" || (text[before] === ":" && text[before - 1] === '"');
  return begins && (ends(after) || text[after] === "]" || text[after] === "}");
}
