/**
 * Random mappings, filters and profiles.
 *
 * @module
 */
import fc from "fast-check";
import type { JsonValue } from "../contracts/records.ts";
import type { ArithmeticOperator, Column, ComparisonOperator, Expression, Filter, Mapping, Scalar } from "./ast.ts";
import { type Kind, KINDS, MERGE_OPS, type MergeOp } from "./kinds.ts";

const KIND_NAMES = Object.keys(KINDS) as Kind[];
const MERGE_NAMES = Object.keys(MERGE_OPS) as MergeOp[];
const COMPARISONS: readonly ComparisonOperator[] = ["=", "!=", "<", "<=", ">", ">="];

/** Names of all sorts: bare, keywords, with dots, quotes, line breaks. */
export const names: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "email",
    "x",
    "From",
    "and",
    "__proto__",
    "a.b",
    "é1",
    "E-Mail Address",
    "constructor",
    "1st",
    "null",
  ),
  fc.string({ minLength: 1, maxLength: 6, unit: "grapheme" }),
);

/** Literals; numbers are such as can be written. */
export const scalars: fc.Arbitrary<Scalar> = fc.oneof(
  fc.string({ maxLength: 8, unit: "grapheme" }),
  fc.constantFrom("", "a\nb", 'q"q', "b\\b", "now-3d", "2026-03-01"),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.maxSafeInteger().map((number) => number + 0),
  fc.boolean(),
);

const field = fc.array(names, { minLength: 1, maxLength: 3 }).map((path): Expression & { type: "field" } => ({
  type: "field",
  path,
}));
const negated = fc.boolean();

function operandsOf(inner: fc.Arbitrary<Expression>, minLength: number) {
  return fc.array(inner, { minLength, maxLength: 3 });
}

function arithmetic(
  inner: fc.Arbitrary<Expression>,
  operators: readonly ArithmeticOperator[],
): fc.Arbitrary<Expression> {
  const rest = fc.array(fc.record({ operator: fc.constantFrom(...operators), operand: inner }), {
    minLength: 1,
    maxLength: 3,
  });
  return fc.record({ type: fc.constant("arithmetic" as const), first: inner, rest });
}

/** Expressions, those that stand in filters only among them if `filter`. */
export function expressions(filter: boolean): fc.Arbitrary<Expression> {
  const leaves: fc.Arbitrary<Expression>[] = [scalars.map((value): Expression => ({ type: "literal", value })), field];
  if (filter) {
    leaves.push(fc.constant({ type: "everything" }), names.map((slug): Expression => ({ type: "include", slug })));
  }
  return fc.letrec<{ node: Expression }>((tie) => {
    const node = tie("node");
    return {
      node: fc.oneof(
        { maxDepth: 4, depthSize: "small" },
        ...leaves,
        fc.record({
          type: fc.constant("call" as const),
          name: fc.constantFrom("tolower", "hash.md5", "if", "contains", "unknown"),
          args: fc.array(node, { maxLength: 3 }),
        }),
        fc.record({ type: fc.constant("cast" as const), operand: node, kind: fc.constantFrom(...KIND_NAMES) }),
        fc.record({ type: fc.constant("negation" as const), operand: node }),
        arithmetic(node, ["+", "-"]),
        arithmetic(node, ["*", "/", "%"]),
        fc.record({ type: fc.constantFrom("and" as const, "or" as const), operands: operandsOf(node, 2) }),
        fc.record({ type: fc.constantFrom("not" as const, "exists" as const), operand: node }),
        fc.record({
          type: fc.constant("comparison" as const),
          operator: fc.constantFrom(...COMPARISONS),
          left: node,
          right: node,
        }),
        fc.record({
          type: fc.constantFrom("in" as const, "intersects" as const),
          operand: node,
          set: fc.oneof(fc.array(scalars, { minLength: 1, maxLength: 3 }), field),
          negated,
        }),
        fc.record({ type: fc.constant("like" as const), operand: node, pattern: fc.string(), negated }),
        fc.record({ type: fc.constant("contains" as const), operand: node, pattern: scalars, negated }),
        fc.record({ type: fc.constant("between" as const), operand: node, low: node, high: node, negated }),
      ),
    };
  }).node;
}

/** Filters. */
export const filters: fc.Arbitrary<Filter> = fc.record(
  { phrase: expressions(true), table: names, alias: names },
  { requiredKeys: ["phrase"] },
);

const columns: fc.Arbitrary<Column> = fc.record({
  expression: expressions(false),
  name: names,
  condition: expressions(false),
  shortDesc: fc.string(),
  longDesc: fc.string({ unit: "grapheme" }),
  kind: fc.constantFrom(...KIND_NAMES),
  merge: fc.constantFrom(...MERGE_NAMES),
}, { requiredKeys: ["expression"] });

/** Mappings, most of them without sense. */
export const mappings: fc.Arbitrary<Mapping> = fc.record({
  columns: fc.array(columns, { minLength: 1, maxLength: 4 }),
  stream: names,
  table: names,
  identifyBy: fc.array(names, { minLength: 1, maxLength: 3 }),
  where: expressions(false),
  alias: names,
}, { requiredKeys: ["columns", "stream", "table", "identifyBy"] });

/** Values that profile fields hold. */
export const fieldValues: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom<JsonValue>(
    "a",
    "b",
    "10",
    "9",
    "9.0",
    "true",
    "2026-03-01T00:00:00.000Z",
    "2026-03-02",
    9,
    10,
    -1,
    true,
    false,
  ),
  fc.constantFrom<JsonValue>("", null, "1772323200", 1772323200),
  fc.array(fc.constantFrom<JsonValue>("a", "b", "9", 9, true), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "b", "9", "__proto__"), fc.constantFrom<JsonValue>(1, "x"), { maxKeys: 2 }),
);
