/**
 * What a mapping and a filter say: plain data, equal for texts that say the same.
 *
 * @module
 */
import type { Kind, MergeOp } from "./kinds.ts";

/** What a literal can be. */
export type Scalar = string | number | boolean;

/** A text, number, `true` or `false`. */
export interface Literal {
  /** Tells nodes apart. */
  readonly type: "literal";
  /** Its value; numbers are finite. */
  readonly value: Scalar;
}

/**
 * A field. `scores.quantity` has two parts: the field of that whole name where there is one, else the member `quantity`
 * of `scores`. A name in back-ticks is one part, dots included.
 */
export interface Field {
  /** Tells nodes apart. */
  readonly type: "field";
  /** Its parts, one at least, none empty. */
  readonly path: readonly string[];
}

/** A function and its arguments. */
export interface Call {
  /** Tells nodes apart. */
  readonly type: "call";
  /** The function's name in lower case. */
  readonly name: string;
  /** Its arguments. */
  readonly args: readonly Expression[];
}

/** `cast(x AS kind)`. */
export interface Cast {
  /** Tells nodes apart. */
  readonly type: "cast";
  /** What is cast. */
  readonly operand: Expression;
  /** To what. */
  readonly kind: Kind;
}

/** `-(x)`; a negative number is a literal. */
export interface Negation {
  /** Tells nodes apart. */
  readonly type: "negation";
  /** What changes its sign. */
  readonly operand: Expression;
}

/** Operators of one rank from left to right: `+` and `-`, or `*`, `/` and `%`. Flat, so that a long sum is not deep. */
export interface Arithmetic {
  /** Tells nodes apart. */
  readonly type: "arithmetic";
  /** The leftmost operand. */
  readonly first: Expression;
  /** The others, each with the operator before it; one at least. */
  readonly rest: readonly { readonly operator: ArithmeticOperator; readonly operand: Expression }[];
}

/** What stands between two numbers. */
export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%";

/** `AND (a, b)`, `a AND b`, and the same with OR. */
export interface Logic {
  /** Which of both. */
  readonly type: "and" | "or";
  /** Two at least. */
  readonly operands: readonly Expression[];
}

/** `NOT x`. */
export interface Not {
  /** Tells nodes apart. */
  readonly type: "not";
  /** What must not hold. */
  readonly operand: Expression;
}

/** What stands between two values; `==` is `=`. */
export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** `a > b`. */
export interface Comparison {
  /** Tells nodes apart. */
  readonly type: "comparison";
  /** The operator. */
  readonly operator: ComparisonOperator;
  /** What stands left of it. */
  readonly left: Expression;
  /** What stands right of it. */
  readonly right: Expression;
}

/** `x IN (…)`, `x INTERSECTS (…)`, or either with a field in place of the list. */
export interface Membership {
  /** Which of both. */
  readonly type: "in" | "intersects";
  /** What is looked for. */
  readonly operand: Expression;
  /** Where. */
  readonly set: readonly Scalar[] | Field;
  /** Whether NOT stands before the keyword. */
  readonly negated: boolean;
}

/** `x LIKE "with * wildcards"` and `x CONTAINS "part"`. */
export interface TextMatch {
  /** Which of both. */
  readonly type: "like" | "contains";
  /** What is looked at. */
  readonly operand: Expression;
  /** What it is held against: a text for LIKE. */
  readonly pattern: Scalar;
  /** Whether NOT stands before the keyword. */
  readonly negated: boolean;
}

/** `x BETWEEN a AND b`, both included. */
export interface Between {
  /** Tells nodes apart. */
  readonly type: "between";
  /** What is looked at. */
  readonly operand: Expression;
  /** The least that fits. */
  readonly low: Expression;
  /** The greatest that fits. */
  readonly high: Expression;
  /** Whether NOT stands before the keyword. */
  readonly negated: boolean;
}

/** `EXISTS x`. */
export interface Exists {
  /** Tells nodes apart. */
  readonly type: "exists";
  /** What must have a value. */
  readonly operand: Expression;
}

/** `INCLUDE slug`, in filters. */
export interface Include {
  /** Tells nodes apart. */
  readonly type: "include";
  /** Slug or id of an audience. */
  readonly slug: string;
}

/** `*`, in filters: every profile. */
export interface Everything {
  /** Tells nodes apart. */
  readonly type: "everything";
}

/** Anything that has a value. */
export type Expression =
  | Literal
  | Field
  | Call
  | Cast
  | Negation
  | Arithmetic
  | Logic
  | Not
  | Comparison
  | Membership
  | TextMatch
  | Between
  | Exists
  | Include
  | Everything;

/** One column of a mapping: what was written, nothing filled in. */
export interface Column {
  /** What gives the value. */
  readonly expression: Expression;
  /** The profile field, by AS. */
  readonly name?: string;
  /** IF: the events that count. */
  readonly condition?: Expression;
  /** SHORTDESC. */
  readonly shortDesc?: string;
  /** LONGDESC. */
  readonly longDesc?: string;
  /** KIND. */
  readonly kind?: Kind;
  /** MERGEOP. */
  readonly merge?: MergeOp;
}

/** `SELECT … FROM … INTO … BY …`. */
export interface Mapping {
  /** The columns in their order, one at least. */
  readonly columns: readonly Column[];
  /** The stream it reads. */
  readonly stream: string;
  /** The profile table it writes. */
  readonly table: string;
  /** The columns that identify, in their order, one at least. */
  readonly identifyBy: readonly string[];
  /** WHERE: the events that count. */
  readonly where?: Expression;
  /** ALIAS. */
  readonly alias?: string;
}

/** `FILTER …`. */
export interface Filter {
  /** What must hold. */
  readonly phrase: Expression;
  /** FROM: the profile table. */
  readonly table?: string;
  /** ALIAS: the audience's slug. */
  readonly alias?: string;
}
