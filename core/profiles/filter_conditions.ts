/**
 * What a filter lets SQLite pass over: conditions that hold for every member, and for few others.
 *
 * The filter alone decides; it is asked about every profile that such a condition leaves. So a condition may let through
 * whatever it likes, and must not keep a member back. Each time that it names a field SQLite looks for it again, which
 * takes a tenth of the time of parsing the profile: the test that most profiles fail comes first, and few follow.
 *
 * @module
 */
import { type RawBuilder, sql } from "kysely";
import type { ComparisonOperator, Scalar } from "../lql/ast.ts";
import { type Expression, isPlainText } from "../lql/mod.ts";
import { canTake } from "./audience_pages.ts";

/** A condition of SQL. */
export type SqlCondition = RawBuilder<unknown>;

/** What an INCLUDE leads to: the phrase of the audience's filter, `undefined` where there is none. */
export type ResolvePhrase = (slug: string) => Expression | undefined;

/** Conditions that a filter may consist of; more would take longer than they spare. */
const MOST = 20;

/** Texts that a field is searched for; the same holds for them. */
const MOST_TEXTS = 5;

/** A number that SQLite reads from a decimal may be off by this, of its size. */
const DOUBT = 1e-12;

/** The condition that a filter's phrase gives; `undefined` for none. `resolve` is asked for each INCLUDE, without cycles. */
export function conditionOf(phrase: Expression, resolve: ResolvePhrase): SqlCondition | undefined {
  let left = MOST;
  const visit = (node: Expression): SqlCondition | undefined => {
    if (left <= 0) return undefined;
    switch (node.type) {
      case "and":
        return all(node.operands.map(visit));
      case "or": {
        const known: SqlCondition[] = [];
        for (const operand of node.operands) {
          const condition = visit(operand);
          if (condition === undefined) return undefined;
          known.push(condition);
        }
        return sql`(${sql.join(known, sql` or `)})`;
      }
      case "include": {
        const included = resolve(node.slug);
        return included === undefined ? undefined : visit(included);
      }
      default:
        left--;
        return leafOf(node);
    }
  };
  return visit(phrase);
}

/** What is known of several conditions that all hold. */
function all(conditions: readonly (SqlCondition | undefined)[]): SqlCondition | undefined {
  const known = conditions.filter((condition) => condition !== undefined);
  return known.length < 2 ? known[0] : sql`(${sql.join(known, sql` and `)})`;
}

const FLIPPED = { "<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!=" } as const;

function leafOf(node: Expression): SqlCondition | undefined {
  switch (node.type) {
    case "comparison": {
      const [left, right] = [node.left, node.right];
      if (left.type === "field" && right.type === "literal") return compared(left, node.operator, right.value);
      if (left.type === "literal" && right.type === "field") return compared(right, FLIPPED[node.operator], left.value);
      return undefined;
    }
    case "in":
    case "intersects":
      return node.negated || "path" in node.set ? undefined : oneOf(node.operand, node.set);
    case "between": {
      const { operand, low, high, negated } = node;
      if (negated || low.type !== "literal" || high.type !== "literal") return undefined;
      return all([compared(operand, ">=", low.value), compared(operand, "<=", high.value)]);
    }
    case "contains":
      return node.negated ? undefined : contains(node.operand, node.pattern);
    default:
      return undefined;
  }
}

/** What the path of a top-level field leads to. */
function pathOf(node: Expression): string | undefined {
  const [name, ...rest] = node.type === "field" ? node.path : [];
  return name === undefined || rest.length > 0 || !canTake([name]) ? undefined : `$."${name}"`;
}

/** A field as a value of SQL: numbers, 1 and 0 for true and false, or texts, which lists and maps are, too. */
const valueAt = (path: string) => sql`json_extract(attributes, ${path})`;

/** A field as JSON. */
const jsonAt = (path: string) => sql`attributes -> ${path}`;

function compared(node: Expression, operator: ComparisonOperator, literal: Scalar): SqlCondition | undefined {
  const path = pathOf(node);
  if (path === undefined || operator === "!=") return undefined;
  if (operator === "=") return oneOf(node, [literal]);
  if (typeof literal !== "number") return undefined;
  const [least, greatest] = around(literal);
  // Texts order after numbers. They may say numbers, and what is in lists and maps is not looked at.
  return operator === ">" || operator === ">="
    ? sql`${valueAt(path)} >= ${least}`
    : sql`(${valueAt(path)} <= ${greatest} or ${valueAt(path)} >= '')`;
}

/** Whether a field may equal any of the literals. */
function oneOf(node: Expression, literals: readonly Scalar[]): SqlCondition | undefined {
  const path = pathOf(node);
  if (path === undefined || literals.length > MOST_TEXTS) return undefined;
  const [only] = literals;
  if (literals.length === 1 && typeof only === "number") {
    const [least, greatest] = around(only);
    return sql`(${valueAt(path)} >= ${least} and (${valueAt(path)} <= ${greatest} or ${valueAt(path)} >= ''))`;
  }
  const texts = literals.filter((literal) =>
    typeof literal === "string" && isPlainText(literal) && isWrittenAsItIs(literal)
  );
  // A member of a list and a key of a map stand in the JSON as the text alone does.
  return texts.length < literals.length ? undefined : holdsAny(path, texts.map((text) => `"${text}"`));
}

/** Whether a text may be a part of a field. */
function contains(node: Expression, part: Scalar): SqlCondition | undefined {
  const path = pathOf(node);
  // A number has several forms, and its text is one of them.
  const fits = typeof part === "string" && isWrittenAsItIs(part) && /[^\d.e+\-Infity]/.test(part);
  return path === undefined || !fits ? undefined : holdsAny(path, [part]);
}

/** Whether the JSON of a field holds a text, or one that is escaped and may be any. */
function holdsAny(path: string, texts: readonly string[]): SqlCondition {
  return sql`(${sql.join([...texts, "\\"].map((text) => sql`instr(${jsonAt(path)}, ${text})`), sql` or `)})`;
}

/** Whether JSON has a text as it is, unless it escapes what it need not. */
function isWrittenAsItIs(text: string): boolean {
  return text !== "" && text.isWellFormed() && !/["\\\p{Cc}]/u.test(text);
}

/** Numbers that enclose what SQLite may make of a decimal for this number. */
function around(number: number): readonly [number, number] {
  const margin = Math.max(Math.abs(number) * DOUBT, 1e-300);
  return [number - margin, number + margin];
}
