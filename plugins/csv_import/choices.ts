/**
 * Live lists for the fields of a CSV import: what lies on the server, what stands in the header.
 *
 * @module
 */
import type { ChoiceContext, ChoiceSource } from "@waybill/waybill";
import {
  fileFieldChoices,
  firstMember,
  type ImportConnection,
  openForFields,
  readSample,
  SAMPLE_ROWS,
  type Source,
  timeChoices,
} from "../file_service/imports/mod.ts";
import type { CsvImportOptions } from "./config.ts";
import { type CsvFile, openCsvFile } from "./csv_file.ts";

type Context = ChoiceContext<CsvImportOptions, ImportConnection>;
type List = ChoiceSource<CsvImportOptions, ImportConnection>;

/** The columns of the file, of an archive's first. */
const column: List = {
  needs: ["file"],
  load: async function* (context) {
    await using source = await openForFields(context);
    await using opened = await openFirst(source, context);
    for (const name of opened.header.names) yield { value: name };
  },
};

/** The columns of the file, those whose values are mostly timestamps first. */
const timestamps: List = {
  needs: ["file"],
  load: async function* (context) {
    await using source = await openForFields(context);
    await using opened = await openFirst(source, context);
    const sample = await readSample(opened.chunks);
    yield* timeChoices(opened.header.names, sample, context.config);
  },
};

/** The lists, by configuration key. */
export const choices:
  & typeof fileFieldChoices
  & {
    readonly [Key in "fields" | "identify_by" | "multi_value" | "diff_keys" | "timestamps"]: List;
  } = { ...fileFieldChoices, fields: column, identify_by: column, multi_value: column, diff_keys: column, timestamps };

/** Opens its first member; columns chosen already do not narrow the list. */
async function openFirst(source: Source, { config: { delimiter, encoding = "auto" } }: Context): Promise<CsvFile> {
  const options = { delimiter, encoding, fields: [], timestamps: [], identify_by: [], multi_value: [] };
  return await openCsvFile(await firstMember(source), options, { batchRows: SAMPLE_ROWS });
}
