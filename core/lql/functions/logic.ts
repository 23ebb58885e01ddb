/**
 * Functions that compare and choose.
 *
 * @module
 */
import type { ComparisonOperator } from "../ast.ts";
import { hasValue, holds } from "../values.ts";
import { argument, type FunctionDeclaration, parameter } from "./declaration.ts";

const MANY = parameter("x", "any", { count: "repeated" });

function operator(
  name: string,
  operator: ComparisonOperator,
  examples: FunctionDeclaration["examples"],
): FunctionDeclaration {
  const parameters = [parameter("a", "any"), parameter("b", "any")];
  return { name, parameters, result: "bool", help: `The same as \`a ${operator} b\`.`, examples, operator };
}

/** The declarations. */
export const LOGIC_FUNCTIONS: readonly FunctionDeclaration[] = [
  operator("eq", "=", [['eq("hello", event)', true], ["eq(score, 22)", true], ["eq(missing, 5)", false]]),
  operator("ne", "!=", [["ne(5, 6)", true], ["ne(5, 5)", false], ["ne(missing, 5)", false]]),
  operator("gt", ">", [['gt(5, "3")', true], ["gt(5, 5)", false]]),
  operator("ge", ">=", [["ge(5, 5)", true], ["ge(5.5, 6)", false]]),
  operator("lt", "<", [["lt(5, 6)", true], ["lt(missing, 6)", false]]),
  operator("le", "<=", [["le(5, 5)", true], ['le(5, "3")', false]]),
  {
    name: "any",
    parameters: [MANY],
    result: "bool",
    help: "Whether any argument has a value that is not false or 0.",
    examples: [["any(missing, event)", true], ["any(missing)", false], ["any(0, false)", false]],
    build: ({ args }) => (scope) => args.some((arg) => holds(arg(scope))),
  },
  {
    name: "all",
    parameters: [MANY],
    result: "bool",
    help: "Whether every argument has a value that is not false or 0.",
    examples: [['all("Apple", event, true)', true], ["all(event, missing)", false], ['all("Linux", false)', false]],
    build: ({ args }) => (scope) => args.every((arg) => holds(arg(scope))),
  },
  {
    name: "oneof",
    parameters: [MANY],
    result: "same",
    help: "The first argument that has a value.",
    examples: [["oneof(missing, event)", "hello"], ["oneof(missing)", undefined]],
    build: ({ args }) => (scope) => {
      for (const arg of args) {
        const value = arg(scope);
        if (hasValue(value)) return value;
      }
      return undefined;
    },
  },
  {
    name: "if",
    parameters: [
      parameter("condition", "condition"),
      parameter("then", "any"),
      parameter("else", "any", { count: "optional" }),
    ],
    result: "same",
    help: "`then` where the condition holds, otherwise `else`, or no value.",
    examples: [['if(score > 20, "high", "low")', "high"], ['if(exists(missing), "yes")', undefined]],
    build: (call) => {
      const [condition, then, otherwise] = [argument(call, 0), argument(call, 1), argument(call, 2)];
      return (scope) => condition(scope) === true ? then(scope) : otherwise(scope);
    },
  },
];
