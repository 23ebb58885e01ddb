/**
 * Auths as they lie in the database: found by id or label, opened with their secrets.
 *
 * @module
 */
import type { AuthDefinition } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import type { AuthsTable } from "../database/tables.ts";
import { parseConfig } from "../describe/mod.ts";
import { type Actor, SYSTEM } from "./actor.ts";
import { audit } from "./audit.ts";
import type { EngineContext } from "./context.ts";
import { OAUTH_KEY, type OAuthTokens } from "./oauth_tokens.ts";
import { type Redactor, redactor, secretStrings } from "./redact.ts";
import { unknownName } from "./registry.ts";
import { goneNotes, knownKeys, type StoredConfig } from "./stored_config.ts";
import { authSecrets } from "./vault.ts";

/** A row of `auths`. */
export type AuthRow = AuthsTable;

/** What opening an auth needs of the engine. */
export type AuthContextOf = Pick<EngineContext, "database" | "vault" | "registry" | "managed" | "ownServers"> & {
  /** Who pins an identity that is seen for the first time; Waybill itself (a run) unless told. */
  readonly actor?: Actor;
};

/** An auth, ready to connect. */
export interface OpenAuth {
  readonly row: AuthRow;
  readonly definition: AuthDefinition;
  /** Parsed, secrets included. */
  readonly config: ReturnType<AuthDefinition["config"]["parse"]>;
  /** What the user should know of it, a sentence each. */
  readonly notes: readonly string[];
  /** Takes its secrets out of messages. */
  readonly redactor: Redactor;
}

/** The auth with this id or label. Failure `config` (`not_found`). */
export async function findAuth(executor: Executor, accountId: number, auth: string): Promise<AuthRow> {
  const row = await executor.selectFrom("auths").selectAll().where("account_id", "=", accountId)
    .where((where) => where.or([where("id", "=", auth), where("label", "=", auth)])).executeTakeFirst();
  if (row) return row;
  const others = await executor.selectFrom("auths").select("label").where("account_id", "=", accountId)
    .orderBy("label").execute();
  throw unknownName("auth", auth, others.map(({ label }) => label));
}

/** The stored configuration, secrets included, without keys that the auth method has no more. */
export async function storedConfig(
  context: Pick<EngineContext, "vault" | "registry">,
  row: AuthRow,
): Promise<{ readonly [key: string]: JsonValue }> {
  return knownKeys(context.registry.auth(row.method).auth.config, await everyKey(context, row)).config;
}

async function everyKey(context: Pick<EngineContext, "vault">, row: AuthRow): Promise<StoredConfig["config"]> {
  const { [OAUTH_KEY]: _, ...secrets } = await openSecrets(context, row);
  return { ...JSON.parse(row.config), ...secrets };
}

/** The OAuth tokens that the auth was given. */
export async function storedOAuth(context: Pick<EngineContext, "vault">, row: AuthRow): Promise<OAuthTokens> {
  const { [OAUTH_KEY]: tokens = null } = await openSecrets(context, row);
  return isRecord(tokens) ? tokens : {};
}

async function openSecrets(
  { vault }: Pick<EngineContext, "vault">,
  { id, secrets }: AuthRow,
): Promise<{ [key: string]: JsonValue }> {
  const opened = secrets && await vault.open(secrets, authSecrets(id));
  return isRecord(opened) ? opened : {};
}

/** Opens an auth's secrets and parses its configuration. */
export async function openAuth(context: AuthContextOf, row: AuthRow): Promise<OpenAuth> {
  const { auth: definition } = context.registry.auth(row.method);
  const stored = await everyKey(context, row);
  const { config, gone } = knownKeys(definition.config, stored);
  const secrets: string[] = JSON.parse(row.secret_names);
  return {
    row,
    definition,
    config: parseConfig(definition.config, config, `auth "${row.label}"`),
    notes: goneNotes(gone, `auth method "${row.method}"`),
    redactor: redactor(secrets.flatMap((name) => secretStrings(stored[name] ?? null))),
  };
}

/**
 * Remembers what the other side proved to be, in place of what the row says. Failure `auth` when something else was
 * remembered meanwhile.
 */
export async function pinPeer(context: AuthContextOf, row: AuthRow, fingerprint: string): Promise<void> {
  await context.database.write(async (transaction) => {
    const present = await findAuth(transaction, row.account_id, row.id);
    if (present.peer !== row.peer && present.peer !== null && present.peer !== fingerprint) {
      throw new Failure("auth", `The other side of auth "${row.label}" changed while it was looked at`, {
        hint: `It showed ${present.peer}, then ${fingerprint}; find out why before you trust either`,
      });
    }
    if (present.peer === fingerprint) return;
    await transaction.updateTable("auths").set({ peer: fingerprint })
      .where("account_id", "=", row.account_id).where("id", "=", row.id).execute();
    const { database, actor = SYSTEM } = context;
    const detail = { before: present.peer, now: fingerprint };
    const entry = { action: "pin-host-key", kind: "auth", id: row.id, label: present.label, detail } as const;
    await audit(transaction, { database, accountId: row.account_id, actor }, entry);
  });
}

function isRecord(value: JsonValue): value is { [key: string]: JsonValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
