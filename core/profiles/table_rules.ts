/**
 * What holds for every profile of a table: which fields identify, by what values, and how each field is folded.
 *
 * @module
 */
import { latestValue } from "./changes/latest_value.ts";
import type { FieldFold } from "./field_fold.ts";
import { BUILT_IN_RULES, type IdentityRules } from "./identity_rules.ts";

/** The rules of a profile table, in one of its generations. */
export class TableRules {
  /** Whether an event that says just what a profile says changes only its stamp. */
  readonly repeatable: boolean;
  /** Whether every field holds what the latest event says, so that one that says all of it anew leaves nothing. */
  readonly replaceable: boolean;

  constructor(
    /** Fields that identify a profile. */
    readonly identifyBy: readonly string[],
    /** How values identify. */
    readonly identity: IdentityRules = BUILT_IN_RULES,
    private readonly folds: ReadonlyMap<string, FieldFold> = new Map(),
  ) {
    this.repeatable = [...folds.values()].every(({ repeatable }) => repeatable);
    this.replaceable = [...folds.values()].every((fold) => fold === latestValue);
  }

  /** How a field is folded: the latest value wins unless a mapping says otherwise. */
  foldOf(field: string): FieldFold {
    return this.folds.get(field) ?? latestValue;
  }
}
