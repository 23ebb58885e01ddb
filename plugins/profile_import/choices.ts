/**
 * Live lists for the fields of a profile import: what lies on the server.
 *
 * @module
 */
import { fileFieldChoices } from "../file_service/imports/mod.ts";

const { folder, file, prefix, members, encoding } = fileFieldChoices;

/** The lists, by configuration key. */
export const choices: Pick<typeof fileFieldChoices, "folder" | "file" | "prefix" | "members" | "encoding"> = {
  folder,
  file,
  prefix,
  members,
  encoding,
};
