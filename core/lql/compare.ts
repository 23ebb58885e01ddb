/**
 * How two values compare.
 *
 * @module
 */
import type { ComparisonOperator, Scalar } from "./ast.ts";
import { dateMath } from "./date_math.ts";
import {
  compareTexts,
  decimalOf,
  hasValue,
  isList,
  membersOf,
  Moment,
  toBoolean,
  toDecimal,
  toText,
  toTime,
  type Value,
} from "./values.ts";

/** Holds a value against something; `now` in milliseconds is for date math. */
export type Test = (value: Value, now: number) => boolean;

/** A text that says a time as people write one into a filter. */
const DATE = /^\d{4}-\d{2}-\d{2}/;

/** Whether `order`, negative, zero, positive or NaN for what has no order, fits the operator. */
function fits(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
  }
}

/** The difference of two numbers as an order; NaN where either is missing. */
function difference(a: number | undefined, b: number | undefined): number {
  return a === undefined || b === undefined ? NaN : a - b;
}

/**
 * The order of two single values; NaN where they have none, so that only `!=` holds.
 *
 * A time with anything: as times. A number with anything: as numbers. A truth with anything: equal or not. Two texts:
 * by `<` and its kin as numbers if both are decimals, else by code points; by `=` and `!=` exactly.
 */
export function orderOf(a: Value, b: Value, equality: boolean): number {
  if (typeof a === "string" && typeof b === "string") return textOrder(a, b, equality);
  if (a instanceof Moment || b instanceof Moment) return difference(toTime(a), toTime(b));
  if (typeof a === "boolean" || typeof b === "boolean") {
    const [x, y] = [toBoolean(a), toBoolean(b)];
    return equality && x !== undefined && x === y ? 0 : NaN;
  }
  return difference(toDecimal(a), toDecimal(b));
}

function textOrder(a: string, b: string, equality: boolean): number {
  if (equality) return a === b ? 0 : NaN;
  const [x, y] = [decimalOf(a), decimalOf(b)];
  return x !== undefined && y !== undefined ? x - y : compareTexts(a, b);
}

/** Whether the operator asks for equality alone. */
export function isEquality(operator: ComparisonOperator): boolean {
  return operator === "=" || operator === "!=";
}

/** Holds a single value against a literal, worked out once. Texts that say a date or date math compare as times. */
export function literalTest(operator: ComparisonOperator, literal: Scalar): Test {
  if (typeof literal === "number") return numberTest(operator, literal);
  const equality = isEquality(operator);
  const plain: Test = (value) => fits(operator, orderOf(value, literal, equality));
  if (typeof literal === "boolean") return plain;
  const ofTime = timeTest(operator, literal);
  if (ofTime === undefined) {
    return operator === "=" ? (value, now) => typeof value === "string" ? value === literal : plain(value, now) : plain;
  }
  const isMath = dateMath(literal) !== undefined;
  return (value, now) => {
    const when = toTime(value);
    if (when !== undefined) return ofTime(when, now);
    return !isMath || equality ? plain(value, now) : false;
  };
}

/** Holds a time against a literal, both in milliseconds; undefined for a literal that says no date and no date math. */
export function timeTest(
  operator: ComparisonOperator,
  literal: Scalar,
): ((when: number, now: number) => boolean) | undefined {
  if (typeof literal !== "string") return undefined;
  const math = dateMath(literal);
  if (math !== undefined) return (when, now) => fits(operator, when - math(now));
  const time = DATE.test(literal) ? toTime(literal) : undefined;
  return time === undefined ? undefined : (when) => fits(operator, when - time);
}

/** The commonest test, without a detour but for times. */
function numberTest(operator: ComparisonOperator, literal: number): Test {
  const time = toTime(literal);
  const ofTime = (value: Moment) => fits(operator, difference(value.ms, time));
  switch (operator) {
    case "<":
      return (value) => value instanceof Moment ? ofTime(value) : (toDecimal(value) ?? NaN) < literal;
    case "<=":
      return (value) => value instanceof Moment ? ofTime(value) : (toDecimal(value) ?? NaN) <= literal;
    case ">":
      return (value) => value instanceof Moment ? ofTime(value) : (toDecimal(value) ?? NaN) > literal;
    case ">=":
      return (value) => value instanceof Moment ? ofTime(value) : (toDecimal(value) ?? NaN) >= literal;
    case "=":
      return (value) => value === literal || orderOf(value, literal, true) === 0;
    case "!=":
      return (value) => value !== literal && orderOf(value, literal, true) !== 0;
  }
}

/** Holds a test against a value: for a list against any member, for a map against any key. No value: false. */
export function anyMember(test: Test): Test {
  return (value, now) => {
    if (value === undefined || value === null || value === "") return false;
    if (typeof value !== "object" || value instanceof Moment) return test(value, now);
    return (isList(value) ? value : Object.keys(value)).some((member) => hasValue(member) && test(member, now));
  };
}

/** Compares two values of which either may be a list or map. `!=` holds where both have a value and `=` does not. */
export function compareValues(operator: ComparisonOperator, a: Value, b: Value): boolean {
  if (!hasValue(a) || !hasValue(b)) return false;
  if (operator === "!=") return !compareValues("=", a, b);
  const equality = operator === "=";
  const [left, right] = [membersOf(a), membersOf(b)];
  return left.some((x) => right.some((y) => hasValue(x) && hasValue(y) && fits(operator, orderOf(x, y, equality))));
}

/** Whether a value equals one of many literals: what an `=` with each of them would say, in the time of one. */
export function oneOfTest(literals: readonly Scalar[]): Test {
  const texts = new Set(literals.filter((literal) => typeof literal === "string"));
  const numbers = new Set(literals.filter((literal) => typeof literal === "number"));
  const textNumbers = new Set([...texts].map(decimalOf));
  const slow = literals.filter((literal) =>
    typeof literal === "boolean" ||
    typeof literal === "string" && (DATE.test(literal) || dateMath(literal) !== undefined)
  ).map((literal) => literalTest("=", literal));
  const each = literals.map((literal) => literalTest("=", literal));
  return (value, now) => {
    if (typeof value === "string") {
      if (texts.has(value)) return true;
      if (numbers.size > 0) {
        const number = decimalOf(value);
        if (number !== undefined && numbers.has(number)) return true;
      }
      return slow.some((test) => test(value, now));
    }
    if (typeof value === "number") {
      return numbers.has(value) || textNumbers.has(value) || slow.some((test) => test(value, now));
    }
    return each.some((test) => test(value, now));
  };
}

/** Whether a value holds a literal: a text as a part of it, a number as a member of a list, too. */
export function containsTest(literal: Scalar): Test {
  const part = String(literal);
  const equal = typeof literal === "string" ? undefined : anyMember(literalTest("=", literal));
  return (value, now) => {
    if (typeof value === "string") return value !== "" && value.includes(part);
    if (isList(value) && equal !== undefined) return equal(value, now);
    return membersOf(value).some((member) => toText(member)?.includes(part) ?? false);
  };
}
