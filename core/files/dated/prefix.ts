/**
 * Prefixes of names: expressions of a user's, which end at once on any name.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** A compiled prefix. */
export interface Prefix {
  /** As it was given. */
  readonly source: string;
  /** Whether it matches the whole of `text`. */
  matches(text: string): boolean;
}

/** Longest expression, in characters. */
const LONGEST = 500;

/**
 * Compiles an expression in RE2 syntax. It takes time linear in the length of a name, whatever it is. Throws a `Failure`
 * of kind `config` that says where an expression is wrong.
 */
export async function compilePrefix(source: string): Promise<Prefix> {
  if (source.length > LONGEST) {
    throw new Failure("config", `The prefix has ${source.length} characters, and more than ${LONGEST} are too many`, {
      hint: "Give what the names have in common, such as `orders_`",
    });
  }
  // Loaded when the first prefix is there: start-up does not wait for it.
  const { RE2JS, RE2JSSyntaxException } = await import("re2js");
  try {
    const expression = RE2JS.compile(source);
    return { source, matches: (text) => expression.matches(text) };
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const piece = error.getPattern() ?? "";
    const at = positionOf(source, piece);
    throw new Failure("config", `The prefix "${source}" is wrong at character ${at + 1}: ${error.getDescription()}`, {
      hint: /perl|escape/i.test(error.getDescription())
        ? "It is a regular expression in RE2 syntax, without look-around and back references"
        : 'Put a \\ before a character that stands for itself: ".", "(", "[", "+" and the like',
      cause: error,
    });
  }
}

/** Where the piece stands that an error names; of a bracket that stays open, where it opens. */
function positionOf(source: string, piece: string): number {
  if (piece !== source) return Math.max(source.lastIndexOf(piece), 0);
  const open: number[] = [];
  let inClass = false;
  for (let index = 0; index < source.length; index++) {
    const character = source[index];
    if (character === "\\") index++;
    else if (inClass) inClass = character !== "]";
    else if (character === "[") inClass = true;
    else if (character === "(") open.push(index);
    else if (character === ")" && open.pop() === undefined) return index;
  }
  return open.at(-1) ?? 0;
}
