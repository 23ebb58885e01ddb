/**
 * Compiles comparisons: with a literal once and for all, else value by value.
 *
 * @module
 */
import type { ComparisonOperator, Expression, Scalar } from "./ast.ts";
import { anyMember, compareValues, isEquality, literalTest, timeTest } from "./compare.ts";
import type { Compilation } from "./compile_expression.ts";
import { dateMath } from "./date_math.ts";
import { faultOf } from "./fault.ts";
import type { Compute, Condition, StaticType } from "./scope.ts";
import { decimalOf, hasValue, toTime } from "./values.ts";

const FLIPPED: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  "=": "=",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** Compiles `left operator right`. */
export function compileComparison(
  compilation: Compilation,
  operator: ComparisonOperator,
  left: Expression,
  right: Expression,
): Condition {
  const [a, b] = [compilation.value(left), compilation.value(right)];
  checkComparison(right, a, operator, b.constant, b.type);
  checkComparison(left, b, operator, a.constant, a.type);
  if (b.constant !== undefined) return withLiteral(compilation, operator, left, a.compute, b.constant);
  if (a.constant !== undefined) return withLiteral(compilation, FLIPPED[operator], right, b.compute, a.constant);
  return (scope) => compareValues(operator, a.compute(scope), b.compute(scope));
}

function withLiteral(
  compilation: Compilation,
  operator: ComparisonOperator,
  node: Expression,
  compute: Compute,
  literal: Scalar,
): Condition {
  const timeless = !compilation.noteDate(literal);
  if (operator === "!=") {
    const equal = anyMember(literalTest("=", literal));
    return (scope) => {
      const value = compute(scope);
      return hasValue(value) && !equal(value, timeless ? 0 : scope.at);
    };
  }
  const ofNumber = literalTest(operator, literal), test = anyMember(ofNumber), ofTime = timeTest(operator, literal);
  const field = node.type === "field" && node.path.length === 1 ? node.path[0] : undefined;
  if (field !== undefined && ofTime !== undefined) {
    return (scope) => {
      const when = scope.time === undefined ? NaN : scope.time(field), now = timeless ? 0 : scope.at;
      return Number.isNaN(when) ? test(compute(scope), now) : ofTime(when, now);
    };
  }
  if (field !== undefined && typeof literal === "number") {
    return (scope) => {
      const number = scope.decimal === undefined ? NaN : scope.decimal(field);
      return Number.isNaN(number) ? test(compute(scope), 0) : ofNumber(number, 0);
    };
  }
  // A time that nobody needs would be boxed for each profile.
  return timeless ? (scope) => test(compute(scope), 0) : (scope) => test(compute(scope), scope.at);
}

/**
 * Throws a failure at `node` where what it is can never compare with `other`: true and false by order, a number or time
 * with a text that says none.
 */
export function checkComparison(
  node: Expression,
  other: { readonly type: StaticType },
  operator: ComparisonOperator,
  constant: Scalar | undefined,
  type?: StaticType,
): void {
  if (!isEquality(operator) && (typeof constant === "boolean" || type === "bool")) {
    throw faultOf(node, "true and false have no order", "Compare them with = or !=");
  }
  if (typeof constant !== "string") return;
  if ((other.type === "number" || other.type === "int") && decimalOf(constant) === undefined) {
    throw faultOf(node, `a number never compares with "${shown(constant)}"`, "Write a number");
  }
  if (other.type === "time" && toTime(constant) === undefined && dateMath(constant) === undefined) {
    throw faultOf(node, `"${shown(constant)}" says no time`, 'Write "2026-03-01", "2026-03-01T10:15:00Z" or "now-3d"');
  }
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
