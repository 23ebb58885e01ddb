/**
 * What every auth method over SFTP is configured with.
 *
 * @module
 */
import type { AddressPolicy, FieldMeta } from "@waybill/waybill";
import { privateKeyProblem, refuseSpelledAddress } from "@waybill/waybill/files";
import { z } from "zod";

/** The keys that say where the server is and who logs in. */
export interface SftpFields {
  /** Name or address. */
  host: z.ZodString;
  /** TCP port. */
  port: z.ZodDefault<z.ZodInt>;
  /** Who logs in. */
  username: z.ZodString;
  /** Tried after the key. */
  password: z.ZodOptional<z.ZodString>;
  /** For SSH. */
  private_key: z.ZodOptional<z.ZodString>;
  /** Of the private key. */
  passphrase: z.ZodOptional<z.ZodString>;
  /** Where jobs start. */
  folder: z.ZodDefault<z.ZodString>;
  /** Fingerprint. */
  host_key: z.ZodOptional<z.ZodString>;
}

/** A configuration with them, parsed. */
export type SftpLogin = z.output<z.ZodObject<Pick<SftpFields, keyof SftpFields>>>;

/** The fields themselves; {@linkcode checkLogin} checks how they go together. */
export const sftpFields: SftpFields = {
  host: z.string().min(1).max(253).regex(
    /^(?:[^\s/@:]+|\[?[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*(?:%[^\s/@\]]+)?\]?)$/i,
    "must be a host name or an IP address alone, without a scheme, user, port or path",
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
};

/** Refuses a login without password and key, and a private key that cannot be used. */
export function checkLogin({ password, private_key, passphrase }: SftpLogin, context: z.core.$RefinementCtx): void {
  if (password === undefined && private_key === undefined) {
    context.addIssue({ code: "custom", path: ["password"], message: "give a password, a private key, or both" });
  }
  if (private_key === undefined) return;
  const problem = privateKeyProblem(private_key, passphrase);
  if (problem === undefined) return;
  const hint = problem.hint.charAt(0).toLowerCase() + problem.hint.slice(1);
  context.addIssue({ code: "custom", path: ["private_key"], message: `${problem.what}: ${hint}` });
}

/** Refuses a host that spells an address which may not be dialled. */
export function checkHost(
  { host, port }: { readonly host: string; readonly port: number },
  addresses: AddressPolicy,
): void {
  refuseSpelledAddress(host, addresses, { port });
}
