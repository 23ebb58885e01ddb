/**
 * Configuration fields that every import into a stream shares; spread them into the job's `config`.
 *
 * @module
 */
import { z } from "zod";
import type { FieldMeta } from "./config.ts";
import type { ImportTarget } from "./job.ts";

/** A list of names, such as columns, in the order given. A name given again is dropped: it can mean nothing more. */
export function nameList(): z.ZodDefault<z.ZodArray<z.ZodString>> {
  return z.array(z.string().min(1)).overwrite((names) => [...new Set(names)]).default([]);
}

/** The shape of {@linkcode importFields}. */
export interface ImportFields {
  /** Name of the stream. */
  stream: z.ZodString;
  /** Fields that identify a profile. */
  identify_by: z.ZodDefault<z.ZodArray<z.ZodString>>;
  /** Rows or percent. */
  reject_threshold: z.ZodOptional<z.ZodString>;
}

/** The keys `stream`, `identify_by` and `reject_threshold`; {@linkcode importTarget} turns them into a target. */
export const importFields: ImportFields = {
  stream: z.string().regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    "must be 1 to 64 letters, digits, `_`, `-` or `.`, starting with a letter or digit",
  ).meta(
    {
      title: "Stream",
      help: "Stream that the events are added to. It is made when it is not there.",
      placeholder: "customers",
    } satisfies FieldMeta,
  ),
  identify_by: nameList().meta(
    {
      title: "Identify by",
      help: "Fields that identify a profile. They make the stream's default mapping where it has none: " +
        "same names, latest value wins.",
      placeholder: "customer_id,email",
    } satisfies FieldMeta,
  ),
  reject_threshold: z.string().regex(
    /^(\d{1,9}|(100|\d{1,2})(\.\d+)?%)$/,
    'must be a number of rows ("500") or a percentage ("2.5%")',
  ).optional().meta(
    {
      title: "Reject threshold",
      help: "Rejected rows, as a number or a percentage, beyond which the run fails. " +
        "Without it a run fails only when every row was rejected.",
      placeholder: "1%",
      advanced: true,
    } satisfies FieldMeta,
  ),
};

/** The target that the shared fields describe. */
export function importTarget(
  config: {
    readonly stream: string;
    readonly identify_by: readonly string[];
    readonly reject_threshold?: string | undefined;
  },
): ImportTarget {
  return {
    stream: config.stream,
    identifyBy: config.identify_by,
    ...rejectThreshold(config.reject_threshold),
  };
}

/** The part of a target that `reject_threshold` describes. */
export function rejectThreshold(text: string | undefined): Pick<ImportTarget, "rejectThreshold"> {
  if (text === undefined) return {};
  return { rejectThreshold: text.endsWith("%") ? { percent: parseFloat(text) } : { rows: Number(text) } };
}
