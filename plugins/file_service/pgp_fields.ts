/**
 * The fields of PGP keys that auth methods share.
 *
 * @module
 */
import type { FieldMeta } from "@waybill/waybill";
import { z } from "zod";

/** The keys of an auth whose files are decrypted. */
export interface PgpPrivateFields {
  /** Decrypts. */
  pgp_private_key: z.ZodString;
  /** Opens the private key. */
  pgp_passphrase: z.ZodOptional<z.ZodString>;
  /** Verifies. */
  pgp_signer_key: z.ZodOptional<z.ZodString>;
}

/** The keys of an auth whose files are encrypted. */
export interface PgpPublicFields {
  /** Encrypts. */
  pgp_public_key: z.ZodString;
  /** Signs. */
  pgp_signing_key: z.ZodOptional<z.ZodString>;
  /** Opens the signing key. */
  pgp_signing_passphrase: z.ZodOptional<z.ZodString>;
}

const PRIVATE = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
const PUBLIC = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

/** A private key, its passphrase, and who has to have signed. */
export const pgpPrivateFields: PgpPrivateFields = {
  pgp_private_key: z.string().min(1).meta(
    {
      title: "PGP private key",
      help: "PGP private key that files are decrypted with, as `gpg --armor --export-secret-keys` writes it.",
      secret: true,
      multiline: true,
      placeholder: PRIVATE,
    } satisfies FieldMeta,
  ),
  pgp_passphrase: z.string().min(1).optional().meta(
    {
      title: "PGP private key passphrase",
      help: "Passphrase of the PGP private key, if it has one.",
      secret: true,
    } satisfies FieldMeta,
  ),
  // What is public needs no secrecy, but a key lies in a file, and fields that are secret are read from one.
  pgp_signer_key: z.string().min(1).optional().meta(
    {
      title: "PGP signer's key",
      help: "PGP public key of the sender. With it, files that the sender has not signed are refused.",
      secret: true,
      multiline: true,
      advanced: true,
      placeholder: PUBLIC,
    } satisfies FieldMeta,
  ),
};

/** A public key, who signs, and the passphrase of that. */
export const pgpPublicFields: PgpPublicFields = {
  pgp_public_key: z.string().min(1).meta(
    {
      title: "PGP public key",
      help: "PGP public key of the recipient, which files are encrypted to, as `gpg --armor --export` writes it.",
      secret: true,
      multiline: true,
      placeholder: PUBLIC,
    } satisfies FieldMeta,
  ),
  pgp_signing_key: z.string().min(1).optional().meta(
    {
      title: "PGP signing key",
      help: "PGP private key of your own. With it, files are signed as well as encrypted.",
      secret: true,
      multiline: true,
      advanced: true,
      placeholder: PRIVATE,
    } satisfies FieldMeta,
  ),
  pgp_signing_passphrase: z.string().min(1).optional().meta(
    {
      title: "PGP signing key passphrase",
      help: "Passphrase of the PGP signing key, if it has one.",
      secret: true,
      advanced: true,
    } satisfies FieldMeta,
  ),
};

/** Both, none of them needed. */
export interface PgpOptionalFields {
  /** Decrypts. */
  pgp_private_key: z.ZodOptional<z.ZodString>;
  /** Opens the private key. */
  pgp_passphrase: z.ZodOptional<z.ZodString>;
  /** Verifies. */
  pgp_signer_key: z.ZodOptional<z.ZodString>;
  /** Encrypts. */
  pgp_public_key: z.ZodOptional<z.ZodString>;
  /** Signs. */
  pgp_signing_key: z.ZodOptional<z.ZodString>;
  /** Opens the signing key. */
  pgp_signing_passphrase: z.ZodOptional<z.ZodString>;
}

/** The fields of auth methods that take keys without needing them. */
export const pgpOptionalFields: PgpOptionalFields = {
  ...pgpPrivateFields,
  ...pgpPublicFields,
  pgp_private_key: optional(pgpPrivateFields.pgp_private_key),
  pgp_public_key: optional(pgpPublicFields.pgp_public_key),
};

/** The field without the need to give it; what is said of it stays. */
function optional(field: z.ZodString): z.ZodOptional<z.ZodString> {
  return field.optional().meta({ ...field.meta() });
}
