/**
 * What in a filter is allowed, and hardly meant: for notes to whoever writes it.
 *
 * @module
 */
import type { Filter } from "./ast.ts";
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

/** Texts that are compared and begin as date math does, such as `now-3x`, but are none. */
export function nearDateMath({ phrase }: Filter): readonly string[] {
  const found = new Set<string>();
  for (const node of nodesIn(phrase)) {
    if (node.type !== "comparison" && node.type !== "between") continue;
    for (const operand of childrenOf(node)) {
      if (operand.type !== "literal" || typeof operand.value !== "string") continue;
      if (/^now\s*[+-]/.test(operand.value) && dateMath(operand.value) === undefined) found.add(operand.value);
    }
  }
  return [...found];
}

/** How many parts a filter has: fields, values, functions and conditions. */
export function partsOf({ phrase }: Filter): number {
  let parts = 0;
  for (const _ of nodesIn(phrase)) parts++;
  return parts;
}
