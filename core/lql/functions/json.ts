/**
 * `json.path`.
 *
 * @module
 */
import { parseJson } from "../../contracts/json.ts";
import { isList, isMap, type Value } from "../values.ts";
import { argument, type BoundCall, type FunctionDeclaration, parameter } from "./declaration.ts";

const STEP = /\.?(?:([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\])/y;

/** The steps of `a.b[0]["c d"]`, a `$` first allowed. */
function stepsOf(call: BoundCall, index: number): readonly (string | number)[] {
  const path = String(call.constant(index));
  const steps: (string | number)[] = [];
  for (let at = path.startsWith("$") ? 1 : 0; at < path.length;) {
    STEP.lastIndex = at;
    const found = STEP.exec(path);
    if (found === null) throw call.fault(index, `"${path}" is no path from character ${at + 1} on`, 'Write "a.b[0]"');
    const [all, name, position, quoted] = found;
    steps.push(name ?? (position === undefined ? (quoted ?? "").replace(/\\(.)/gs, "$1") : Number(position)));
    at += all.length;
  }
  if (steps.length === 0) throw call.fault(index, "the path is empty", 'Write "a.b[0]"');
  return steps;
}

function parsed(value: Value): Value {
  if (typeof value !== "string") return value;
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
}

function step(value: Value, by: string | number): Value {
  if (isList(value)) return typeof by === "number" ? value[by] : undefined;
  return isMap(value) && Object.hasOwn(value, by) ? value[by] : undefined;
}

/** The declarations. */
export const JSON_FUNCTIONS: readonly FunctionDeclaration[] = [
  {
    name: "json.path",
    parameters: [parameter("x", "any"), parameter("path", "text", { constant: true })],
    result: "any",
    help: "What lies at a path in a JSON text, or in a field that is a list or map.",
    examples: [
      [`json.path('{"a":{"b":[7]}}', "a.b[0]")`, 7],
      [`json.path('{"a b":"c"}', '["a b"]')`, "c"],
      [`json.path('{"a":1}', "b")`, undefined],
      [`json.path("no json", "a")`, undefined],
    ],
    build: (call) => {
      const x = argument(call, 0);
      const steps = stepsOf(call, 1);
      return (scope) => steps.reduce(step, parsed(x(scope)));
    },
  },
];
