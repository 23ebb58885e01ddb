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
}

/** The keys `diff` and `diff_keys`. */
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
};

/** What a diff needs to know, parsed. */
export interface DiffOptions {
  readonly diff: boolean;
  readonly diff_keys: readonly string[];
  readonly identify_by?: readonly string[];
}

/** The fields that tell which row it is; none where the whole row does. */
export function diffKeys({ diff_keys, identify_by = [] }: DiffOptions): readonly string[] {
  return diff_keys.length > 0 ? diff_keys : identify_by;
}
