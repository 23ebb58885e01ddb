/**
 * What an expression is evaluated on.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { Value } from "./values.ts";

/** An event or a profile: fields by name, and a time that is now. */
export interface Scope {
  /** What `now()` is, in milliseconds since the Unix epoch: an event's own time, so that a replay gives the same. */
  readonly at: number;
  /** The value of a field. Null and the empty text are no value, as `undefined` is none. */
  get(name: string): JsonValue | undefined;
  /**
   * The time that a field's text says, in milliseconds since the Unix epoch, where that is told without the text; NaN
   * where it is not: `get` may still give what says one.
   */
  time?(name: string): number;
  /** The number that a field's text says, where that is told without the text; NaN where it is not. */
  decimal?(name: string): number;
  /** The names of all its fields. */
  names(): Iterable<string>;
}

/** An expression, compiled. */
export type Compute = (scope: Scope) => Value;

/** A condition, compiled. */
export type Condition = (scope: Scope) => boolean;

/** What an expression gives as far as its text tells; `any` for a field. */
export type StaticType = "text" | "number" | "int" | "bool" | "time" | "list" | "map" | "any";
