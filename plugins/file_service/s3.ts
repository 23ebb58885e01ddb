/**
 * The auth method `s3`: a bucket of Amazon S3, or of another service that speaks its protocol.
 *
 * @module
 */
import { type AddressPolicy, type AuthDefinition, defineAuth, type FieldMeta } from "@waybill/waybill";
import { openS3Store, refuseSpelledAddress } from "@waybill/waybill/files";
import { z } from "zod";
import { checkFolder } from "./check_folder.ts";
import { type PgpOptionalFields, pgpOptionalFields } from "./pgp_fields.ts";
import { checkKeys, describeKeys, type MaybePgpConnection, optionalPgp } from "./pgp_keys.ts";

/** What a bucket is configured with. */
export type S3Config = z.ZodObject<
  {
    endpoint: z.ZodString;
    region: z.ZodDefault<z.ZodString>;
    bucket: z.ZodString;
    folder: z.ZodDefault<z.ZodString>;
    access_key_id: z.ZodString;
    secret_access_key: z.ZodString;
    path_style: z.ZodDefault<z.ZodBoolean>;
  } & Pick<PgpOptionalFields, keyof PgpOptionalFields>
>;

const config: S3Config = z.object({
  endpoint: z.string().refine(isEndpoint, {
    message: "must be an address such as https://s3.eu-central-1.amazonaws.com, without user, query and bucket",
  }).meta(
    {
      title: "Endpoint",
      help:
        "Address of the service. With `http` what is sent can be read on the way, so use it in your own network only.",
      placeholder: "https://s3.eu-central-1.amazonaws.com",
    } satisfies FieldMeta,
  ),
  region: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "must be a name such as eu-central-1").default("us-east-1").meta(
    { title: "Region", help: "Region that requests are signed for, as the service calls it." } satisfies FieldMeta,
  ),
  bucket: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, "must be the name of a bucket, without a path").meta(
    { title: "Bucket", help: "Name of the bucket.", placeholder: "partner-files" } satisfies FieldMeta,
  ),
  folder: z.string().refine((folder) => !folder.split("/").includes(".."), { message: 'must not hold ".."' }).default(
    "",
  )
    .meta(
      {
        title: "Folder",
        help: "Folder of the bucket that jobs start from and stay in. The whole bucket, when left empty.",
        placeholder: "outgoing",
      } satisfies FieldMeta,
    ),
  access_key_id: z.string().min(1).meta({ title: "Access key id", help: "Who logs in." } satisfies FieldMeta),
  secret_access_key: z.string().min(1).meta(
    { title: "Secret access key", help: "What requests are signed with.", secret: true } satisfies FieldMeta,
  ),
  path_style: z.boolean().default(true).meta(
    {
      title: "Path style",
      help: "Whether the bucket stands in the path, not before the endpoint's name. Most services take the path.",
      advanced: true,
    } satisfies FieldMeta,
  ),
  ...pgpOptionalFields,
});

/** A bucket. */
export const s3: AuthDefinition<S3Config, MaybePgpConnection> = defineAuth({
  id: "s3",
  title: "S3 bucket",
  summary: "Reads files from a bucket of Amazon S3, or of any service that speaks its protocol.",
  config,
  checkConfig: async (config, addresses) => {
    checkEndpoint(config.endpoint, addresses);
    await checkKeys(config);
  },
  connect: async ({ config, addresses, signal }) => {
    const store = openS3Store({
      endpoint: config.endpoint,
      region: config.region,
      bucket: config.bucket,
      folder: config.folder,
      accessKeyId: config.access_key_id,
      secretAccessKey: config.secret_access_key,
      pathStyle: config.path_style,
      addresses,
      signal,
    });
    return { files: store, ...optionalPgp(config), [Symbol.asyncDispose]: () => store.close() };
  },
  check: async function* ({ files }, { config, signal }) {
    const { folder, bucket } = config;
    yield* checkFolder(
      files,
      folder === "" ? `Bucket "${bucket}"` : `Folder "${folder}" of bucket "${bucket}"`,
      signal,
    );
    yield* describeKeys(config);
  },
});

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" &&
    url.search === "" && url.hash === "";
}

function checkEndpoint(endpoint: string, addresses: AddressPolicy): void {
  refuseSpelledAddress(new URL(endpoint).hostname, addresses);
}
