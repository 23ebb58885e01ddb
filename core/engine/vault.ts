/**
 * Keeps secrets: seals them for the database, and makes sure at start that the master key is the right one.
 *
 * @module
 */
import type { Transaction } from "kysely";
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import type { Tables } from "../database/tables.ts";
import { masterKeyIdOf, open, seal } from "./envelope.ts";
import { makeMasterKeyFile, type MasterKey, parseMasterKeys, readMasterKeyFile } from "./master_key.ts";

/** Seals and opens secrets. A place is `table/row id/field`. */
export interface Vault {
  /** Seals a value for its place. */
  seal(value: JsonValue, place: string): Promise<Uint8Array>;
  /** Opens what was sealed for that place; Failure `config` when it was changed, moved, or sealed with another key. */
  open(sealed: Uint8Array, place: string): Promise<JsonValue>;
  /** The 16-byte SipHash key of identities, made at the database's first start. */
  identityKey(): Promise<Uint8Array>;
  /** The 32-byte key that signs links, made when it is first asked for. */
  linkKey(): Promise<Uint8Array>;
  /** A value that the whole database keeps sealed: `make` makes it once. */
  kept(name: KeptName, make: () => Promise<JsonValue>): Promise<JsonValue>;
}

/** What a vault needs. */
export interface VaultOptions {
  /** Its tables must be up to date. */
  readonly database: Database;
  /** File of the master key: made when the database is new, otherwise only read. */
  readonly masterKeyPath: string;
  /** `WAYBILL_MASTER_KEY`; goes before the file. */
  readonly masterKey?: string | undefined;
}

const CANARY = "vault_canary";
const IDENTITY_KEY = "identity_hash_key";

/** What the database keeps sealed beside its canary and the identity key. */
const KEPT = ["link_key", "sftp_host_keys", "export_signing_key"] as const;

/** One of these. */
export type KeptName = typeof KEPT[number];
const CANARY_TEXT = "waybill";

/**
 * Opens the vault of a database. At the first start it makes what is missing: key file, canary, identity key.
 *
 * Failure `config` when the master key is missing or is not the one the database was made with. A key that was put in
 * front of the old one in `WAYBILL_MASTER_KEY` seals every secret anew, so that the old one can go afterwards.
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { database } = options;
  const canary = await setting(database, CANARY);
  const keys = await masterKeys(options, canary === undefined);
  if (canary === undefined) await firstStart(database, keys[0]);
  else await checkCanary(canary, keys, options);
  if (canary !== undefined && masterKeyIdOf(canary) !== keys[0].id) await sealAnew(database, keys);
  return {
    seal: (value, place) => seal(value, place, keys[0]),
    open: (sealed, place) => open(sealed, place, keys),
    identityKey: async () => {
      const sealed = await setting(database, IDENTITY_KEY);
      const value = sealed && await open(sealed, placeOf(IDENTITY_KEY), keys);
      if (typeof value !== "string") throw new Error("The database has no identity key");
      return Uint8Array.fromHex(value);
    },
    linkKey: () => linkKey(database, keys),
    kept: (name, make) => kept(database, keys, name, make),
  };
}

/**
 * Tells whether the master key is the one the database was made with, and changes nothing: `none` where the database
 * had no first start yet, `sealing` where the first of several keys will seal everything anew at the next start.
 * Failure `config` as {@linkcode openVault} has it.
 */
export async function checkMasterKey(options: VaultOptions): Promise<"none" | "fits" | "sealing"> {
  const canary = await setting(options.database, CANARY);
  if (canary === undefined) return "none";
  const keys = await masterKeys(options, false);
  await checkCanary(canary, keys, options);
  return masterKeyIdOf(canary) === keys[0].id ? "fits" : "sealing";
}

type MasterKeys = readonly [MasterKey, ...MasterKey[]];

async function masterKeys({ database, masterKey, masterKeyPath }: VaultOptions, first: boolean): Promise<MasterKeys> {
  const given = masterKey === undefined || masterKey === ""
    ? await readMasterKeyFile(masterKeyPath) ?? (first ? await makeMasterKeyFile(masterKeyPath) : [])
    : await parseMasterKeys(masterKey, "WAYBILL_MASTER_KEY");
  const [sealing, ...others] = given;
  if (sealing) return [sealing, ...others];
  throw new Failure("config", "The master key of this database is missing", {
    hint: `Put it back at "${masterKeyPath}" or into WAYBILL_MASTER_KEY; without it no saved secret can be read` +
      otherHome(database),
  });
}

async function firstStart(database: Database, key: MasterKey): Promise<void> {
  const identityKey = crypto.getRandomValues(new Uint8Array(16)).toHex();
  const values = [
    { name: CANARY, value: await seal(CANARY_TEXT, placeOf(CANARY), key) },
    { name: IDENTITY_KEY, value: await seal(identityKey, placeOf(IDENTITY_KEY), key) },
  ];
  // Another process may have been faster; both rows are made by one of them.
  await database.write(async (transaction) => {
    await transaction.insertInto("settings").values(values).onConflict((conflict) => conflict.doNothing()).execute();
  });
  const canary = await setting(database, CANARY);
  if (canary && masterKeyIdOf(canary) !== key.id) throw wrongKey(database, "WAYBILL_MASTER_KEY");
}

/** A sealed value of the whole database, made once, by whoever is first. */
async function kept(
  database: Database,
  keys: MasterKeys,
  name: KeptName,
  make: () => Promise<JsonValue>,
): Promise<JsonValue> {
  const there = await setting(database, name);
  if (there !== undefined) return await open(there, placeOf(name), keys);
  await database.kysely.insertInto("settings")
    .values({ name, value: await seal(await make(), placeOf(name), keys[0]) })
    .onConflict((conflict) => conflict.doNothing()).execute();
  const made = await setting(database, name);
  if (made === undefined) throw new Error(`The database does not keep "${name}"`);
  return await open(made, placeOf(name), keys);
}

async function linkKey(database: Database, keys: MasterKeys): Promise<Uint8Array> {
  const make = () => Promise.resolve(crypto.getRandomValues(new Uint8Array(32)).toHex());
  const value = await kept(database, keys, "link_key", make);
  if (typeof value !== "string") throw new Error("The database has no key of links");
  return Uint8Array.fromHex(value);
}

async function checkCanary(
  canary: Uint8Array,
  keys: MasterKeys,
  { database, masterKey, masterKeyPath }: VaultOptions,
): Promise<void> {
  const value = await open(canary, placeOf(CANARY), keys).catch(() => undefined);
  if (value !== CANARY_TEXT) throw wrongKey(database, masterKey ? "WAYBILL_MASTER_KEY" : `File "${masterKeyPath}"`);
}

function wrongKey(database: Database, source: string): Failure {
  return new Failure("config", `The master key does not fit this database: ${source} holds another one`, {
    hint: "Put back the key that the database was made with; without it no saved secret can be read" +
      otherHome(database),
  });
}

/** A PostgreSQL database is not in the data directory: the two may not belong together. */
function otherHome({ kind }: Database): string {
  if (kind === "sqlite") return "";
  return ". If WAYBILL_DATABASE_URL names another data directory's database, correct it, or --home";
}

/** Seals every secret with the first key. Processes that know only the old key must be started again. */
async function sealAnew(database: Database, keys: MasterKeys): Promise<void> {
  await database.write(async (transaction) => {
    const sealed = transaction.selectFrom("settings").selectAll().where("name", "in", [CANARY, IDENTITY_KEY, ...KEPT]);
    for (const { name, value } of await sealed.execute()) {
      const anew = await resealed(value, placeOf(name), keys);
      await transaction.updateTable("settings").set({ value: anew }).where("name", "=", name).execute();
    }
    await sealAuthsAnew(transaction, keys);
    await sealErasuresAnew(transaction, keys);
  });
}

async function sealAuthsAnew(transaction: Transaction<Tables>, keys: MasterKeys): Promise<void> {
  const auths = await transaction.selectFrom("auths").select(["account_id", "id", "secrets"])
    .where("secrets", "is not", null).execute();
  for (const { account_id, id, secrets } of auths) {
    if (secrets === null) continue;
    await transaction.updateTable("auths").set({ secrets: await resealed(secrets, authSecrets(id), keys) })
      .where("account_id", "=", account_id).where("id", "=", id).execute();
  }
}

/** Those under way: once they are done nothing of them is kept. */
async function sealErasuresAnew(transaction: Transaction<Tables>, keys: MasterKeys): Promise<void> {
  const erasures = await transaction.selectFrom("erasures").select(["account_id", "id", "identities", "raw_forms"])
    .where((where) => where.or([where("identities", "is not", null), where("raw_forms", "is not", null)])).execute();
  for (const { account_id, id, identities, raw_forms } of erasures) {
    await transaction.updateTable("erasures").set({
      identities: identities && await resealed(identities, placeOfIdentities(id), keys),
      raw_forms: raw_forms && await resealed(raw_forms, placeOfRawForms(id), keys),
    }).where("account_id", "=", account_id).where("id", "=", id).execute();
  }
}

async function resealed(sealed: Uint8Array, place: string, keys: MasterKeys): Promise<Uint8Array> {
  return await seal(await open(sealed, place, keys), place, keys[0]);
}

/** Where an auth's secrets are sealed. */
export function authSecrets(id: string): string {
  return `auths/${id}/secrets`;
}

/** Where the identities of an erasure are sealed. */
export function placeOfIdentities(id: string): string {
  return `erasures/${id}/identities`;
}

/** Where it is sealed how events wrote identities that their mappings compute. */
export function placeOfRawForms(id: string): string {
  return `erasures/${id}/raw_forms`;
}

function placeOf(name: string): string {
  return `settings/${name}/value`;
}

async function setting(database: Database, name: string): Promise<Uint8Array | undefined> {
  const row = await database.kysely.selectFrom("settings").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value;
}
