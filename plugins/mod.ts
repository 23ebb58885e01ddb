/**
 * The plugins that come with Waybill.
 *
 * @module
 */
import type { PluginDefinition } from "@waybill/waybill";
import { plugin as audienceExport } from "./audience_export/mod.ts";
import { plugin as audienceImport } from "./audience_import/mod.ts";
import { plugin as bulk } from "./bulk/mod.ts";
import { plugin as csvImport } from "./csv_import/mod.ts";
import { plugin as emailCsv } from "./email_csv/mod.ts";
import { plugin as fileService } from "./file_service/mod.ts";
import { plugin as jsonImport } from "./json_import/mod.ts";
import { plugin as profileExport } from "./profile_export/mod.ts";
import { plugin as logExport } from "./log_export/mod.ts";
import { plugin as profileImport } from "./profile_import/mod.ts";
import { plugin as sftpCsvExport } from "./sftp_csv_export/mod.ts";

/** The built-in plugins, handed to the engine by the programs. */
export const plugins: readonly PluginDefinition[] = [
  fileService,
  csvImport,
  jsonImport,
  profileImport,
  sftpCsvExport,
  emailCsv,
  bulk,
  audienceImport,
  audienceExport,
  profileExport,
  logExport,
];
