/**
 * Compiles calls of functions, and checks their arguments.
 *
 * @module
 */
import { nearest } from "../describe/nearest.ts";
import type { Call, Expression } from "./ast.ts";
import { compileComparison } from "./compile_comparison.ts";
import type { Compilation, Compiled } from "./compile_expression.ts";
import { faultOf } from "./fault.ts";
import type { BoundCall, FunctionDeclaration, Parameter, ParameterType } from "./functions/declaration.ts";
import { FUNCTIONS, signatureOf } from "./functions/table.ts";
import type { StaticType } from "./scope.ts";
import { kindOfType } from "./static_types.ts";
import { formOf } from "./text_forms.ts";
import { decimalOf } from "./values.ts";

const EXPECTED: Readonly<Record<ParameterType, string>> = {
  any: "a value",
  text: "a text",
  number: "a number",
  time: "a time",
  condition: "a condition",
};

/** The function that is called. Throws a `Failure` of kind `config` for one that is not known, with the nearest. */
export function functionOf(call: Call): FunctionDeclaration {
  const found = FUNCTIONS.get(call.name);
  if (found !== undefined) return found;
  const meant = nearest(call.name, FUNCTIONS.keys());
  throw faultOf(
    call,
    `function "${call.name}" is not known`,
    meant === undefined ? "The functions are listed in the documentation of LQL" : `Did you mean ${meant}?`,
  );
}

/** Compiles a call; one that counts over events only as a column of its own (`column`). */
export function compileCall(compilation: Compilation, call: Call, column = false): Compiled {
  const declaration = functionOf(call);
  const { name, result, operator, build, aggregate, form } = declaration;
  if (aggregate !== undefined && !column) {
    throw faultOf(
      call,
      `${name}(…) counts over events, so it stands alone as a column of a mapping`,
      "Take it out of what is around it",
    );
  }
  const parameters = boundParameters(declaration, call);
  const [first, second] = call.args;
  if (operator !== undefined && first !== undefined && second !== undefined) {
    return { compute: compileComparison(compilation, operator, first, second), type: "bool", kind: "BOOL" };
  }
  const args = call.args.map((arg, index) => compileArgument(compilation, arg, parameters[index], name));
  const bound: BoundCall = {
    args: args.map((arg) => arg.compute),
    constant: (index) => args[index]?.constant,
    fault: (index, what, hint) => faultOf(call.args[index] ?? call, what, hint),
  };
  if (declaration.readsNow?.(bound)) compilation.usesNow = true;
  if (declaration.readsAll?.(bound)) compilation.readsAll = true;
  const compute = build?.(bound);
  const chosen = args.filter((_, index) => parameters[index]?.type !== "condition");
  const type = result === "same" ? commonType(chosen) : result;
  const [only] = args;
  return {
    compute: compute ?? (() => undefined),
    type,
    kind: declaration.kind ?? kindOfType(type),
    form: args.length > 1 ? undefined : form === "same" ? only?.form : formOf(form, only?.form),
  };
}

/** The parameter of each argument. Throws where there are too few or too many. */
function boundParameters(declaration: FunctionDeclaration, call: Call): readonly Parameter[] {
  const { parameters } = declaration;
  const given = call.args.length;
  const least = parameters.filter(({ count }) => count === undefined || count === "repeated").length;
  const many = parameters.find(({ count }) => count === "repeated" || count === "any number");
  const most = many === undefined ? parameters.length : Infinity;
  if (given < least || given > most) {
    const wanted = least === most ? String(least) : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
    const found = given === 0 ? "none" : String(given);
    const noun = wanted === "1" || wanted === "at least 1" ? "argument" : "arguments";
    throw faultOf(
      call,
      `${declaration.name} takes ${wanted === "0" ? "no" : wanted} ${noun}, found ${found}`,
      `Write ${signatureOf(declaration)}`,
    );
  }
  if (many !== undefined) {
    const before = parameters.slice(0, parameters.indexOf(many));
    const after = parameters.slice(parameters.indexOf(many) + 1);
    return [...before, ...Array<Parameter>(given - before.length - after.length).fill(many), ...after];
  }
  // An optional parameter that is not the last is left out first.
  const left = parameters.findIndex(({ count }) => count === "optional");
  return left >= 0 && left < parameters.length - 1 && given < parameters.length
    ? parameters.filter((_, index) => index !== left)
    : parameters;
}

function compileArgument(
  compilation: Compilation,
  arg: Expression,
  parameter: Parameter | undefined,
  name: string,
): Compiled {
  if (parameter?.type === "condition") {
    return { compute: compilation.condition(arg), type: "bool", kind: "BOOL" };
  }
  const compiled = compilation.value(arg);
  const { type, constant } = compiled;
  if (parameter?.constant && typeof constant !== "string") {
    throw faultOf(arg, `the ${parameter.name} of ${name} is a text in quotes`);
  }
  const wanted = parameter?.type ?? "any";
  if (!accepts(wanted, type) || wanted === "number" && isNoNumber(constant)) {
    throw compilation.wrongType(arg, `${EXPECTED[wanted]} as the ${parameter?.name ?? "argument"} of ${name}`, type);
  }
  return compiled;
}

function accepts(wanted: ParameterType, type: StaticType): boolean {
  if (wanted === "any" || type === "any") return true;
  if (wanted === "text") return type !== "list" && type !== "map";
  if (wanted === "number") return type === "number" || type === "int" || type === "text";
  return type === "time" || type === "text" || type === "number" || type === "int";
}

function isNoNumber(constant: Compiled["constant"]): boolean {
  return typeof constant === "string" && decimalOf(constant.replace(/[^\d.+-]/g, "")) === undefined;
}

/** The type that all have. */
function commonType(args: readonly Compiled[]): StaticType {
  const [first] = args;
  return first !== undefined && args.every(({ type }) => type === first.type) ? first.type : "any";
}
