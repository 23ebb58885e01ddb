/**
 * Goes through syntax trees.
 *
 * @module
 */
import type { Expression, Field, Include } from "./ast.ts";

/** The expressions directly within one, in the order of the text. */
export function childrenOf(node: Expression): readonly Expression[] {
  switch (node.type) {
    case "call":
      return node.args;
    case "cast":
    case "negation":
    case "not":
    case "exists":
    case "like":
    case "contains":
      return [node.operand];
    case "arithmetic":
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case "and":
    case "or":
      return node.operands;
    case "comparison":
      return [node.left, node.right];
    case "in":
    case "intersects":
      return "path" in node.set ? [node.operand, node.set] : [node.operand];
    case "between":
      return [node.operand, node.low, node.high];
    default:
      return [];
  }
}

/** The first field in an expression. */
export function firstFieldOf(node: Expression): Field | undefined {
  if (node.type === "field") return node;
  for (const child of childrenOf(node)) {
    const found = firstFieldOf(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An expression and all in it, in the order of the text. */
export function* nodesIn(node: Expression): Generator<Expression> {
  const left = [node];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    yield next;
    for (const child of childrenOf(next).toReversed()) left.push(child);
  }
}

/** Every INCLUDE in an expression. */
export function includesIn(node: Expression): readonly Include[] {
  return node.type === "include" ? [node] : childrenOf(node).flatMap(includesIn);
}
