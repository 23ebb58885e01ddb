/**
 * What every thread of Waybill opens: data directory, database, vault, plugins, archive.
 *
 * @module
 */
import type { ListeningAddress } from "../contracts/auth.ts";
import type { Database } from "../database/database.ts";
import { Archive } from "../profiles/archive.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import type { ProfileStatements } from "../profiles/statements.ts";
import { ownServers } from "./address_policy.ts";
import type { Home } from "./home.ts";
import { openHomeDatabase } from "./home_database.ts";
import { claimHome } from "./home_id.ts";
import { loadRegistry } from "./loader.ts";
import { ManagedContents } from "./managed/contents.ts";
import type { Registry } from "./registry.ts";
import { openVault, type Vault } from "./vault.ts";

/** The open parts. Disposing of it closes the database. */
export interface Core extends AsyncDisposable {
  readonly home: Home;
  readonly database: Database;
  readonly vault: Vault;
  /** 16 bytes: the key of identity hashes. */
  readonly identityKey: Uint8Array;
  readonly registry: Registry;
  readonly archive: Archive;
  /** What the files of managed accounts hold. */
  readonly managed: ManagedContents;
  /** Where Waybill's own SFTP server listens on this machine; nowhere unless told. */
  readonly ownServers?: () => Promise<readonly ListeningAddress[]>;
  readonly statements: ProfileStatements;
}

/**
 * Opens everything; brings an older database up to date. `plugins` are module specifiers. Failure `config` for a
 * database that belongs to another data directory.
 */
export async function openCore(options: { readonly home: string; readonly plugins: readonly string[] }): Promise<Core> {
  const registry = await loadRegistry(options.plugins);
  const { home, database } = await openHomeDatabase(options.home);
  try {
    const vault = await openVault({
      database,
      masterKeyPath: home.masterKeyPath,
      masterKey: Deno.env.get("WAYBILL_MASTER_KEY"),
    });
    await claimHome(home, database);
    return {
      home,
      database,
      vault,
      identityKey: await vault.identityKey(),
      registry,
      archive: new Archive(home.archiveDir),
      managed: new ManagedContents(home.managedDir),
      ownServers: () => ownServers(database, home.processesDir),
      statements: statementsFor(database.kind),
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
