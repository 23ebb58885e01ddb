/**
 * Data directories for tests: made, filled with a queued import, copied.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { createLog } from "../../core/engine/log.ts";
import { openRuntime } from "../../core/engine/open.ts";
import type { ConfigInput, Runtime } from "../../core/engine/runtime.ts";

/** The built-in plugins. */
export const PLUGINS: readonly string[] = [import.meta.resolve("../../plugins/mod.ts")];

/** A folder that goes with its scope. */
export interface TemporaryFolder extends AsyncDisposable {
  /** Absolute path. */
  readonly path: string;
}

/** Makes one. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.makeTempDir({ prefix: "waybill-tests-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** Opens a runtime that executes nothing or what it queues itself, without a log on the test's output. */
export async function openQuietRuntime(
  home: string,
  runner: "cli" | "serve" | "none",
  write: (line: string) => void = () => {},
): Promise<Runtime> {
  return await openRuntime({ home, plugins: PLUGINS, runner, log: createLog({ write }) });
}

/** How an SFTP auth reaches a server. */
export interface SftpLogin {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly privateKey: string;
  readonly folder: string;
}

/** Saves the auth `partner`. */
export async function createPartner(runtime: Runtime, login: SftpLogin): Promise<void> {
  const { host, port, username, privateKey, folder } = login;
  await runtime.auths.create({
    method: "sftp",
    label: "partner",
    config: { host, port, username, folder, private_key: privateKey },
  });
}

/** Queues an import from `partner` that nobody executes yet; gives its id. */
export async function queueImport(home: string, config: ConfigInput): Promise<string> {
  await using runtime = await openQuietRuntime(home, "none");
  return (await runtime.runs.start({ type: "csv-import", auth: "partner", config })).id;
}

/**
 * A data directory with the auth `partner`, and a queued import that nobody executes yet. Copies of it share the key of
 * identity hashes and the run, so what becomes of them can be compared to the last row.
 */
export async function prepareImport(
  home: string,
  login: SftpLogin,
  config: ConfigInput,
): Promise<string> {
  {
    await using runtime = await openQuietRuntime(home, "none");
    await createPartner(runtime, login);
  }
  return await queueImport(home, config);
}

/** Copies a data directory that no process has open. */
export async function copyHome(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
}

/** The path of a data directory's database. */
export function databasePath(home: string): string {
  return join(home, "waybill.db");
}

/** The path of a data directory's event archive. */
export function archivePath(home: string): string {
  return join(home, "archive");
}
