/**
 * What counts and collects over events, and maps.
 *
 * @module
 */
import type { Kind } from "../kinds.ts";
import type { Compute, StaticType } from "../scope.ts";
import { hasValue, membersOf, newMap, toDecimal, toNumber, toText, type Value } from "../values.ts";
import { argument, type BoundCall, type FunctionDeclaration, parameter } from "./declaration.ts";

const X = parameter("x", "any");

function itself(call: BoundCall): Compute {
  return argument(call, 0);
}

/** The kind whose least or greatest value is looked for. */
function orderedKind(type: StaticType): Kind {
  return type === "text" ? "STRING" : type === "time" ? "DATE" : type === "int" ? "INT" : "NUMBER";
}

function counts(value: Value): Value {
  const map = newMap<Value>();
  for (const member of membersOf(value)) {
    const text = toText(member);
    if (text !== undefined) map[text] = (toDecimal(map[text]) ?? 0) + 1;
  }
  return map;
}

/** What only a column as a whole can be. */
const AGGREGATES: readonly FunctionDeclaration[] = [
  {
    name: "count",
    parameters: [X],
    result: "int",
    aggregate: { merge: "SUM", kind: () => "INT" },
    help: "How many events have a value.",
    examples: [["count(event)", 1], ["count(missing)", undefined]],
    form: "one",
    build: (call) => {
      const x = argument(call, 0);
      return (scope) => hasValue(x(scope)) ? 1 : undefined;
    },
  },
  {
    name: "sum",
    parameters: [parameter("x", "number")],
    result: "number",
    aggregate: { merge: "SUM", kind: (type) => type === "int" ? "INT" : "NUMBER" },
    help: "The sum of the values, exact in decimals whatever the order.",
    examples: [["sum(score)", 22], ['sum("$5.50")', 5.5], ["sum(event)", undefined]],
    form: "number",
    build: (call) => {
      const x = argument(call, 0);
      return (scope) => toNumber(x(scope));
    },
  },
  {
    name: "min",
    parameters: [X],
    result: "any",
    aggregate: { merge: "MIN", kind: orderedKind },
    help: "The least value: of times where the argument is one, of texts likewise, else of numbers.",
    examples: [["min(score)", 22], ['min(todate("2026-03-01"))', "2026-03-01T00:00:00.000Z"], [
      "min(event)",
      undefined,
    ]],
    form: "same",
    build: itself,
  },
  {
    name: "max",
    parameters: [X],
    result: "any",
    aggregate: { merge: "MAX", kind: orderedKind },
    help: "The greatest value, chosen as by `min`.",
    examples: [["max(score)", 22], ["max(tolower(event))", "hello"]],
    form: "same",
    build: itself,
  },
  {
    name: "set",
    parameters: [parameter("x", "any", { count: "repeated" })],
    result: "list",
    aggregate: { merge: "SET", kind: () => "[]STRING" },
    help: "Every value that occurs, once, as a text; of lists every member.",
    examples: [["set(event)", ["hello"]], ['set(split("b,a,b", ","), event)', ["a", "b", "hello"]], [
      "set(missing)",
      undefined,
    ]],
    build: ({ args }) => {
      const [only] = args;
      if (only !== undefined && args.length === 1) return only;
      return (scope) => args.flatMap((arg) => membersOf(arg(scope)));
    },
  },
  {
    name: "valuect",
    parameters: [X],
    result: "map",
    aggregate: { merge: "SUM", kind: () => "MAP[STRING]INT" },
    help: "How often each value occurs.",
    examples: [["valuect(event)", { hello: 1 }], ['valuect(split("a,b,a", ","))', { a: 2, b: 1 }], [
      "valuect(missing)",
      undefined,
    ]],
    build: (call) => {
      const x = argument(call, 0);
      return (scope) => counts(x(scope));
    },
  },
];

/** Maps; a column that is one is LATEST by key. */
const MAPS: readonly FunctionDeclaration[] = [
  {
    name: "map",
    parameters: [parameter("key", "text"), parameter("value", "any")],
    result: "map",
    kind: "MAP[STRING]STRING",
    help: "A map of one key to a value; state a KIND for values other than texts.",
    examples: [["map(event, score)", { hello: "22" }], ["map(event, missing)", undefined], [
      "map(missing, 1)",
      undefined,
    ]],
    build: (call) => {
      const [key, value] = [argument(call, 0), argument(call, 1)];
      return (scope) => {
        const [name, found] = [toText(key(scope)), value(scope)];
        if (name === undefined || !hasValue(found)) return undefined;
        const map = newMap<Value>();
        map[name] = found;
        return map;
      };
    },
  },
  {
    name: "match",
    parameters: [parameter("prefix", "text", { count: "repeated", constant: true })],
    result: "map",
    kind: "MAP[STRING]STRING",
    help: "A map of all fields whose names begin with a prefix, the prefix removed.",
    examples: [
      ['match("tag_")', { color: "red", name: "bob" }],
      ['match("tag_", "sco")', { color: "red", name: "bob", re: "22" }],
      ['match("none_")', undefined],
    ],
    readsAll: () => true,
    build: (call) => {
      const prefixes = call.args.map((_, index) => String(call.constant(index)));
      return (scope) => {
        const map = newMap<Value>();
        for (const name of scope.names()) {
          const prefix = prefixes.find((prefix) => name.startsWith(prefix) && name.length > prefix.length);
          if (prefix === undefined) continue;
          const value = scope.get(name);
          if (hasValue(value)) map[name.slice(prefix.length)] = value;
        }
        return map;
      };
    },
  },
];

/** The declarations. */
export const AGGREGATE_FUNCTIONS: readonly FunctionDeclaration[] = [...AGGREGATES, ...MAPS];
