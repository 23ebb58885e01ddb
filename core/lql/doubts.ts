/**
 * What in a filter or mapping is allowed, and hardly meant: for notes to whoever writes it.
 *
 * @module
 */
import type { Expression, Filter, Mapping } from "./ast.ts";
import { dateMath } from "./date_math.ts";
import { childrenOf, nodesIn } from "./walk.ts";

/** The fields that a filter names itself, each once: all names by which a profile may hold them, the whole name first. */
export function fieldNamesOf({ phrase }: Filter): readonly (readonly string[])[] {
  const fields = new Map<string, readonly string[]>();
  for (const node of nodesIn(phrase)) {
    if (node.type !== "field") continue;
    fields.set(JSON.stringify(node.path), [...new Set([node.path.join("."), node.path[0] ?? ""])]);
  }
  return [...fields.values()];
}

/** A text that is compared, begins as date math does, and says no time. */
export interface DateDoubt {
  readonly text: string;
  /** It is no date math; a step has too many digits to be any; it leads out of the years 1 to 9999. */
  readonly why: "form" | "digits" | "years";
}

/** Such texts in a filter or mapping, `now-3x` for instance, each once. `now` is in milliseconds since the epoch. */
export function dateDoubts(of: Filter | Mapping, now: number): readonly DateDoubt[] {
  const found = new Map<string, DateDoubt>();
  for (const expression of expressionsOf(of)) {
    for (const node of nodesIn(expression)) {
      if (node.type !== "comparison" && node.type !== "between") continue;
      for (const operand of childrenOf(node)) {
        if (operand.type !== "literal" || typeof operand.value !== "string") continue;
        const text = operand.value, why = whyDoubtful(text, now);
        if (why !== undefined) found.set(text, { text, why });
      }
    }
  }
  return [...found.values()];
}

function whyDoubtful(text: string, now: number): DateDoubt["why"] | undefined {
  if (!/^now\s*[+-]/.test(text)) return undefined;
  const math = dateMath(text);
  if (math !== undefined) return Number.isNaN(math(now)) ? "years" : undefined;
  // It would be date math with fewer digits.
  return dateMath(text.replaceAll(/\d+/g, "1")) === undefined ? "form" : "digits";
}

function expressionsOf(of: Filter | Mapping): readonly Expression[] {
  if ("phrase" in of) return [of.phrase];
  const columns = of.columns.flatMap(({ expression, condition }) => condition ? [expression, condition] : [expression]);
  return of.where === undefined ? columns : [...columns, of.where];
}

/** How many parts a filter has: fields, values, functions and conditions. */
export function partsOf({ phrase }: Filter): number {
  let parts = 0;
  for (const _ of nodesIn(phrase)) parts++;
  return parts;
}
