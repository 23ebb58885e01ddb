/**
 * What a mailed export is configured with.
 *
 * @module
 */
import { type FieldMeta, mailAddress } from "@waybill/waybill";
import { z } from "zod";
import { checkMarks, type ExportFields, exportFields, spreadsheetSafe } from "../file_service/exports/mod.ts";

/** A mailed export's configuration, as a zod schema. */
export type EmailCsvConfig = z.ZodObject<
  & Omit<ExportFields, "audience_slug">
  & {
    /** Who gets the link. */
    email: z.ZodArray<z.ZodString>;
  }
>;

/** A mailed export's configuration, parsed. */
export type EmailCsvOptions = z.output<EmailCsvConfig>;

const { audience, audience_slug: _none, spreadsheet_safe: _off, hold_change, ...others } = exportFields;

/** The configuration. */
export const config: EmailCsvConfig = z.object({
  audience,
  email: z.array(mailAddress()).min(1, "must name an address").max(50, "must be 50 addresses at most").overwrite(
    (addresses) => [...new Set(addresses)],
  ).meta(
    {
      title: "Email",
      help: "Addresses that get the link, each in a mail of its own.",
      placeholder: "ann@example.com,bo@example.com",
    } satisfies FieldMeta,
  ),
  ...others,
  spreadsheet_safe: spreadsheetSafe(true),
  hold_change,
}).check(checkMarks);
