/**
 * What a JSON import is configured with.
 *
 * @module
 */
import { Failure, type FieldMeta, type ImportFields, importFields, nameList, nearest } from "@waybill/waybill";
import { type TimestampFormat, timestampParser } from "@waybill/waybill/codecs";
import { z } from "zod";

/** A JSON import's configuration, as a zod schema. */
export type JsonImportConfig = z.ZodObject<
  Pick<ImportFields, keyof ImportFields> & {
    folder: z.ZodDefault<z.ZodString>;
    file: z.ZodString;
    timestamp_field: z.ZodOptional<z.ZodString>;
    timestamp_format: z.ZodDefault<z.ZodEnum<{ [Format in TimestampFormat]: Format }>>;
    timestamp_zone: z.ZodDefault<z.ZodString>;
    fields: z.ZodDefault<z.ZodArray<z.ZodString>>;
  }
>;

/** A JSON import's configuration, parsed. */
export type JsonImportOptions = z.output<JsonImportConfig>;

/** A zone that is not known is told when the job is saved. */
const knownZone: z.core.CheckFn<string> = ({ value, issues }) => {
  try {
    timestampParser({ zone: value });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const near = nearest(value, Intl.supportedValuesOf("timeZone"));
    const hint = near === undefined ? error.hint : `did you mean "${near}"?`;
    issues.push({ code: "custom", input: value, message: `${error.message}: ${hint}` });
  }
};

/** The configuration. */
export const config: JsonImportConfig = z.object({
  ...importFields,
  folder: z.string().default("").meta(
    {
      title: "Folder",
      help: "Folder the file is in. It starts at the auth's folder, which it is when left empty.",
      placeholder: "daily",
    } satisfies FieldMeta,
  ),
  file: z.string().min(1, "must name a file").meta(
    {
      title: "File",
      help: "File to import, by its name in the folder.",
      placeholder: "customers.jsonl",
    } satisfies FieldMeta,
  ),
  timestamp_field: z.string().min(1).optional().meta(
    {
      title: "Timestamp field",
      help: "Field that holds the time of the event. " +
        "A record where it does not parse gets the time at which the run first started.",
      placeholder: "updated_at",
    } satisfies FieldMeta,
  ),
  timestamp_format: z.enum(["auto", "iso8601", "rfc2822", "date", "mdy", "dmy", "unix", "unix-ms"]).default("auto")
    .meta(
      {
        title: "Timestamp format",
        help: "How timestamps are written. `auto` tells ISO 8601, RFC 2822 and Unix times (9 digits and more) apart; " +
          "dates with slashes are read only as `mdy` or `dmy`.",
        advanced: true,
      } satisfies FieldMeta,
    ),
  timestamp_zone: z.string().check(knownZone).default("UTC").meta(
    {
      title: "Timestamp zone",
      help: "IANA time zone of timestamps that name none.",
      placeholder: "Europe/Zurich",
      advanced: true,
    } satisfies FieldMeta,
  ),
  fields: nameList().meta(
    {
      title: "Fields",
      help: "Fields to import, by their names at the top of each record. Left empty, all of them are.",
      placeholder: "customer_id,email,name",
    } satisfies FieldMeta,
  ),
}).refine(({ fields, identify_by }) => fields.length === 0 || identify_by.every((field) => fields.includes(field)), {
  message: "must be among `fields`, or `fields` be left empty: what identifies a profile has to be imported",
  path: ["identify_by"],
});
