/**
 * The auth method `managed-sftp`: an account on Waybill's own SFTP server.
 *
 * @module
 */
import { type AuthDefinition, defineAuth, type FieldMeta, type FileConnection } from "@waybill/waybill";
import { publicKeyProblem } from "@waybill/waybill/files";
import { z } from "zod";
import { checkFolder } from "./check_folder.ts";

/** What an account is configured with. */
export type ManagedSftpConfig = z.ZodObject<{
  /** Unique over the whole server. */
  username: z.ZodString;
  /** Opens it. */
  password: z.ZodOptional<z.ZodString>;
  /** One a line; each opens it. */
  public_key: z.ZodOptional<z.ZodString>;
  /** Whether a key and the password are asked for. */
  require_both: z.ZodDefault<z.ZodBoolean>;
  /** Bytes of its files. */
  quota_bytes: z.ZodDefault<z.ZodInt>;
}>;

/** 100 GB. */
const QUOTA = 100_000_000_000;

const config: ManagedSftpConfig = z.object({
  username: z.string().min(3).max(32).regex(
    /^[A-Za-z0-9_][A-Za-z0-9_-]*$/,
    "must be letters, digits, underscores and hyphens, and not begin with a hyphen",
  ).meta(
    {
      title: "Username",
      help: "Name to log in with: 3 to 32 letters, digits, hyphens and underscores. No other account may have it.",
      placeholder: "partner",
    } satisfies FieldMeta,
  ),
  password: z.string().min(8).max(32).regex(/[A-Z]/, "must hold an uppercase letter")
    .regex(/[a-z]/, "must hold a lowercase letter").regex(/[0-9]/, "must hold a digit")
    .regex(/[^A-Za-z0-9]/, "must hold a special character").optional().meta(
      {
        title: "Password",
        help: "Password to log in with: 8 to 32 characters, with an uppercase and a lowercase letter, a digit and a " +
          "special character.",
        secret: true,
      } satisfies FieldMeta,
    ),
  public_key: z.string().min(1).max(65_536).optional().meta(
    {
      title: "Public key",
      help: "SSH public key to log in with, in OpenSSH form; several, one a line.",
      multiline: true,
      placeholder: "ssh-ed25519 AAAA… partner",
    } satisfies FieldMeta,
  ),
  require_both: z.boolean().default(false).meta(
    {
      title: "Require both",
      help: "Ask for a key and the password, instead of either.",
      advanced: true,
    } satisfies FieldMeta,
  ),
  quota_bytes: z.int().min(1).default(QUOTA).meta(
    {
      title: "Quota",
      help: "Most bytes that the account's files may have together.",
      advanced: true,
    } satisfies FieldMeta,
  ),
}).superRefine(({ password, public_key, require_both }, context) => {
  const issue = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  if (password === undefined && public_key === undefined) issue("password", "give a password, a public key, or both");
  if (require_both && (password === undefined || public_key === undefined)) {
    issue("require_both", "can only be set with a password and a public key");
  }
  for (const line of linesOf(public_key)) {
    const problem = publicKeyProblem(line);
    if (problem !== undefined) issue("public_key", `${problem.what}: ${lowerFirst(problem.hint)}`);
  }
});

/** An account on Waybill's own SFTP server; jobs read and write its files where they lie. */
export const managedSftp: AuthDefinition<ManagedSftpConfig, FileConnection> = defineAuth({
  id: "managed-sftp",
  title: "Managed SFTP account",
  summary: "Makes an account on Waybill's own SFTP server, for a partner without one.",
  config,
  managedLogin: ({ username, password, public_key, require_both, quota_bytes }) => ({
    username,
    password,
    publicKeys: linesOf(public_key),
    requireBoth: require_both,
    quota: quota_bytes,
  }),
  connect: ({ managedFiles }) => {
    if (managedFiles === undefined) throw new Error("The engine gave a managed account no files");
    return Promise.resolve({ files: managedFiles, [Symbol.asyncDispose]: async () => {} });
  },
  check: async function* ({ files }, { config: { username }, signal }) {
    yield* checkFolder(files, `Account "${username}"`, signal);
  },
});

function linesOf(keys: string | undefined): string[] {
  return (keys ?? "").split("\n").map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
