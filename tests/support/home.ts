/**
 * Data directories for tests: made, filled with a queued import, copied.
 *
 * @module
 */
import { join } from "node:path";
import { createLog } from "../../core/engine/log.ts";
import { openRuntime } from "../../core/engine/open.ts";
import type { ConfigInput, Runtime } from "../../core/engine/runtime.ts";
import { databaseUrl, homePath, type Place } from "./place.ts";

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

/**
 * Opens a runtime without a log on the test's output. On PostgreSQL it can only queue (`none`): threads that execute
 * would look for the database's URL later, when it is no longer in the environment.
 */
export async function openQuietRuntime(
  place: Place,
  runner: "cli" | "serve" | "none",
  write: (line: string) => void = () => {},
): Promise<Runtime> {
  const before = Deno.env.get(DATABASE_URL);
  Deno.env.set(DATABASE_URL, databaseUrl(place));
  try {
    return await openRuntime({ home: homePath(place), plugins: PLUGINS, runner, log: createLog({ write }) });
  } finally {
    if (before === undefined) Deno.env.delete(DATABASE_URL);
    else Deno.env.set(DATABASE_URL, before);
  }
}

const DATABASE_URL = "WAYBILL_DATABASE_URL";

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
export async function queueImport(place: Place, config: ConfigInput): Promise<string> {
  await using runtime = await openQuietRuntime(place, "none");
  return (await runtime.runs.start({ type: "csv-import", auth: "partner", config })).id;
}

/**
 * A data directory with the auth `partner`, and a queued import that nobody executes yet. Copies of it share the key of
 * identity hashes and the run, so what becomes of them can be compared to the last row.
 */
export async function prepareImport(
  place: Place,
  login: SftpLogin,
  config: ConfigInput,
): Promise<string> {
  {
    await using runtime = await openQuietRuntime(place, "none");
    await createPartner(runtime, login);
  }
  return await queueImport(place, config);
}

/** The path of a data directory's SQLite database. */
export function databasePath(home: string): string {
  return join(home, "waybill.db");
}
