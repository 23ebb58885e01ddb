/**
 * Configuration fields of imports that take only what changed since the file before.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";

/** The shape of {@linkcode diffFields}. */
export interface DiffFields {
  /** Whether only rows that changed are imported. */
  diff: z.ZodDefault<z.ZodBoolean>;
  /** What tells which row it is. */
  diff_keys: z.ZodDefault<z.ZodArray<z.ZodString>>;
  /** The field that marks rows which are gone. */
  removed_marker: z.ZodOptional<z.ZodString>;
}

/** The keys `diff`, `diff_keys` and `removed_marker`; {@linkcode checkMarker} has to check the last. */
export const diffFields: DiffFields = {
  diff: z.boolean().default(false).meta(
    {
      title: "Diff",
      help:
        "Import only rows that were added or changed since the file before, and hold a file that lost over half of " +
        "its rows until somebody approves it.",
    } satisfies FieldMeta,
  ),
  diff_keys: z.array(z.string().min(1)).default([]).meta(
    {
      title: "Diff keys",
      help:
        "Fields that tell which row it is. Left empty, they are those that identify profiles; where there are none, " +
        "a row is there or not.",
      placeholder: "customer_id",
      advanced: true,
    } satisfies FieldMeta,
  ),
  removed_marker: z.string().min(1).max(200).optional().meta(
    {
      title: "Removed marker",
      help:
        "Field that marks rows of the file before that are gone: each is imported as a row of what identifies it, with " +
        "`true` in this field. All other rows get `false`.",
      placeholder: "is_removed",
      advanced: true,
    } satisfies FieldMeta,
  ),
};

/** What a diff needs to know, parsed. */
export interface DiffOptions {
  readonly diff: boolean;
  readonly diff_keys: readonly string[];
  readonly identify_by?: readonly string[];
  readonly removed_marker?: string | undefined;
}

/** Refuses a marker without a diff, without keys to tell which row is gone, or with the name of a field of the file. */
export const checkMarker: z.core.CheckFn<DiffOptions & { readonly fields: readonly string[] }> = (
  { value, issues },
) => {
  const { diff, removed_marker: marker, fields } = value;
  if (marker === undefined) return;
  const refuse = (message: string) => issues.push({ code: "custom", input: marker, path: ["removed_marker"], message });
  const named = [...toldFields(value), ...fields];
  if (!diff) refuse("needs `diff`, which finds the rows that are gone");
  else if (diffKeys(value).length === 0) {
    refuse("needs `diff_keys` or `identify_by`: without them a row that changed cannot be told from one that is gone");
  } else if (named.includes(marker)) refuse("must be another name than those of the file's fields");
};

/** The fields that tell which row it is; none where the whole row does. */
export function diffKeys({ diff_keys, identify_by = [] }: DiffOptions): readonly string[] {
  return diff_keys.length > 0 ? diff_keys : identify_by;
}

/** The fields that a row which is gone is imported with: they tell which row it was, and whom it was about. */
export function toldFields(options: DiffOptions): readonly string[] {
  return [...new Set([...diffKeys(options), ...options.identify_by ?? []])];
}
