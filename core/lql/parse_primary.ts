/**
 * Parses what operators stand between: literals, fields, functions, parentheses.
 *
 * @module
 */
import type { Expression, Field } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { wordAt } from "./lexer.ts";
import { type Kind, kindNamed, KINDS } from "./kinds.ts";
import { parseExpression } from "./parse_expression.ts";
import { nearest } from "../describe/nearest.ts";

const KIND_WORD = /[A-Za-z[\]]+/y;
/** Keywords that are functions, too, where a value is expected and "(" follows. */
const FUNCTION_KEYWORDS = ["IF", "CONTAINS"];

/** A literal, field, function or something in parentheses; `what` names it in errors. */
export function parsePrimary(cursor: Cursor, what: string): Expression {
  const { type, start } = cursor.token;
  if (type === "number") return cursor.placed({ type: "literal", value: Number(cursor.take().value) }, start);
  if (type === "text") return cursor.placed({ type: "literal", value: cursor.take().value }, start);
  if (cursor.atKeyword("TRUE", "FALSE")) {
    return cursor.placed({ type: "literal", value: cursor.take().value === "TRUE" }, start);
  }
  if (cursor.atKeyword("NULL")) {
    throw cursor.fault(
      "NULL is no value",
      "Write EXISTS x or NOT EXISTS x; a field named like it stands in back-ticks: `null`",
    );
  }
  if (cursor.takeSign("(")) return parseParentheses(cursor);
  if (type === "name" || type === "quoted") {
    const field = parseField(cursor);
    return type === "name" && cursor.atSign("(") ? parseCall(cursor, field.path.join("."), start) : field;
  }
  if (cursor.atKeyword(...FUNCTION_KEYWORDS) && cursor.following().value === "(") {
    return parseCall(cursor, cursor.take().value, start);
  }
  throw cursor.expected(what);
}

function parseParentheses(cursor: Cursor): Expression {
  const outer = cursor.phrases;
  cursor.phrases = false;
  const inner = parseExpression(cursor);
  cursor.phrases = outer;
  if (!cursor.takeSign(")")) throw cursor.expected('an operator or ")"');
  return inner;
}

/** `name`, `name.name`, either part in back-ticks. */
export function parseField(cursor: Cursor): Field {
  const { start } = cursor.token;
  const path = [cursor.take().value];
  while (cursor.takeSign(".")) {
    // After a dot, a keyword is a name as any other.
    const { type, start, end } = cursor.token;
    if (type !== "name" && type !== "quoted" && type !== "keyword") throw cursor.expected("a name");
    path.push(type === "keyword" ? cursor.text.slice(start, end) : cursor.token.value);
    cursor.take();
  }
  return cursor.placed({ type: "field", path }, start);
}

function parseCall(cursor: Cursor, written: string, start: number): Expression {
  const name = written.toLowerCase();
  const outer = cursor.phrases;
  cursor.phrases = false;
  cursor.expectSign("(");
  if (name === "cast") return parseCast(cursor, start, outer);
  const args: Expression[] = [];
  if (!cursor.atSign(")")) {
    do args.push(parseExpression(cursor)); while (cursor.takeSign(","));
  }
  cursor.phrases = outer;
  if (!cursor.takeSign(")")) throw cursor.expected('an operator, "," or ")"');
  return cursor.placed({ type: "call", name, args }, start);
}

function parseCast(cursor: Cursor, start: number, outer: boolean): Expression {
  const operand = parseExpression(cursor);
  cursor.expectKeyword("AS");
  const kind = parseKind(cursor);
  cursor.phrases = outer;
  cursor.expectSign(")");
  return cursor.placed({ type: "cast", operand, kind }, start);
}

/** The name of a kind, in any case. */
export function parseKind(cursor: Cursor): Kind {
  const kind = kindNamed(cursor.takeWord(KIND_WORD, (word) => kindNamed(word) !== undefined));
  if (kind !== undefined) return kind;
  const word = wordAt(cursor.text, cursor.token.start, KIND_WORD);
  const meant = word === "" ? undefined : nearest(word, Object.keys(KINDS));
  throw cursor.expected(
    `a kind: ${Object.keys(KINDS).join(", ")}`,
    meant === undefined ? undefined : `Did you mean ${meant}?`,
  );
}
