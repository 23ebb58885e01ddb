/**
 * FilterQL's comparisons and logic again, as plainly as they are described: what the evaluator is held against.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { ComparisonOperator, Expression, Scalar } from "./ast.ts";

type Profile = Readonly<Record<string, JsonValue>>;

/** Whether a profile fits, for phrases that compare fields with literals. */
export function referenceHolds(node: Expression, profile: Profile, now: number): boolean {
  switch (node.type) {
    case "and":
      return node.operands.filter((operand) => !referenceHolds(operand, profile, now)).length === 0;
    case "or":
      return node.operands.filter((operand) => referenceHolds(operand, profile, now)).length > 0;
    case "not":
      return !referenceHolds(node.operand, profile, now);
    case "everything":
      return true;
    case "exists":
      return membersOf(lookedUp(node.operand, profile)).length > 0;
    case "comparison":
      return compared(lookedUp(node.left, profile), node.operator, literalOf(node.right), now);
    case "in":
    case "intersects": {
      const found = lookedUp(node.operand, profile);
      const set = "path" in node.set ? [] : node.set;
      return node.negated !== set.some((literal) => compared(found, "=", literal, now));
    }
    case "between": {
      const found = membersOf(lookedUp(node.operand, profile));
      const [low, high] = [literalOf(node.low), literalOf(node.high)];
      return node.negated !==
        found.some((member) => compared(member, ">=", low, now) && compared(member, "<=", high, now));
    }
    case "like": {
      const pattern = String(node.pattern).split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(
        "[^]*",
      );
      return node.negated !==
        membersOf(lookedUp(node.operand, profile)).some((member) => new RegExp(`^${pattern}$`).test(String(member)));
    }
    case "contains":
      return node.negated !==
        membersOf(lookedUp(node.operand, profile)).some((member) => String(member).includes(String(node.pattern)));
    default:
      throw new TypeError(`The reference knows no ${node.type}`);
  }
}

function literalOf(node: Expression): Scalar {
  if (node.type !== "literal") throw new TypeError("The reference compares with literals");
  return node.value;
}

function lookedUp(node: Expression, profile: Profile): JsonValue | undefined {
  if (node.type !== "field") throw new TypeError("The reference compares fields");
  const [first = "", second] = node.path;
  const value = Object.entries(profile).find(([name]) => name === first)?.[1];
  if (second === undefined) return value;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([name]) => name === second)?.[1];
}

function membersOf(value: JsonValue | undefined): readonly (string | number | boolean)[] {
  const all = Array.isArray(value) ? value : typeof value === "object" && value !== null ? Object.keys(value) : [value];
  return all.filter((member) => typeof member === "number" || typeof member === "boolean" || typeof member === "string")
    .filter((member) => member !== "");
}

function compared(value: JsonValue | undefined, operator: ComparisonOperator, literal: Scalar, now: number): boolean {
  const members = membersOf(value);
  if (operator !== "!=") return members.some((member) => single(member, operator, literal, now));
  return members.length > 0 && !members.some((member) => single(member, "=", literal, now));
}

function single(member: Scalar, operator: ComparisonOperator, literal: Scalar, now: number): boolean {
  const asTime = typeof literal === "string" ? timeOfLiteral(literal, now) : undefined;
  const when = timeOf(member);
  if (asTime !== undefined && when !== undefined) return by(operator, when, asTime);
  if (asTime !== undefined && /^now/.test(String(literal)) && operator !== "=") return false;
  if (typeof literal === "boolean" || typeof member === "boolean") {
    return operator === "=" && truthOf(member) !== undefined && truthOf(member) === truthOf(literal);
  }
  const numbers = [decimalOf(member), decimalOf(literal)] as const;
  if (typeof member === "number" || typeof literal === "number") return by(operator, ...numbers);
  if (operator === "=") return member === literal;
  if (numbers[0] !== undefined && numbers[1] !== undefined) return by(operator, ...numbers);
  return by(operator, byteOrder(member, literal), 0);
}

/** The order of the texts' UTF-8. */
function byteOrder(a: string, b: string): number {
  const [x, y] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
  const at = x.findIndex((byte, index) => byte !== y[index]);
  return at < 0 ? x.length - y.length : (x[at] ?? 0) - (y[at] ?? -1);
}

function by(operator: ComparisonOperator, a: number | undefined, b: number | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return { "=": a === b, "!=": a !== b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b }[operator];
}

function decimalOf(value: Scalar): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value.trim())
    ? Number(value)
    : undefined;
}

function truthOf(value: Scalar): boolean | undefined {
  const text = String(value).trim().toLowerCase();
  if (["true", "t", "yes", "y", "on", "1"].includes(text)) return true;
  return ["false", "f", "no", "n", "off", "0"].includes(text) ? false : undefined;
}

function timeOf(value: Scalar): number | undefined {
  const text = String(value);
  if (/^\d{9,11}$/.test(text)) return Number(text) * 1_000;
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  return Temporal.Instant.from(text.length === 10 ? `${text}T00:00Z` : text).epochMilliseconds;
}

function timeOfLiteral(literal: string, now: number): number | undefined {
  const math = /^now([+-]\d+)([dM])$/.exec(literal);
  if (math === null) return timeOf(literal);
  const amount = Number(math[1]);
  const at = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO("UTC");
  return at.add(math[2] === "d" ? { days: amount } : { months: amount }).epochMilliseconds;
}
