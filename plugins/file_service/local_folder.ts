/**
 * The auth method `local-folder`: a folder of the machine that Waybill runs on.
 *
 * @module
 */
import { isAbsolute } from "node:path";
import { type AddressPolicy, type AuthDefinition, defineAuth, Failure, type FieldMeta } from "@waybill/waybill";
import { localStore } from "@waybill/waybill/files";
import { z } from "zod";
import { checkFolder } from "./check_folder.ts";
import { type PgpOptionalFields, pgpOptionalFields } from "./pgp_fields.ts";
import { checkKeys, describeKeys, type MaybePgpConnection, optionalPgp } from "./pgp_keys.ts";

/** What a local folder is configured with. */
export type LocalFolderConfig = z.ZodObject<
  { folder: z.ZodString } & Pick<PgpOptionalFields, keyof PgpOptionalFields>
>;

const config: LocalFolderConfig = z.object({
  folder: z.string().refine(isAbsolute, {
    message: "must be an absolute path: a relative one would depend on where Waybill was started",
  }).meta(
    {
      title: "Folder",
      help: "Absolute path of the folder. Jobs see what lies in it and below it, and nothing else.",
      placeholder: "/srv/partner/in",
    } satisfies FieldMeta,
  ),
  ...pgpOptionalFields,
});

/** A folder of this machine. */
export const localFolder: AuthDefinition<LocalFolderConfig, MaybePgpConnection> = defineAuth({
  id: "local-folder",
  title: "Local folder",
  summary: "Reads files from a folder of the machine that Waybill runs on.",
  config,
  checkConfig: async (config, addresses) => {
    requireOperator(config.folder, addresses);
    await checkKeys(config);
  },
  connect: async ({ config, addresses }) => {
    requireOperator(config.folder, addresses);
    return {
      files: localStore({ root: config.folder }),
      ...optionalPgp(config),
      [Symbol.asyncDispose]: async () => {},
    };
  },
  check: async function* ({ files }, { config, signal }) {
    yield* checkFolder(files, `Folder "${config.folder}"`, signal);
    yield* describeKeys(config);
  },
});

/** Whoever chooses a folder of this machine may read all that Waybill may, its own data directory included. */
function requireOperator(folder: string, { allowPrivate }: AddressPolicy): void {
  if (allowPrivate) return;
  throw new Failure("auth", `Folder "${folder}" of this machine can only be chosen by an operator`, {
    code: "forbidden",
    hint: "Have it saved at the command line, or with a token of the scope admin",
  });
}
