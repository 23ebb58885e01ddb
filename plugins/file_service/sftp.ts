/**
 * The auth method `sftp`: an SFTP server of the user's own.
 *
 * @module
 */
import {
  type AuthContext,
  type AuthDefinition,
  defineAuth,
  type FieldMeta,
  type FileConnection,
} from "@waybill/waybill";
import { openSftpStore, privateKeyProblem, type SftpOptions } from "@waybill/waybill/files";
import { z } from "zod";
import { checkFolder } from "./check_folder.ts";
import { confinedStore } from "./confined_store.ts";
import { type AcceptedHostKey, hostKeyGuard } from "./host_key.ts";

const config: SftpConfig = z.object({
  host: z.string().min(1).max(253).regex(
    /^[^\s/@]+$/,
    "must be a host name or an IP address alone, without a scheme, user or path",
  ).meta(
    {
      title: "Host",
      help: "Name or IP address of the server.",
      placeholder: "sftp.example.com",
    } satisfies FieldMeta,
  ),
  port: z.int().min(1).max(65_535).default(22).meta(
    { title: "Port", help: "TCP port of the server." } satisfies FieldMeta,
  ),
  username: z.string().min(1).meta({ title: "Username", help: "Who logs in." } satisfies FieldMeta),
  password: z.string().min(1).optional().meta(
    {
      title: "Password",
      help: "Password of the user. With a private key as well, it is tried after the key.",
      secret: true,
    } satisfies FieldMeta,
  ),
  private_key: z.string().min(1).optional().meta(
    {
      title: "Private key",
      help: "SSH private key of the user, tried before the password. " +
        "OpenSSH, PEM or PKCS#8 form; RSA, ECDSA or Ed25519; give the whole text of the file.",
      secret: true,
      multiline: true,
      placeholder: "-----BEGIN OPENSSH PRIVATE KEY-----",
    } satisfies FieldMeta,
  ),
  passphrase: z.string().min(1).optional().meta(
    { title: "Passphrase", help: "Passphrase of the private key, if it has one.", secret: true } satisfies FieldMeta,
  ),
  folder: z.string().default("").meta(
    {
      title: "Folder",
      help: "Folder that jobs start from and stay in. Relative to the login directory, which it is when left empty.",
      placeholder: "outgoing",
    } satisfies FieldMeta,
  ),
  host_key: z.string().regex(
    /^SHA256:[A-Za-z0-9+/]{43}=?$/,
    'must be a fingerprint as `ssh-keygen -lf` shows it: "SHA256:" and 43 characters',
  ).optional().meta(
    {
      title: "Host key",
      help: "Fingerprint that the server's key must have. Without it, the first key seen is trusted from then on.",
      advanced: true,
      placeholder: "SHA256:…",
    } satisfies FieldMeta,
  ),
}).refine(({ password, private_key }) => password !== undefined || private_key !== undefined, {
  message: "give a password, a private key, or both",
  path: ["password"],
}).superRefine(({ private_key, passphrase }, context) => {
  if (private_key === undefined) return;
  const problem = privateKeyProblem(private_key, passphrase);
  if (problem === undefined) return;
  const hint = problem.hint.charAt(0).toLowerCase() + problem.hint.slice(1);
  context.addIssue({ code: "custom", path: ["private_key"], message: `${problem.what}: ${hint}` });
});

/** What an SFTP auth is configured with. */
export type SftpConfig = z.ZodObject<{
  host: z.ZodString;
  port: z.ZodDefault<z.ZodInt>;
  username: z.ZodString;
  password: z.ZodOptional<z.ZodString>;
  private_key: z.ZodOptional<z.ZodString>;
  passphrase: z.ZodOptional<z.ZodString>;
  folder: z.ZodDefault<z.ZodString>;
  host_key: z.ZodOptional<z.ZodString>;
}>;

/** An open SFTP connection: its files, and the host key that was accepted. */
export interface SftpFileConnection extends FileConnection, AsyncDisposable {
  /** What the server proved to be, and why it was trusted. */
  readonly hostKey: AcceptedHostKey | undefined;
}

/** An SFTP server. */
export const sftp: AuthDefinition<SftpConfig, SftpFileConnection> = defineAuth({
  id: "sftp",
  title: "SFTP server",
  summary: "Logs in to an SFTP server with a private key, a password, or both.",
  config,
  connect: async (context) => {
    const guard = hostKeyGuard(context);
    const store = await openSftpStore({
      ...options(context),
      verifyHostKey: guard.verify,
      signal: context.signal,
      log: (message) => context.log.warn(message),
    });
    try {
      await guard.pin();
    } catch (error) {
      await store.close();
      throw error;
    }
    return {
      files: confinedStore(store, context.config.folder),
      get hostKey() {
        return guard.accepted;
      },
      [Symbol.asyncDispose]: () => store.close(),
    };
  },
  check: async function* ({ files, hostKey }, { config, signal }) {
    yield { name: "address", ok: true, detail: `${config.host} answers on port ${config.port}` };
    if (hostKey !== undefined) {
      yield { name: "host key", ok: true, detail: `${hostKey.fingerprint} (${hostKey.keyType}), ${hostKey.why}` };
    }
    yield { name: "login", ok: true, detail: `"${config.username}" is logged in` };
    yield* checkFolder(files, config.folder === "" ? "The login directory" : `Folder "${config.folder}"`, signal);
  },
});

/** Only the keys that are set: an optional property that is present and undefined is another thing. */
function options({ config }: AuthContext<z.output<SftpConfig>>): Omit<SftpOptions, "verifyHostKey"> {
  const { host, port, username, password, private_key: privateKey, passphrase, folder } = config;
  return {
    host,
    port,
    username,
    folder,
    ...(password === undefined ? {} : { password }),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}
