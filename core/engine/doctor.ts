/**
 * Examines an installation: what is wrong with it, and how to mend it. Changes nothing that is there.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CheckResult } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import { describeDatabase, openDatabase } from "../database/open.ts";
import { Archive } from "../profiles/archive.ts";
import { ownServers } from "./address_policy.ts";
import { archiveDamage } from "./check_archive.ts";
import { checkTables, exists, tablesState, tryToMakeTables } from "./check_database.ts";
import { sftpSilence } from "./check_sftp.ts";
import { homeOf } from "./home.ts";
import { homeMismatch } from "./home_id.ts";
import { isoTime } from "./iso_time.ts";
import { masterKeyWarning } from "./master_key.ts";
import { stuckNotices } from "./notify/stuck.ts";
import { findServing } from "./processes.ts";
import { checkMasterKey } from "./vault.ts";

/** What to examine. */
export interface ExamineOptions {
  /** Data directory. */
  readonly home: string;
  /** Address the server is to listen on. */
  readonly host: string;
  /** Port the server is to listen on. */
  readonly port: number;
  /** `WAYBILL_MASTER_KEY`. */
  readonly masterKey: string | undefined;
}

/** A million rows with their profiles and archive take about this much, in bytes. */
const LEAST_FREE = 1_000_000_000;
/** How far the newest entry of the database may lie in the future, in milliseconds. */
const CLOCK_TOLERANCE = 60_000;
/** A clock that shows less was never set. */
const LEAST_TIME = Date.UTC(2025, 0, 1);

/** Examines everything, one result each, in an order that shows the cause before its consequences. */
export async function* examine(options: ExamineOptions): AsyncGenerator<CheckResult> {
  const checks: readonly (readonly [string, () => Promise<Omit<CheckResult, "name">>])[] = [
    ["permissions", () => permissions(options)],
    ["disk", () => disk(options)],
    ["database", () => database(options)],
    ["archive", () => archive(options)],
    ["master key", () => masterKey(options)],
    ["clock", () => clock(options)],
    ["notices", () => notices(options)],
    ["ports", () => ports(options)],
    ["sftp", () => sftp(options)],
  ];
  let unusable: string | undefined;
  for (const [name, check] of checks) {
    if (unusable !== undefined && OF_DATABASE.has(name)) {
      yield { name, ...bad(`Not checked: ${unusable}`, "Mend the database first") };
      continue;
    }
    const result = await withoutThrowing(check);
    if (name === "database" && !result.ok) unusable = await whyUnusable(options);
    yield { name, ...result };
  }
}

/** Checks that look into the database. */
const OF_DATABASE: ReadonlySet<string> = new Set(["archive", "master key", "clock", "notices", "sftp"]);

/** Why nothing can be looked up in the database; undefined where it can. */
async function whyUnusable({ home }: ExamineOptions): Promise<string | undefined> {
  try {
    const state = await tablesState(home);
    if (state === undefined) return undefined;
    if (state.newer.length > 0) return "a newer Waybill made the database";
    if (await mismatch(home) !== undefined) return "the database belongs to another data directory";
    return undefined;
  } catch {
    return "the database does not open";
  }
}

async function withoutThrowing(check: () => Promise<Omit<CheckResult, "name">>): Promise<Omit<CheckResult, "name">> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Failure) return bad(error.message, error.hint ?? "See the documentation for operators");
    return bad(error instanceof Error ? error.message : String(error), "See the documentation for operators");
  }
}

function good(detail: string): Omit<CheckResult, "name"> {
  return { ok: true, detail };
}

function bad(detail: string, hint: string): Omit<CheckResult, "name"> {
  return { ok: false, detail, hint };
}

async function permissions({ home, host, port }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const folder = await nearestFolder(home);
  const wanted: readonly (readonly [Deno.PermissionDescriptor, string])[] = [
    [{ name: "read", path: folder }, `--allow-read=${folder}`],
    [{ name: "write", path: folder }, `--allow-write=${folder}`],
    [{ name: "net", host: `${host}:${port}` }, `--allow-net=${host}:${port}`],
    [{ name: "sys", kind: "hostname" }, "--allow-sys=hostname"],
  ];
  const missing: string[] = [];
  for (const [descriptor, flag] of wanted) {
    if ((await Deno.permissions.query(descriptor)).state !== "granted") missing.push(flag);
  }
  if (missing.length > 0) return bad(`Deno was not granted ${missing.join(" ")}`, "Add it to the task, or use ours");
  const present = folder === resolve(home);
  const { archiveDir, processesDir } = homeOf(home);
  for (const dir of present ? [folder, archiveDir, processesDir] : [folder]) {
    if (dir !== folder && !await exists(dir)) continue;
    try {
      await Deno.remove(await Deno.makeTempFile({ dir, prefix: ".writable-" }));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const other = dir === folder ? ", or choose another with --home or WAYBILL_HOME" : "";
      return bad(`"${dir}" cannot be written: ${reason}`, `Make it writable for the user that runs Waybill${other}`);
    }
  }
  if (!present) return good(`"${resolve(home)}" can be made at first use`);
  const { mode } = await Deno.stat(folder);
  // The system of an ACL alone has no mode.
  if (mode !== null && (mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8);
    return bad(`Others may enter the data directory "${folder}" (mode ${shown})`, `Run chmod 700 ${folder}`);
  }
  return good(`Data directory "${folder}" can be written, by its owner alone`);
}

async function disk({ home }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const folder = await nearestFolder(home);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${(free / 1e9).toFixed(1)} GB are free for "${folder}"`;
  return free >= LEAST_FREE ? good(detail) : bad(detail, "Free space: a million rows may need 1 GB");
}

async function database({ home }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const { database: address } = homeOf(home);
  const place = describeDatabase(address);
  // SQLite's file is the data directory's own; of PostgreSQL it is worth telling which one is used.
  const it = address.url === undefined ? "It" : `The ${place},`;
  const state = await checkTables(home);
  if (state === undefined) {
    if (address.url === undefined) return good("There is none yet; it is made at first use");
    await tryToMakeTables(home);
    return good(`The ${place}, is empty; its tables are made at first use`);
  }
  const { applied, pending, newer, damage } = state;
  if (damage.length > 0) {
    const which = address.url === undefined ? `"${address.path}"` : it;
    return bad(`${which} is damaged: ${damage[0]}`, "Stop Waybill and restore the last backup");
  }
  if (newer.length > 0) {
    return bad(
      `A newer Waybill made ${address.url === undefined ? "it" : `the ${place}`} (it has "${newer.join('", "')}")`,
      "Install that version or a later one, or restore the backup made before the upgrade",
    );
  }
  const foreign = await mismatch(home);
  if (foreign !== undefined) throw foreign;
  if (pending.length > 0) return bad(`${it} lacks "${pending.join('", "')}"`, "Run `waybill db migrate`");
  return await withDatabase(home, async (database) => {
    await database.write(async (transaction) => {
      await transaction.selectFrom("settings").select("name").limit(1).execute();
    });
    return good(`${it} is whole, up to date (${applied.at(-1)}) and can be written`);
  });
}

async function archive({ home }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const state = await tablesState(home);
  if (state === undefined) return good("No files are recorded yet");
  if (state.pending.length > 0) return good("It is checked once the database is up to date");
  return await withDatabase(home, async (database) => {
    let first: string | undefined;
    let damaged = 0;
    for await (const sentence of archiveDamage(database, new Archive(homeOf(home).archiveDir), "sizes")) {
      first ??= sentence;
      damaged++;
    }
    if (first === undefined) return good("Every file that the database has recorded is there, and long enough");
    return bad(
      damaged === 1 ? first : `${first}; ${damaged - 1} more files are damaged, which \`waybill db check\` names`,
      "Stop Waybill and restore the last backup; without the file its events or rejected rows are lost, profiles stay, " +
        "and a run that went on with it would fail",
    );
  });
}

async function masterKey({ home, masterKey }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const { masterKeyPath } = homeOf(home);
  const source = masterKey ? "WAYBILL_MASTER_KEY" : `"${masterKeyPath}"`;
  const state = await tablesState(home);
  const found = state === undefined || state.pending.length > 0
    ? "none"
    : await withDatabase(home, (database) => checkMasterKey({ database, masterKeyPath, masterKey }));
  if (found === "none") return good(masterKey ? `${source} is set` : "There is none yet; it is made at first use");
  const warning = masterKey ? undefined : await masterKeyWarning(masterKeyPath);
  if (warning !== undefined) return bad(warning, `Run chmod 600 ${masterKeyPath}`);
  if (found === "sealing") {
    return good(`${source} holds a new key before that of this database: the next start seals every secret anew`);
  }
  return good(`${source} is the one that this database was made with`);
}

async function clock({ home }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const now = Temporal.Now.instant().epochMilliseconds;
  const shown = isoTime(now);
  const hint = "Set the machine's clock, and keep it right with NTP";
  if (now < LEAST_TIME) return bad(`The machine's clock shows ${shown}`, hint);
  const state = await tablesState(home);
  if (state === undefined || state.pending.length > 0) return good(`It shows ${shown}`);
  return await withDatabase(home, async (database) => {
    const apart = Math.abs(await database.now() - Temporal.Now.instant().epochMilliseconds);
    if (apart > CLOCK_TOLERANCE) return bad(`The database's clock is ${Math.round(apart / 1000)} s off`, hint);
    const { newest } = await database.kysely.selectFrom("runs")
      .select(({ fn }) => fn.max("created_at").as("newest")).executeTakeFirstOrThrow();
    if (newest !== null && newest > now + CLOCK_TOLERANCE) {
      return bad(`It shows ${shown}, but a run was made at ${isoTime(newest)}`, hint);
    }
    return good(`It shows ${shown}, as the database's does`);
  });
}

async function notices({ home }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const state = await tablesState(home);
  if (state === undefined || state.pending.length > 0) return good("None is waiting");
  return await withDatabase(home, async (database) => {
    const stuck = await stuckNotices(database.kysely, await database.now());
    if (stuck.length === 0) return good("Every notice of jobs was delivered, or is about to be");
    const told = stuck.map(({ account, channel, count, oldest, attempts }) => {
      const tried = attempts === 0 ? "nobody has tried to deliver" : `could not be delivered in ${attempts} tries`;
      return `${count} by ${channel} of account "${account}" ${tried}, the oldest since ${isoTime(oldest)}`;
    });
    return bad(
      `Notices of jobs wait: ${told.join("; ")}`,
      stuck.every(({ attempts }) => attempts === 0)
        ? "Start the server, which delivers them: `waybill serve`"
        : "The server's log says why; mend WAYBILL_SMTP_URL, or the address: `waybill account set --notify-email`, " +
          "`--notify-webhook`",
    );
  });
}

async function ports({ home, host, port }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const address = `${host}:${port}`;
  try {
    Deno.listen({ hostname: host, port }).close();
    return good(`${address} is free for the server`);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
  const serving = await servingAddress(home);
  if (serving !== undefined && new URL(serving).port === String(port)) {
    return good(`${address} is used by the server of this data directory`);
  }
  return bad(`${address} is used by another program`, "Stop it, or give `waybill serve` another --port");
}

async function servingAddress(home: string): Promise<string | undefined> {
  const state = await tablesState(home);
  if (state === undefined || state.pending.length > 0) return undefined;
  const { processesDir } = homeOf(home);
  return await withDatabase(
    home,
    async (database) => (await findServing(database, processesDir))?.address ?? undefined,
  );
}

async function sftp({ home }: ExamineOptions): Promise<Omit<CheckResult, "name">> {
  const state = await tablesState(home);
  const servers = state === undefined || state.pending.length > 0
    ? []
    : await withDatabase(home, (database) => ownServers(database, homeOf(home).processesDir));
  if (servers.length === 0) return good("No process of this machine serves it");
  const silent: string[] = [];
  for (const server of servers) {
    const why = await sftpSilence(server);
    if (why !== undefined) silent.push(`${placeOf(server)} does not answer: ${why}`);
  }
  if (silent.length === 0) return good(`The server answers on ${servers.map(placeOf).join(" and ")}`);
  return bad(silent.join("; "), "See the server's log, and start `waybill serve` anew");
}

function placeOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host} port ${port}`;
}

/** Why the database, which is there, is not this data directory's; undefined where it is. */
async function mismatch(home: string): Promise<Failure | undefined> {
  return await withDatabase(home, (database) => homeMismatch(homeOf(home), database));
}

/** Does `work` with the database, which is there, and closes it. */
async function withDatabase<T>(home: string, work: (database: Database) => Promise<T>): Promise<T> {
  await using database = await openDatabase(homeOf(home).database);
  return await work(database);
}

/** The data directory, or the folder it would be made in. */
async function nearestFolder(home: string): Promise<string> {
  for (let folder = resolve(home);; folder = dirname(folder)) {
    if (await exists(folder) || folder === dirname(folder)) return folder;
  }
}
