/**
 * How a function is declared: what checks calls, evaluates them, documents it and tests its examples.
 *
 * @module
 */
import type { Failure } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import type { ComparisonOperator, Scalar } from "../ast.ts";
import type { Kind, MergeOp } from "../kinds.ts";
import type { Compute, StaticType } from "../scope.ts";
import type { TextForm } from "../text_forms.ts";
import { firstText, toText, type Value } from "../values.ts";

/** What an argument must be as far as its text tells; a field may be anything. */
export type ParameterType = "any" | "text" | "number" | "time" | "condition";

/** One parameter. */
export interface Parameter {
  /** Its name in the documentation. */
  readonly name: string;
  /** What it takes. */
  readonly type: ParameterType;
  /** `optional`: none or one; `repeated`: one or more, `any number`: none or more; only at the end. Default: one. */
  readonly count?: "optional" | "repeated" | "any number";
  /** Whether it must be a literal, so that it can be checked when the text is saved. */
  readonly constant?: true;
}

/** A call whose arguments are compiled. */
export interface BoundCall {
  /** The arguments; conditions give true or false. */
  readonly args: readonly Compute[];
  /** The literal that an argument is, if it is one. */
  constant(index: number): Scalar | undefined;
  /** A failure at an argument. */
  fault(index: number, what: string, hint?: string): Failure;
}

/** A function of the language. */
export interface FunctionDeclaration {
  /** Its name, in lower case. */
  readonly name: string;
  /** What it takes. */
  readonly parameters: readonly Parameter[];
  /** What it gives; `same`: what all its arguments from the second on (of `oneof` from the first) have in common. */
  readonly result: StaticType | "same";
  /** One sentence of documentation. */
  readonly help: string;
  /** Expressions and what they give, `undefined` for no value; the event of the examples is in the test. */
  readonly examples: readonly (readonly [expression: string, value: JsonValue | undefined])[];
  /** The kind of a column that is a call of it, where the result's type does not tell. */
  readonly kind?: Kind;
  /** Set for what only a column as a whole can be: its merge, and its kind for an argument of a type. */
  readonly aggregate?: { readonly merge: MergeOp; kind(argument: StaticType): Kind };
  /** What a call with one argument makes of a text; `same`: what its argument is. */
  readonly form?: TextForm | "same";
  /** Whether a call reads the time that is now. */
  readsNow?(call: BoundCall): boolean;
  /** Whether a call may read any field. */
  readsAll?(call: BoundCall): boolean;
  /** Set for another spelling of an operator; it has no `build`. */
  readonly operator?: ComparisonOperator;
  /** Makes the call ready to be evaluated. */
  build?(call: BoundCall): Compute;
}

const NOTHING: Compute = () => undefined;

/** The argument at `index`; one without a value where there is none. */
export function argument({ args }: BoundCall, index: number): Compute {
  return args[index] ?? NOTHING;
}

/** A parameter. */
export function parameter(
  name: string,
  type: ParameterType,
  more: Pick<Parameter, "count" | "constant"> = {},
): Parameter {
  return { name, type, ...more };
}

/** Builds a function of one text; without one it has no value. */
export function ofText(compute: (text: string) => Value): (call: BoundCall) => Compute {
  return (call) => {
    const first = argument(call, 0);
    return (scope) => {
      const text = toText(first(scope));
      return text === undefined ? undefined : compute(text);
    };
  };
}

/** Builds a function of one text, or of the first in a list. */
export function ofFirstText(compute: (text: string) => Value): (call: BoundCall) => Compute {
  return (call) => {
    const first = argument(call, 0);
    return (scope) => {
      const text = firstText(first(scope));
      return text === undefined ? undefined : compute(text);
    };
  };
}

/** Builds a function of two texts; without either it has the value `otherwise`. */
export function ofTwoTexts(
  compute: (first: string, second: string) => Value,
  otherwise?: Value,
): (call: BoundCall) => Compute {
  return (call) => {
    const [first, second] = [argument(call, 0), argument(call, 1)];
    return (scope) => {
      const [x, y] = [firstText(first(scope)), toText(second(scope))];
      return x === undefined || y === undefined ? otherwise : compute(x, y);
    };
  };
}
