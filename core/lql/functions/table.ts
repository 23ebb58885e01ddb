/**
 * Every function there is.
 *
 * @module
 */
import { AGGREGATE_FUNCTIONS } from "./aggregates.ts";
import { CAST_FUNCTIONS } from "./casts.ts";
import type { FunctionDeclaration, Parameter } from "./declaration.ts";
import { HASH_FUNCTIONS } from "./hashes.ts";
import { JSON_FUNCTIONS } from "./json.ts";
import { LOGIC_FUNCTIONS } from "./logic.ts";
import { TEXT_FUNCTIONS } from "./texts.ts";
import { TIME_FUNCTIONS } from "./times.ts";
import { EMAIL_FUNCTIONS, WEB_FUNCTIONS } from "./web.ts";

/** The functions by family, in the order of the documentation. */
export const FUNCTION_FAMILIES: Readonly<Record<string, readonly FunctionDeclaration[]>> = {
  "Over events": AGGREGATE_FUNCTIONS,
  "Texts": TEXT_FUNCTIONS,
  "Casts": CAST_FUNCTIONS,
  "Times": TIME_FUNCTIONS,
  "Logic": LOGIC_FUNCTIONS,
  "E-mail": EMAIL_FUNCTIONS,
  "Web": WEB_FUNCTIONS,
  "Hashes and JSON": [...HASH_FUNCTIONS, ...JSON_FUNCTIONS],
};

/** The functions by name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDeclaration> = new Map(
  Object.values(FUNCTION_FAMILIES).flat().map((declaration) => [declaration.name, declaration]),
);

/** How a function is called: `replace(x, old[, new])`. */
export function signatureOf({ name, parameters }: FunctionDeclaration): string {
  return `${name}(${parameters.map((parameter, index) => written(parameter, index === 0)).join("")})`;
}

function written({ name, count }: Parameter, first: boolean): string {
  const comma = first ? "" : ", ";
  switch (count) {
    case "optional":
      return first ? `[${name}]` : `[${comma}${name}]`;
    case "repeated":
      return `${comma}${name}, …`;
    case "any number":
      return `${comma}[${name}, …]`;
    default:
      return comma + name;
  }
}
