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

/** Where a node was read: a property that comparing, copying and JSON pass over, so that equal texts give equal trees. */
const PLACE: unique symbol = Symbol("place");

/** A node of a syntax tree, or a list in one, whose members each have a place. */
interface Placed {
  readonly [PLACE]?: Place | readonly Place[];
}

/** Remembers where a node of a syntax tree was read. A WeakMap would cost ten times as much on long texts. */
export function setPlace(node: object, text: string, offset: number): void {
  Object.defineProperty(node, PLACE, { value: { text, offset } });
}

/** Remembers where each member of a list was read. */
export function setPlaces(list: object, text: string, offsets: readonly number[]): void {
  Object.defineProperty(list, PLACE, { value: offsets.map((offset) => ({ text, offset })) });
}

/** A failure at the place where the member at `index` of `list` was read. */
export function faultOfMember(list: object & Placed, index: number, what: string, hint?: string): Failure {
  const places = list[PLACE];
  return faultIn(Array.isArray(places) ? places[index] : undefined, what, hint);
}

/** A failure at the place where `node` was read; without one where the tree was not made by the parser. */
export function faultOf(node: object & Placed, what: string, hint?: string): Failure {
  const place = node[PLACE];
  return faultIn(place !== undefined && "text" in place ? place : undefined, what, hint);
}

function faultIn(place: Place | undefined, what: string, hint: string | undefined): Failure {
  if (place !== undefined) return faultAt(place, what, hint);
  return new Failure("config", `${what.slice(0, 1).toUpperCase()}${what.slice(1)}`, hint === undefined ? {} : { hint });
}
