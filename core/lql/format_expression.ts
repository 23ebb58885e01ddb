/**
 * Writes expressions so that they read back the same.
 *
 * @module
 */
import type { Expression, Scalar } from "./ast.ts";
import { quoteName, quoteSlug, quoteString } from "./quote.ts";

/** `a AND b` as mappings have it, or `AND (a, b)` as filters do. */
export type LogicStyle = "infix" | "groups";

/** How tightly each form binds: what stands within a tighter one needs parentheses. */
const RANK = { or: 1, and: 2, not: 3, predicate: 4, sum: 5, product: 6, operand: 7 } as const;

/** The text of an expression. */
export function formatExpression(node: Expression, style: LogicStyle): string {
  const within = (child: Expression, rank: number) => {
    const text = formatExpression(child, style);
    return rankOf(child, style) < rank ? `(${text})` : text;
  };
  const operand = (child: Expression) => within(child, RANK.sum);
  const not = "negated" in node && node.negated ? "NOT " : "";
  switch (node.type) {
    case "literal":
      return formatScalar(node.value);
    case "field":
      return node.path.map(quoteName).join(".");
    case "call":
      return `${node.name}(${node.args.map((arg) => formatExpression(arg, style)).join(", ")})`;
    case "cast":
      return `cast(${formatExpression(node.operand, style)} AS ${node.kind})`;
    case "negation":
      return `-(${formatExpression(node.operand, style)})`;
    case "arithmetic": {
      const rank = rankOf(node, style) + 1;
      const rest = node.rest.map(({ operator, operand }) => ` ${operator} ${within(operand, rank)}`);
      return within(node.first, rank) + rest.join("");
    }
    case "and":
    case "or": {
      const keyword = node.type.toUpperCase();
      if (style === "groups") {
        return `${keyword} (${node.operands.map((each) => formatExpression(each, style)).join(", ")})`;
      }
      return node.operands.map((each) => within(each, RANK[node.type] + 1)).join(` ${keyword} `);
    }
    case "not":
      return `NOT ${within(node.operand, RANK.not)}`;
    case "comparison":
      return `${operand(node.left)} ${node.operator} ${operand(node.right)}`;
    case "in":
    case "intersects": {
      const set = "path" in node.set ? formatExpression(node.set, style) : `(${node.set.map(formatScalar).join(", ")})`;
      return `${operand(node.operand)} ${not}${node.type.toUpperCase()} ${set}`;
    }
    case "like":
    case "contains":
      return `${operand(node.operand)} ${not}${node.type.toUpperCase()} ${formatScalar(node.pattern)}`;
    case "between":
      return `${operand(node.operand)} ${not}BETWEEN ${operand(node.low)} AND ${operand(node.high)}`;
    case "exists": {
      const text = within(node.operand, RANK.operand);
      return `EXISTS ${text.startsWith("-") ? `(${text})` : text}`;
    }
    case "include":
      return `INCLUDE ${quoteSlug(node.slug)}`;
    case "everything":
      return "*";
  }
}

function rankOf(node: Expression, style: LogicStyle): number {
  switch (node.type) {
    case "and":
    case "or":
      return style === "infix" ? RANK[node.type] : RANK.predicate;
    case "not":
      return RANK.not;
    case "arithmetic":
      return ["+", "-"].includes(node.rest[0]?.operator ?? "+") ? RANK.sum : RANK.product;
    case "literal":
    case "field":
    case "call":
    case "cast":
    case "negation":
      return RANK.operand;
    default:
      return RANK.predicate;
  }
}

function formatScalar(value: Scalar): string {
  if (typeof value === "string") return quoteString(value);
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  // A whole number of more than 15 digits is refused, since it may have lost some: with an exponent it says so itself.
  return Math.abs(value) > Number.MAX_SAFE_INTEGER ? value.toExponential() : String(value);
}
