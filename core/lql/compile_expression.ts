/**
 * Makes closures of expressions, and checks them on the way: the one evaluator of LQL and FilterQL.
 *
 * @module
 */
import type { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type {
  Arithmetic,
  ArithmeticOperator,
  Between,
  Expression,
  Field,
  Include,
  Membership,
  Scalar,
  TextMatch,
} from "./ast.ts";
import { castTo } from "./casts.ts";
import { anyMember, compareValues, containsTest, literalTest, oneOfTest, type Test } from "./compare.ts";
import { checkComparison, compileComparison } from "./compile_comparison.ts";
import { compileCall } from "./compile_call.ts";
import { dateMath } from "./date_math.ts";
import { faultOf } from "./fault.ts";
import type { Kind } from "./kinds.ts";
import { likePattern } from "./like.ts";
import type { Compute, Condition, Scope, StaticType } from "./scope.ts";
import { KIND_TYPES, kindOfType, TYPE_NAMES } from "./static_types.ts";
import { formOf, KIND_FORMS, type TextForm } from "./text_forms.ts";
import { hasValue, holds, membersOf, toDecimal, toText, type Value } from "./values.ts";

/** An expression, compiled, and what its text tells. */
export interface Compiled {
  /** Evaluates it. */
  readonly compute: Compute;
  /** What it gives. */
  readonly type: StaticType;
  /** The kind of a column that it is; `undefined`: its value as it comes. */
  readonly kind: Kind | undefined;
  /** What it gives always, if it is a literal. */
  readonly constant?: Scalar;
  /** What it makes of the text of the one field that it reads, where that is one of these. */
  readonly form?: TextForm | undefined;
}

/** What is learnt while expressions are compiled, and how INCLUDE is. */
export class Compilation {
  /** The fields that are read; of `a.b` both `a` and `a.b`. */
  readonly fields: Set<string> = new Set();
  /** Whether any field may be read. */
  readsAll = false;
  /** Whether the time that is now counts. */
  usesNow = false;
  /** Makes the condition of an INCLUDE; `undefined` where there is none. */
  readonly include: ((node: Include) => Condition) | undefined;

  /** `include` makes the condition of an INCLUDE. */
  constructor(include?: (node: Include) => Condition) {
    this.include = include;
  }

  /** Takes in what another has learnt. */
  add({ fields, readsAll, usesNow }: Compilation): void {
    for (const field of fields) this.fields.add(field);
    this.readsAll ||= readsAll;
    this.usesNow ||= usesNow;
  }

  /** Compiles what gives a value. Throws a `Failure` of kind `config` at the place of what is wrong. */
  value(node: Expression): Compiled {
    switch (node.type) {
      case "literal": {
        const { value } = node;
        const type = typeof value === "string" ? "text" : typeof value === "number" ? "number" : "bool";
        return { compute: () => value, type, kind: kindOfType(type), constant: value };
      }
      case "field":
        return {
          compute: this.#field(node),
          type: "any",
          kind: undefined,
          form: node.path.length === 1 ? "text" : undefined,
        };
      case "call":
        return compileCall(this, node);
      case "cast": {
        const { compute, form } = this.value(node.operand);
        const cast = castTo(node.kind);
        if (node.kind === "TS[]STRING") this.usesNow = true;
        return {
          compute: (scope) => cast(compute(scope), scope.at),
          type: KIND_TYPES[node.kind],
          kind: node.kind,
          form: formOf(KIND_FORMS[node.kind], form),
        };
      }
      case "negation": {
        const operand = this.#number(node.operand);
        const compute: Compute = (scope) => {
          const number = toDecimal(operand(scope));
          return number === undefined ? undefined : 0 - number;
        };
        return { compute, type: "number", kind: "NUMBER" };
      }
      case "arithmetic":
        return { compute: this.#arithmetic(node), type: "number", kind: "NUMBER" };
      default:
        return { compute: this.condition(node), type: "bool", kind: "BOOL" };
    }
  }

  /** Compiles what holds or does not. Throws a `Failure` of kind `config` at the place of what is wrong. */
  condition(node: Expression): Condition {
    switch (node.type) {
      case "and":
      case "or":
        return logic(node.type, node.operands.map((operand) => this.condition(operand)));
      case "not": {
        const operand = this.condition(node.operand);
        return (scope) => !operand(scope);
      }
      case "comparison":
        return compileComparison(this, node.operator, node.left, node.right);
      case "in":
      case "intersects":
        return negated(node, this.#membership(node));
      case "like":
      case "contains":
        return negated(node, this.#textMatch(node));
      case "between":
        return negated(node, this.#between(node));
      case "exists": {
        const { compute } = this.value(node.operand);
        return (scope) => hasValue(compute(scope));
      }
      case "everything":
        return () => true;
      case "include":
        if (this.include === undefined) throw faultOf(node, "INCLUDE stands in filters only");
        return this.include(node);
      default: {
        const { compute, type } = this.value(node);
        if (type !== "bool" && type !== "any") {
          throw faultOf(
            node,
            `expected a condition, found ${TYPE_NAMES[type]}`,
            "Compare it, or write EXISTS before it",
          );
        }
        return (scope) => holds(compute(scope));
      }
    }
  }

  /** Notes that a literal reads the time that is now, if it is date math; whether it is. */
  noteDate(literal: Scalar): boolean {
    const isMath = typeof literal === "string" && dateMath(literal) !== undefined;
    this.usesNow ||= isMath;
    return isMath;
  }

  #field({ path }: Field): Compute {
    const [first = "", ...rest] = path;
    this.fields.add(first);
    if (rest.length === 0) {
      return (scope) => {
        const value = scope.get(first);
        return value === null || value === "" ? undefined : value;
      };
    }
    const whole = path.join(".");
    this.fields.add(whole);
    return (scope) => {
      const exact = scope.get(whole);
      return hasValue(exact) ? exact : rest.reduce(memberOf, scope.get(first));
    };
  }

  #number(node: Expression): Compute {
    const { compute, type, constant } = this.value(node);
    const fits = type === "any" || type === "number" || type === "int" || type === "text";
    if (!fits || typeof constant === "string" && toDecimal(constant) === undefined) {
      throw faultOf(node, `expected a number, found ${TYPE_NAMES[type]}`, "Join texts with concat(…)");
    }
    return compute;
  }

  #arithmetic({ first, rest }: Arithmetic): Compute {
    const start = this.#number(first);
    const steps = rest.map(({ operator, operand }) => ({ operator, operand: this.#number(operand) }));
    return (scope) => {
      let result = toDecimal(start(scope));
      for (const { operator, operand } of steps) {
        if (result === undefined) return undefined;
        result = calculated(operator, result, toDecimal(operand(scope)));
      }
      return result;
    };
  }

  #membership({ operand, set, type }: Membership): Condition {
    const { compute, type: found, constant } = this.value(operand);
    if (!("path" in set)) {
      let timeless = true;
      for (const literal of set) {
        if (this.noteDate(literal)) timeless = false;
        checkComparison(operand, { type: found }, "=", literal);
      }
      const test = anyMember(oneOfTest(set));
      return timeless ? (scope) => test(compute(scope), 0) : (scope) => test(compute(scope), scope.at);
    }
    if (type === "in" && constant !== undefined) {
      this.noteDate(constant);
      const test = anyMember(literalTest("=", constant));
      const members = this.value(set).compute;
      return (scope) => test(members(scope), scope.at);
    }
    const members = this.value(set).compute;
    return (scope) => compareValues("=", compute(scope), members(scope));
  }

  #textMatch({ type, operand, pattern }: TextMatch): Condition {
    const { compute } = this.value(operand);
    if (type === "contains") {
      const test = containsTest(pattern);
      // A text that is looked for is no time.
      return typeof pattern === "string"
        ? (scope) => test(compute(scope), 0)
        : (scope) => test(compute(scope), scope.at);
    }
    const fits = likePattern(String(pattern));
    const test = (value: Value) => {
      const text = toText(value);
      return text !== undefined && fits(text);
    };
    return (scope) => {
      const value = compute(scope);
      return typeof value === "string" ? test(value) : membersOf(value).some(test);
    };
  }

  #between({ operand, low, high }: Between): Condition {
    const value = this.value(operand);
    const [least, greatest] = [this.#bound(value, ">=", low), this.#bound(value, "<=", high)];
    // One member must lie between both bounds.
    return (scope) => {
      const inside: Test = (member) => least(member, scope) && greatest(member, scope);
      return anyMember(inside)(value.compute(scope), scope.at);
    };
  }

  #bound(value: Compiled, operator: ">=" | "<=", bound: Expression): (member: Value, scope: Scope) => boolean {
    const { compute, constant, type } = this.value(bound);
    checkComparison(bound, value, operator, constant, type);
    if (constant === undefined) return (member, scope) => compareValues(operator, member, compute(scope));
    this.noteDate(constant);
    const test = literalTest(operator, constant);
    return (member, scope) => test(member, scope.at);
  }

  /** A failure at `node` for a value of the wrong type. */
  wrongType(node: Expression, expected: string, type: StaticType): Failure {
    return faultOf(node, `expected ${expected}, found ${TYPE_NAMES[type]}`);
  }
}

function negated({ negated }: { readonly negated: boolean }, condition: Condition): Condition {
  return negated ? (scope) => !condition(scope) : condition;
}

function logic(type: "and" | "or", conditions: readonly Condition[]): Condition {
  const [first, second] = conditions;
  if (conditions.length === 2 && first !== undefined && second !== undefined) {
    return type === "and" ? (scope) => first(scope) && second(scope) : (scope) => first(scope) || second(scope);
  }
  // Loops, as methods of lists would make a function for each profile.
  if (type === "and") {
    return (scope) => {
      for (const condition of conditions) if (!condition(scope)) return false;
      return true;
    };
  }
  return (scope) => {
    for (const condition of conditions) if (condition(scope)) return true;
    return false;
  };
}

function memberOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The result, if it is finite. */
function calculated(operator: ArithmeticOperator, a: number, b: number | undefined): number | undefined {
  if (b === undefined) return undefined;
  const result = operator === "+"
    ? a + b
    : operator === "-"
    ? a - b
    : operator === "*"
    ? a * b
    : operator === "/"
    ? a / b
    : a % b;
  return Number.isFinite(result) ? result : undefined;
}
