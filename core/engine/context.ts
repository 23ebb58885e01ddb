/**
 * What the parts of the engine work on.
 *
 * @module
 */
import type { Log } from "../contracts/log.ts";
import type { Database } from "../database/database.ts";
import type { Registry } from "./registry.ts";
import type { Vault } from "./vault.ts";

/** One account's view of the engine. */
export interface EngineContext {
  readonly database: Database;
  readonly vault: Vault;
  readonly registry: Registry;
  readonly accountId: number;
  readonly log: Log;
}
