/**
 * What can be allowed, and which scope allows it: SPEC §4's table.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { type Scope, SCOPES } from "./scopes.ts";

/** Everything that can be allowed, with what it is. */
export const CAPABILITIES = {
  "provider.read": "See providers, their auth methods and job types",
  "auth.read": "See auths",
  "auth.write": "Make, change, check and delete auths",
  "sftp.read": "See accounts, sessions and log of Waybill's own SFTP server",
  "job.read": "See jobs, and what a run of one would do",
  "job.write": "Make, change, pause and delete jobs, and see the values that their fields may take",
  "run.read": "See runs and the rows they rejected",
  "run.write": "Start, stop and retry runs",
  "artifact.read": "See the files that Waybill keeps for whoever has a link",
  "artifact.write": "Make links to files, and revoke them",
  "stream.read": "See streams and their fields",
  "stream.upload": "Send files into streams",
  "mapping.read": "See mappings, and try them",
  "mapping.write": "Make, change and delete mappings",
  "audience.read": "See audiences, their sizes and members",
  "audience.write": "Make, change and delete audiences",
  "entity.read": "See profiles",
  "entity.erase": "Have profiles erased",
  "pii.read": "See those fields of profiles that the account calls personal",
  "content.read": "See what is in content tables",
  "content.write": "Change what is in content tables",
  "import.read": "See jobs that bring data in, and their runs",
  "import.write": "Make, change and run jobs that bring data in",
  "export.read": "See jobs that take data out, and their runs",
  "export.write": "Make, change and run jobs that take data out",
  "settings.read": "See the account's settings",
  "settings.write": "Change the account's settings",
  "account.read": "See the account",
  "account.write": "Change the account",
  "app.read": "See apps",
  "app.write": "Make, rename and delete apps",
  "token.read": "See tokens, never themselves",
  "token.write": "Make and delete tokens",
  "apikey.read": "See API keys, never their secrets",
  "apikey.write": "Make and delete API keys",
  "audit.read": "See who changed what",
} as const;

/** The name of something that can be allowed. */
export type Capability = keyof typeof CAPABILITIES;

const ALL = Object.keys(CAPABILITIES) as Capability[];

const READ_WRITE_AUDIENCES: readonly Capability[] = ["audience.read", "audience.write"];

/** "Everything but tokens and accounts": an account's settings are changed with the account. */
const NOT_GENERAL: ReadonlySet<Capability> = new Set([
  "settings.write",
  "account.read",
  "account.write",
  "token.read",
  "token.write",
  "apikey.read",
  "apikey.write",
]);

const ALLOWED: Readonly<Record<Scope, readonly Capability[]>> = {
  admin: ALL,
  data: ["stream.upload", "entity.read", "audience.read"],
  data_write: ["stream.upload"],
  content_manager: ["content.read", "content.write"],
  segment_manager: READ_WRITE_AUDIENCES,
  marketer: READ_WRITE_AUDIENCES,
  observer: ["audience.read"],
  data_manager: [
    "provider.read",
    "auth.read",
    "auth.write",
    "sftp.read",
    "job.read",
    "job.write",
    "run.read",
    "run.write",
    "import.read",
    "import.write",
    "export.read",
    "export.write",
    "artifact.read",
    "artifact.write",
    "stream.read",
    "stream.upload",
    "mapping.read",
    "mapping.write",
    "entity.read",
    "entity.erase",
    "pii.read",
    "content.read",
    "content.write",
    "settings.read",
    "app.read",
    "app.write",
  ],
  // Whoever makes exports chooses where they go, and sees what becomes of them.
  campaign_manager: [
    ...READ_WRITE_AUDIENCES,
    "export.read",
    "export.write",
    "provider.read",
    "auth.read",
    "job.read",
    "job.write",
    "run.read",
    "run.write",
    "artifact.read",
    "artifact.write",
  ],
  general_manager: ALL.filter((capability) => !NOT_GENERAL.has(capability)),
};

/** Whoever has scopes: an `Actor`, a token. */
export interface Scoped {
  readonly scopes: readonly Scope[];
}

/** Whether one of the scopes has the capability. */
export function may({ scopes }: Scoped, capability: Capability): boolean {
  return scopes.some((scope) => ALLOWED[scope].includes(capability));
}

/** The scopes that have a capability, in the order of the documents. */
export function scopesWith(capability: Capability): readonly Scope[] {
  return SCOPES.filter((scope) => ALLOWED[scope].includes(capability));
}

/** Throws the Failure `auth` (`forbidden`) of somebody who lacks a capability; it names the scopes that have it. */
export function requireCapability(who: Scoped, capability: Capability): void {
  if (may(who, capability)) return;
  const has = who.scopes.length === 0 ? "none" : who.scopes.join(", ");
  throw new Failure("auth", `The API token lacks "${capability}" (its scopes: ${has})`, {
    code: "forbidden",
    hint: `Use a token with one of the scopes that have it: ${scopesWith(capability).join(", ")}`,
  });
}
