/**
 * What an audience import is configured with.
 *
 * @module
 */
import type { FieldMeta, ListTarget } from "@waybill/waybill";
import { z } from "zod";
import { type FileFields, fileFields } from "../file_service/imports/mod.ts";

/** An audience import's configuration, as a zod schema. */
export type AudienceImportConfig = z.ZodObject<{
  app_id: z.ZodString;
  audience_name: z.ZodOptional<z.ZodString>;
  audience_list_id: z.ZodOptional<z.ZodInt>;
  identifier_type: z.ZodDefault<z.ZodEnum<{ customer_id: "customer_id" }>>;
  file: z.ZodString;
  folder: FileFields["folder"];
  members: FileFields["members"];
}>;

/** An audience import's configuration, parsed. */
export type AudienceImportOptions = z.output<AudienceImportConfig>;

/** The configuration. */
export const config: AudienceImportConfig = z.object({
  app_id: z.string().min(1).meta(
    {
      title: "App",
      help: "Id of the app whose profiles the members are; its name does as well.",
      placeholder: "weather",
    } satisfies FieldMeta,
  ),
  audience_name: z.string().min(1).max(100).optional().meta(
    {
      title: "Audience name",
      help: "Name of the audience. It is made when the app has no list of that name; else its members are replaced.",
      placeholder: "newsletter",
    } satisfies FieldMeta,
  ),
  audience_list_id: z.int().min(1).optional().meta(
    {
      title: "Audience list id",
      help: "Id of the list whose members are replaced, in place of a name.",
    } satisfies FieldMeta,
  ),
  identifier_type: z.enum(["customer_id"]).default("customer_id").meta(
    { title: "Identifier type", help: "What the ids are: the key of each line." } satisfies FieldMeta,
  ),
  file: z.string().min(1, "must name a file").meta(
    {
      title: "File",
      help: "File of JSON lines, each with an id. Without an auth it is a file of this machine.",
      placeholder: "ids.jsonl",
    } satisfies FieldMeta,
  ),
  folder: fileFields.folder,
  members: fileFields.members,
}).refine((config) => config.audience_name !== undefined || config.audience_list_id !== undefined, {
  message: "must be given, or `audience_list_id`",
  path: ["audience_name"],
});

/** The list that the ids go into. */
export function into(options: AudienceImportOptions): ListTarget {
  const { app_id: app, audience_list_id: id, audience_name: name, identifier_type: member } = options;
  return { list: { app, ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }, member };
}
