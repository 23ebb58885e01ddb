/**
 * A plugin whose other side is this process, and an engine over a database of its own: for the engine's tests.
 *
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { memorySpool } from "../codecs/spool_memory.ts";
import { type AddressPolicy, defineAuth } from "../contracts/auth.ts";
import { Failure, type FailureCode, type FailureKind } from "../contracts/failure.ts";
import { defineJob } from "../contracts/job.ts";
import { definePlugin, type PluginDefinition } from "../contracts/plugin.ts";
import { defineProvider } from "../contracts/provider.ts";
import { type DatabaseAddress, openDatabase } from "../database/open.ts";
import { collectLog, type LogLine } from "../testing/collect_log.ts";
import type { TestDatabases } from "../testing/each_database_testing.ts";
import { findAccount } from "./find_account.ts";
import { SYSTEM } from "./actor.ts";
import { authsOf } from "./auths.ts";
import { Connections } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import { jobsOf } from "./jobs.ts";
import { buildRegistry } from "./registry.ts";
import type { Auths, Jobs } from "./runtime.ts";
import { ManagedContents } from "./managed/contents.ts";
import { openVault } from "./vault.ts";

/** What the plugin's other side is and does; tests change it as they go. */
export interface OtherSide {
  fingerprint: string;
  files: string[];
  /** Connects and lists never finish by themselves. */
  hangs: boolean;
  /** What `load` left out on its own: everything up to `after`. */
  honoursAfter: boolean;
  connects: number;
  disposals: number;
  passwords: string[];
  /** What `echo-login` was told of addresses, at each connection. */
  addresses: AddressPolicy[];
}

/** The plugin `echo`: auth methods `echo-login` and `echo-open`, job types `echo-import` and `echo-bare`. */
export function echoPlugin(side: OtherSide): PluginDefinition {
  const connection = () => ({
    side,
    [Symbol.asyncDispose]: async () => {
      side.disposals++;
    },
  });
  const login = defineAuth({
    id: "echo-login",
    title: "Login",
    summary: "Logs in.",
    config: z.object({
      host: z.string().min(1),
      port: z.int().min(1).max(65535).default(22),
      password: z.string().min(1).meta({ secret: true }),
      key: z.string().optional().meta({ secret: true, multiline: true }),
    }),
    checkConfig: async ({ host, password }) => {
      if (host === "forbidden") throw new Failure("config", `Host "forbidden" may not be used by ${password}`);
    },
    connect: async ({ config, peer, addresses, signal, log }) => {
      side.connects++;
      side.addresses.push(addresses);
      if (side.hangs) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      log.info(`Logging in with ${config.password}`, { password: config.password });
      if (config.host === "nowhere") throw new Failure("transient", 'Host "nowhere" does not answer');
      if (peer.known === undefined) await peer.pin(side.fingerprint);
      else if (peer.known !== side.fingerprint) throw new Failure("auth", "The other side changed");
      side.passwords.push(config.password);
      return connection();
    },
    check: async function* (connection, { config }) {
      yield { name: "login", ok: true, detail: `In with ${config.password}` };
      yield { name: "folder", ok: connection.side.files.length > 0, detail: "Listed", hint: "Put files there" };
    },
  });
  const open = defineAuth({
    id: "echo-open",
    title: "Open",
    summary: "Needs nothing.",
    config: z.object({}),
    connect: async () => connection(),
    check: async function* () {},
  });
  const other = defineAuth({ ...open, id: "echo-other" });
  const provider = defineProvider({ id: "echo", title: "Echo", summary: "Echoes.", auths: [login, open, other] });
  const shared = {
    title: "Import",
    summary: "Imports.",
    provider,
    direction: "import",
    checkpoint: z.object({}),
    into: ({ stream }: { stream: string }) => ({ stream, identifyBy: [] }),
    run: async () => {},
  } as const;
  const job = defineJob({
    ...shared,
    id: "echo-import",
    schedule: "optional",
    auths: [login, open],
    config: z.object({ stream: z.string().min(1), folder: z.string().default("in"), file: z.string().min(1) }),
    choices: {
      file: {
        needs: ["folder"],
        load: async function* ({ after }) {
          if (side.hangs) await new Promise(() => {});
          const from = side.honoursAfter && after !== undefined ? side.files.indexOf(after) + 1 : 0;
          for (const value of side.files.slice(from)) yield { value, title: `Size of ${value}` };
        },
      },
      folder: {
        needs: ["stream"],
        load: async function* () {
          yield { value: "in" };
        },
      },
    },
    plan: async ({ config }) => ({ summary: `Would read ${config.folder}/${config.file}`, facts: {}, notes: [] }),
  });
  const bare = defineJob({ ...shared, id: "echo-bare", auths: [other], config: z.object({ stream: z.string() }) });
  return definePlugin({ name: "echo", version: "1.0.0", api: 1, providers: [provider], jobs: [job, bare] });
}

/** An engine over a fresh database. */
export interface EnginePeer extends AsyncDisposable {
  readonly folder: string;
  /** Where its database is. */
  readonly address: DatabaseAddress;
  readonly side: OtherSide;
  /** Who is there to execute runs; tests change it as they go. */
  readonly alive: { processes: Set<string>; serving: boolean };
  readonly context: EngineContext;
  readonly auths: Auths;
  readonly jobs: Jobs;
  readonly connections: Connections;
  readonly log: readonly LogLine[];
}

/** Starts one. */
export async function startEngine(databases: TestDatabases): Promise<EnginePeer> {
  const folder = await makeFolder();
  const address = await databases.make();
  const database = await openDatabase(address);
  const vault = await openVault({ database, masterKeyPath: `${folder.path}/master.key` });
  const side: OtherSide = {
    fingerprint: "SHA256:one",
    files: ["a.csv", "b.csv", "c.txt", "d.csv"],
    hangs: false,
    honoursAfter: false,
    connects: 0,
    disposals: 0,
    passwords: [],
    addresses: [],
  };
  const { log, lines } = collectLog();
  const account = await findAccount(database.kysely, undefined);
  const registry = buildRegistry([echoPlugin(side)]);
  const managed = new ManagedContents(`${folder.path}/managed`);
  const context = { database, vault, registry, managed, accountId: account.id, account, actor: SYSTEM, log };
  const connections = new Connections(context);
  const alive = { processes: new Set<string>(), serving: false };
  return {
    folder: folder.path,
    address,
    side,
    alive,
    context,
    auths: authsOf(context, async () => alive),
    jobs: jobsOf(context, connections, memorySpool()),
    connections,
    log: lines,
    [Symbol.asyncDispose]: async () => {
      await connections[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A folder that goes with its scope. */
export async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "waybill-engine-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** For `assert.rejects` and `assert.throws`: a Failure of this kind whose message (and hint) match. */
export function failure(kind: FailureKind, message: RegExp, options: { code?: FailureCode; hint?: RegExp } = {}) {
  return (error: unknown): boolean => {
    if (!(error instanceof Failure)) throw error;
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert.equal(error.code, options.code, error.message);
    if (options.hint) assert.match(error.hint ?? "", options.hint);
    return true;
  };
}
