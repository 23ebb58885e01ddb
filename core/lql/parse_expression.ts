/**
 * Parses conditions and the operators in them, loosest first: OR, AND, NOT, comparisons, sums, products.
 *
 * @module
 */
import type { ArithmeticOperator, ComparisonOperator, Expression, Field, Logic, Scalar } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseField, parsePrimary } from "./parse_primary.ts";

const COMPARISONS: Readonly<Record<string, ComparisonOperator>> = {
  "=": "=",
  "==": "=",
  "!=": "!=",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};
const POSTFIX = ["IN", "INTERSECTS", "LIKE", "CONTAINS", "BETWEEN"];

/** Any expression. */
export function parseExpression(cursor: Cursor): Expression {
  cursor.enter();
  const found = parseLogic(cursor, "or");
  cursor.leave();
  return found;
}

function parseLogic(cursor: Cursor, type: Logic["type"]): Expression {
  const start = cursor.token.start;
  const operand = () => type === "or" ? parseLogic(cursor, "and") : parseNot(cursor);
  const first = operand();
  const keyword = type === "or" ? "OR" : "AND";
  if (!cursor.atKeyword(keyword) || startsPhrase(cursor)) return first;
  const operands = [first];
  while (cursor.atKeyword(keyword) && !startsPhrase(cursor)) {
    cursor.take();
    operands.push(operand());
  }
  return cursor.placed({ type, operands }, start);
}

/** Whether a keyword begins the next phrase of a group rather than continuing this one: on a new line, before "(". */
function startsPhrase(cursor: Cursor): boolean {
  return cursor.phrases && cursor.token.newLine && cursor.following().value === "(";
}

function parseNot(cursor: Cursor): Expression {
  const { start } = cursor.token;
  if (!cursor.takeKeyword("NOT")) return parsePredicate(cursor);
  cursor.enter();
  const operand = parseNot(cursor);
  cursor.leave();
  return cursor.placed({ type: "not", operand }, start);
}

function parsePredicate(cursor: Cursor): Expression {
  const { start } = cursor.token;
  if (cursor.atKeyword("AND", "OR")) return parseGroup(cursor);
  if (cursor.takeKeyword("EXISTS")) {
    return cursor.placed({ type: "exists", operand: parsePrimary(cursor, "the name of a field") }, start);
  }
  if (cursor.filter && cursor.takeSign("*")) return { type: "everything" };
  if (cursor.filter && cursor.takeKeyword("INCLUDE")) {
    const at = cursor.start;
    return cursor.placed({ type: "include", slug: cursor.expectSlug("an audience's slug") }, at);
  }
  return parseComparison(cursor);
}

/** `AND (…)` and `OR (…)`: phrases between commas or line breaks. */
function parseGroup(cursor: Cursor): Expression {
  cursor.enter();
  const { start, value } = cursor.take();
  cursor.expectSign("(");
  const outer = cursor.phrases;
  cursor.phrases = true;
  const operands: Expression[] = [];
  do {
    operands.push(parseExpression(cursor));
    const ended = cursor.takeSign(",") || cursor.token.newLine || cursor.atSign(")");
    if (!ended) throw cursor.expected('"," or ")"');
  } while (!cursor.atSign(")"));
  cursor.phrases = outer;
  cursor.take();
  cursor.leave();
  const [only] = operands;
  if (only !== undefined && operands.length === 1) return only;
  return cursor.placed({ type: value === "AND" ? "and" : "or", operands }, start);
}

function parseComparison(cursor: Cursor): Expression {
  const { start } = cursor.token;
  const left = parseSum(cursor);
  const operator = cursor.token.type === "sign" ? COMPARISONS[cursor.token.value] : undefined;
  if (operator !== undefined) {
    cursor.take();
    const right = parseSum(cursor);
    if (cursor.token.type === "sign" && COMPARISONS[cursor.token.value] !== undefined) {
      throw cursor.fault("comparisons do not follow one another", "Write a < b AND b < c");
    }
    return cursor.placed({ type: "comparison", operator, left, right }, start);
  }
  if (cursor.atKeyword("NOT")) {
    const { value } = cursor.following();
    // On a new line of a group, NOT CONTAINS may be the function of the next phrase; the others continue this one.
    const nextPhrase = value === "CONTAINS" && cursor.phrases && cursor.token.newLine;
    if (POSTFIX.includes(value) && !nextPhrase) {
      cursor.take();
      return parsePostfix(cursor, left, true, start);
    }
  }
  return cursor.atKeyword(...POSTFIX) && !startsPhrase(cursor) ? parsePostfix(cursor, left, false, start) : left;
}

function parsePostfix(cursor: Cursor, operand: Expression, negated: boolean, start: number): Expression {
  switch (cursor.take().value) {
    case "IN":
      return cursor.placed({ type: "in", operand, set: parseSet(cursor), negated }, start);
    case "INTERSECTS":
      return cursor.placed({ type: "intersects", operand, set: parseSet(cursor), negated }, start);
    case "LIKE":
      return cursor.placed({ type: "like", operand, pattern: cursor.expectText("a pattern"), negated }, start);
    case "CONTAINS":
      return cursor.placed({ type: "contains", operand, pattern: parseScalar(cursor), negated }, start);
    default: {
      const low = parseSum(cursor);
      cursor.expectKeyword("AND");
      return cursor.placed({ type: "between", operand, low, high: parseSum(cursor), negated }, start);
    }
  }
}

/** `(literal, …)`, a comma after the last allowed, or a field. */
function parseSet(cursor: Cursor): readonly Scalar[] | Field {
  if (cursor.token.type === "name" || cursor.token.type === "quoted") return parseField(cursor);
  if (!cursor.takeSign("(")) throw cursor.expected('"(" and a list of values, or a field');
  const set: Scalar[] = [];
  do set.push(parseScalar(cursor)); while (cursor.takeSign(",") && !cursor.atSign(")"));
  if (!cursor.takeSign(")")) throw cursor.expected('"," or ")"');
  return set;
}

/** A literal, negative numbers included. */
function parseScalar(cursor: Cursor): Scalar {
  const minus = cursor.takeSign("-");
  if (cursor.token.type === "number") return minus ? 0 - Number(cursor.take().value) : Number(cursor.take().value);
  if (minus) throw cursor.expected("a number");
  if (cursor.token.type === "text") return cursor.take().value;
  if (cursor.atKeyword("TRUE", "FALSE")) return cursor.take().value === "TRUE";
  throw cursor.expected("a text in quotes, a number, TRUE or FALSE");
}

/** Sums and what binds closer. */
function parseSum(cursor: Cursor): Expression {
  return parseChain(cursor, ["+", "-"], () => parseChain(cursor, ["*", "/", "%"], () => parseSigned(cursor)));
}

function parseChain(cursor: Cursor, operators: readonly ArithmeticOperator[], next: () => Expression): Expression {
  const { start } = cursor.token;
  const first = next();
  const rest: { operator: ArithmeticOperator; operand: Expression }[] = [];
  const operatorHere = () =>
    cursor.token.type === "sign" ? operators.find((op) => op === cursor.token.value) : undefined;
  for (let operator = operatorHere(); operator !== undefined; operator = operatorHere()) {
    cursor.take();
    rest.push({ operator, operand: next() });
  }
  return rest.length === 0 ? first : cursor.placed({ type: "arithmetic", first, rest }, start);
}

function parseSigned(cursor: Cursor): Expression {
  const { start } = cursor.token;
  if (!cursor.takeSign("-")) return parsePrimary(cursor, "a value");
  if (cursor.token.type === "number") {
    return cursor.placed({ type: "literal", value: 0 - Number(cursor.take().value) }, start);
  }
  cursor.enter();
  const operand = parseSigned(cursor);
  cursor.leave();
  return cursor.placed({ type: "negation", operand }, start);
}
