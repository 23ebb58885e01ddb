/**
 * Live lists for the fields of an export; the engine lists audiences and fields.
 *
 * @module
 */
import type { ChoiceSource } from "@waybill/waybill";
import { folderChoices } from "../file_service/imports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { SftpCsvExportOptions } from "./config.ts";

/** The lists, by configuration key. */
export const choices: { readonly folder: ChoiceSource<SftpCsvExportOptions, MaybePgpConnection> } = {
  folder: { load: (context) => folderChoices(context) },
};
