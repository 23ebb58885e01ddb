/**
 * Errors that show where in a text they lie.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** A place in a text. */
export interface Place {
  /** The whole text. */
  readonly text: string;
  /** The offset, in UTF-16 units. */
  readonly offset: number;
}

/** The most characters of a line that are shown. */
const SHOWN = 76;

/**
 * A failure of kind `config` at a place. Its message has three lines: `Line 2, column 8: what is wrong`, the line of the
 * text, and a caret under the place. A long line is cut around the place. Lines and columns count from 1, columns in
 * characters.
 */
export function faultAt({ text, offset }: Place, what: string, hint?: string): Failure {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const start = before.lastIndexOf("\n") + 1;
  const end = text.indexOf("\n", offset);
  const left = [...visible(text.slice(start, offset))];
  const right = [...visible(text.slice(offset, Math.min(end < 0 ? text.length : end, offset + 2 * SHOWN)))];
  const from = left.length > SHOWN - 20 ? left.length - (SHOWN - 40) : 0;
  const until = SHOWN - (left.length - from);
  const shown = (from > 0 ? "…" : "") + [...left.slice(from), ...right.slice(0, until)].join("") +
    (right.length > until ? "…" : "");
  const caret = " ".repeat(left.length - from + (from > 0 ? 1 : 0)) + "^";
  const message = `Line ${line}, column ${left.length + 1}: ${what}\n  ${shown.trimEnd()}\n  ${caret}`;
  return new Failure("config", message, hint === undefined ? {} : { hint });
}

/** Every character as one that takes one place. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
}

const places = new WeakMap<object, Place>();
const lists = new WeakMap<object, readonly Place[]>();

/** Remembers where a node of a syntax tree was read. Kept beside the tree, so that equal texts give equal trees. */
export function setPlace(node: object, text: string, offset: number): void {
  places.set(node, { text, offset });
}

/** Remembers where each member of a list was read. */
export function setPlaces(list: object, text: string, offsets: readonly number[]): void {
  lists.set(list, offsets.map((offset) => ({ text, offset })));
}

/** A failure at the place where the member at `index` of `list` was read. */
export function faultOfMember(list: object, index: number, what: string, hint?: string): Failure {
  return faultIn(lists.get(list)?.[index], what, hint);
}

/** A failure at the place where `node` was read; without one where the tree was not made by the parser. */
export function faultOf(node: object, what: string, hint?: string): Failure {
  return faultIn(places.get(node), what, hint);
}

function faultIn(place: Place | undefined, what: string, hint: string | undefined): Failure {
  if (place !== undefined) return faultAt(place, what, hint);
  return new Failure("config", `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`, hint === undefined ? {} : { hint });
}
