/**
 * Changes of how a profile table's values identify, written so that equal rules have equal text.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../contracts/failure.ts";
import { nearest } from "../describe/mod.ts";
import { explainIssue } from "../describe/problems.ts";
import { type IdentityRulesJson, NORMALISING_STEPS } from "../profiles/identity_rules.ts";
import type { TableChange } from "./runtime.ts";

/** What may be set for a profile table; what is missing is as built in. */
export const identityRulesSchema: z.ZodType<IdentityRulesJson> = z.strictObject({
  normalise: z.record(z.string(), z.array(z.enum(NORMALISING_STEPS))).exactOptional(),
  deny: z.record(z.string(), z.array(z.string().min(1).max(1_000)).max(10_000)).exactOptional(),
  most_values: z.int().min(2).max(1_000_000).exactOptional(),
});

type Lists = { readonly [field: string]: readonly string[] };

/** The rules after a change. Failure `config` for what cannot be one. */
export function changedRules(before: IdentityRulesJson, change: TableChange): IdentityRulesJson {
  const { most_values = before.most_values } = change;
  const deny = changedLists(before.deny, change.deny, (values) => [...new Set(values)].sort());
  const normalise = changedLists(before.normalise, change.normalise, (steps) => [...new Set(steps)].sort());
  if (normalise !== undefined && Object.hasOwn(normalise, "*")) {
    throw new Failure("config", "`*` stands for no field in rules of how values are normalised", {
      hint: "Name each field; `*` is for values that are denied in all of them",
    });
  }
  const rules = {
    ...normalise !== undefined && { normalise },
    ...deny !== undefined && { deny },
    ...most_values !== undefined && most_values !== null && { most_values },
  };
  const parsed = identityRulesSchema.safeParse(rules, { error: explainIssue });
  if (parsed.success) return parsed.data;
  throw wrongRule(parsed.error.issues[0], rules);
}

function wrongRule(issue: z.core.$ZodIssue | undefined, rules: { readonly normalise?: Lists }): Failure {
  const [rule, field, at] = issue?.path ?? [];
  const message = issue?.message ?? "is not valid";
  if (rule === "normalise") {
    const step = rules.normalise?.[String(field)]?.[Number(at)];
    return new Failure("config", `Values of "${String(field)}" cannot be normalised by "${step}"`, {
      hint: `A step ${message}`,
    });
  }
  if (rule === "deny") {
    const what = at === undefined ? "The list of denied values" : "A denied value";
    return new Failure("config", `${what} of "${String(field)}" ${message}`, {
      hint: "Values are 1 to 1,000 characters long, at most 10,000 of a field",
    });
  }
  return new Failure("config", `"${issue?.path.join(".") ?? ""}" ${message}`);
}

/** Lists by field, merged by field: null removes; sorted, so that the same rules are the same text. */
function changedLists(
  before: Lists | undefined,
  change: { readonly [field: string]: readonly string[] | null } | null | undefined,
  tidy: (list: readonly string[]) => string[],
): Lists | undefined {
  if (change === null) return undefined;
  const lists = new Map(Object.entries(before ?? {}));
  for (const [field, list] of Object.entries(change ?? {})) {
    if (list === null) lists.delete(field);
    else lists.set(field, tidy(list));
  }
  // `deny` without values says nothing; `normalise` without steps says: as it stands.
  return lists.size === 0 ? undefined : Object.fromEntries([...lists].sort(([a], [b]) => a < b ? -1 : 1));
}

/** A sentence for each field of a change that identifies nobody in the table. */
export function unusedRuleNotes(change: TableChange, table: string, identifyBy: readonly string[]): string[] {
  const named = new Set([...Object.keys(change.deny ?? {}), ...Object.keys(change.normalise ?? {})]);
  return [...named].filter((field) => field !== "*" && !identifyBy.includes(field)).map((field) => {
    const near = nearest(field, identifyBy);
    const meant = near === undefined ? "" : `; did you mean "${near}"?`;
    return `Field "${field}" identifies no profile of table "${table}"${meant}`;
  });
}
