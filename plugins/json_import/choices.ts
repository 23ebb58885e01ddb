/**
 * Live lists for the fields of a JSON import: what lies on the server, what the first records hold.
 *
 * @module
 */
import type { ChoiceContext, ChoiceSource, JsonValue } from "@waybill/waybill";
import {
  fileFieldChoices,
  firstMember,
  type ImportConnection,
  openForFields,
  readSample,
  type Sample,
  SAMPLE_ROWS,
  timeChoices,
} from "../file_service/imports/mod.ts";
import type { JsonImportOptions } from "./config.ts";
import { openJsonFile } from "./json_file.ts";
import { fieldNames } from "./record_fields.ts";

type Context = ChoiceContext<JsonImportOptions, ImportConnection>;
type List = ChoiceSource<JsonImportOptions, ImportConnection>;

/** The fields of the file's first records, of an archive's first member; those that are nested say so. */
const field: List = {
  needs: ["file"],
  load: async function* (context) {
    const sample = await firstRecords(context);
    for (const value of fieldNames(sample)) {
      const title = sample.rows.map((row) => nesting(row.get(value))).find((what) => what !== undefined);
      yield title === undefined ? { value } : { value, title };
    }
  },
};

/** The fields of the first records, those whose values are mostly timestamps first. */
const timestampField: List = {
  needs: ["file"],
  load: async function* (context) {
    const sample = await firstRecords(context);
    yield* timeChoices(fieldNames(sample), sample, context.config);
  },
};

/** The lists, by configuration key. */
export const choices:
  & typeof fileFieldChoices
  & {
    readonly [Key in "fields" | "identify_by" | "timestamp_field"]: List;
  } = { ...fileFieldChoices, fields: field, identify_by: field, timestamp_field: timestampField };

/** Fields chosen already do not narrow the list. */
async function firstRecords(context: Context): Promise<Sample> {
  const { encoding = "auto" } = context.config;
  await using source = await openForFields(context);
  const options = { encoding, fields: [], timestamp_field: undefined };
  await using file = await openJsonFile(await firstMember(source), options, { batchRows: SAMPLE_ROWS });
  return await readSample(file.chunks);
}

function nesting(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Array.isArray(value) ? "a list" : "an object";
}
