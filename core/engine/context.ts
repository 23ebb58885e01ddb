/**
 * What the parts of the engine work on.
 *
 * @module
 */
import type { ListeningAddress } from "../contracts/auth.ts";
import type { Log } from "../contracts/log.ts";
import type { Database } from "../database/database.ts";
import type { AccountSettings } from "./account_settings.ts";
import type { Actor } from "./actor.ts";
import type { ManagedContents } from "./managed/contents.ts";
import type { Registry } from "./registry.ts";
import type { Vault } from "./vault.ts";

/** An account, as what works for it knows it. */
export interface AccountRef {
  /** Leads every key. */
  readonly id: number;
  /** What the outside knows it by: 32 hex digits. */
  readonly publicId: string;
  /** As they were when it was looked up. */
  readonly settings: AccountSettings;
}

/** One account's view of the engine, for one actor. */
export interface EngineContext {
  readonly database: Database;
  readonly vault: Vault;
  readonly registry: Registry;
  /** What the files of managed accounts hold. */
  readonly managed: ManagedContents;
  /** Where Waybill's own SFTP server listens on this machine, for those who may dial nothing else there; nowhere unless told. */
  readonly ownServers?: () => Promise<readonly ListeningAddress[]>;
  readonly accountId: number;
  readonly account: AccountRef;
  /** Whose changes these are. */
  readonly actor: Actor;
  /** The database's revision that the actor was looked up at: no older than whatever is asked in its name at once. */
  readonly revision?: string | undefined;
  readonly log: Log;
}
