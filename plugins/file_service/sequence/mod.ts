/**
 * Which files an import reads, and when: one file, or a dated sequence, each file once. For every job type that imports
 * files.
 *
 * @module
 */
import { checkOptions, type SequenceOptions } from "./fields.ts";
import { sequenceOf } from "./rule.ts";

export { type PassCheckpoint, passCheckpoint, type PassCheckpointSchema } from "./checkpoint.ts";
export { fileChoices, formatSize, prefixChoices } from "./choices.ts";
export { checkMarker, type DiffFields, diffFields, type DiffOptions } from "./diff_fields.ts";
export { type SequenceFields, sequenceFields, type SequenceOptions } from "./fields.ts";
export { importFiles, type ImportOne, type PassOptions } from "./pass.ts";
export { planFiles, type PlanOne } from "./plan.ts";

/** Options about files on a server: a file that is uploaded is one, and there once. */
export const SERVER_OPTIONS = [
  "folder",
  "prefix",
  "month_first",
  "settle_seconds",
  "after_import",
  "move_to",
  "diff",
  "diff_keys",
  "removed_marker",
] as const;

/** Refuses (`config`) what does not go together, and a prefix that is wrong. */
export async function checkSequence(options: SequenceOptions): Promise<void> {
  checkOptions(options);
  await sequenceOf(options, false);
}
