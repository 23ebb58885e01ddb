/**
 * What the JSON text of a profile must hold for a filter to hold: a test that a database makes in passing.
 *
 * Where JSON escapes no character by its number (`\u0043`), nor a slash, it spells a string in one way, so that a profile
 * whose field equals `"CH"` has `"CH"` in it, quotes included. What follows from that is necessary, never sufficient:
 * whoever passes is asked the filter itself.
 *
 * @module
 */
import type { Expression, Filter, Scalar } from "./ast.ts";
import { dateMath } from "./date_math.ts";
import { decimalOf, toBoolean } from "./values.ts";

/** What a text must hold that has neither `\u` nor, for a needle with a slash, `\/`. */
export type Needles =
  | { readonly type: "has"; readonly text: string }
  | { readonly type: "and" | "or"; readonly operands: readonly Needles[] };

/** Needles that are worth seeking: each costs a database a look through the whole text. */
const MOST_NEEDLES = 8;

/**
 * What the JSON of a profile must hold, unless it has such escapes, if the filter holds for it; `undefined` where nothing
 * follows from the filter that is worth looking for.
 */
export function needlesOf({ phrase }: Filter): Needles | undefined {
  const needles = necessary(phrase);
  return needles === undefined || countOf(needles) > MOST_NEEDLES ? undefined : needles;
}

function countOf(needles: Needles): number {
  return needles.type === "has" ? 1 : needles.operands.reduce((sum, operand) => sum + countOf(operand), 0);
}

function necessary(node: Expression): Needles | undefined {
  switch (node.type) {
    case "and": {
      const operands = node.operands.flatMap((operand) => necessary(operand) ?? []);
      return operands.length > 1 ? { type: "and", operands } : operands[0];
    }
    case "or":
      return anyOf(node.operands.map(necessary));
    case "comparison":
      if (node.operator !== "=") return undefined;
      if (node.left.type === "field" && node.right.type === "literal") return equal(node.right.value);
      return node.left.type === "literal" && node.right.type === "field" ? equal(node.left.value) : undefined;
    case "in":
    case "intersects":
      return node.negated || node.operand.type !== "field" || "path" in node.set
        ? undefined
        : anyOf(node.set.map(equal));
    case "contains":
      return node.negated || node.operand.type !== "field" ? undefined : part(node.pattern);
    default:
      return undefined;
  }
}

/** One of them must be there, if each of them tells what it needs. */
function anyOf(operands: readonly (Needles | undefined)[]): Needles | undefined {
  const known = operands.filter((operand) => operand !== undefined);
  return known.length < operands.length || known.length > MOST_NEEDLES ? undefined : { type: "or", operands: known };
}

/** A string that nothing but itself equals: no number, no truth, no time. */
function equal(literal: Scalar): Needles | undefined {
  if (typeof literal !== "string" || !isPlain(literal)) return undefined;
  // A time equals however it is written; every text for one begins with the digits of a year, or is date math.
  const isOther = decimalOf(literal) !== undefined || toBoolean(literal) !== undefined ||
    /^\d{4}-\d{2}-\d{2}/.test(literal) || dateMath(literal) !== undefined;
  return isOther ? undefined : { type: "has", text: `"${literal}"` };
}

/** A part of a string or of `true` and `false`; a number may be written in another way than its text. */
function part(pattern: Scalar): Needles | undefined {
  return typeof pattern === "string" && isPlain(pattern) && /[^\d.eE+-]/.test(pattern)
    ? { type: "has", text: pattern }
    : undefined;
}

/** Whether JSON writes the text as it is, and every database can hold it. */
function isPlain(text: string): boolean {
  return text !== "" && text.length <= 200 && !/["\\\p{Cc}]/u.test(text) && text.isWellFormed();
}
