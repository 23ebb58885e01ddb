/**
 * Opens a Waybill: the runtime that the CLI and the HTTP server are shells around.
 *
 * @module
 */
import type { ListeningAddress } from "../contracts/auth.ts";
import { folderSpool } from "../codecs/spool.ts";
import { artifactsOf } from "./artifacts/artifacts.ts";
import { Links } from "./artifacts/links.ts";
import { sweepArtifacts } from "./artifacts/sweep_artifacts.ts";
import { apiKeyCheck } from "./api_key_check.ts";
import { apiKeysOf } from "./api_keys.ts";
import { appsOf } from "./apps.ts";
import { accountsOf, ownAccountOf } from "./accounts.ts";
import { type Actor, SYSTEM } from "./actor.ts";
import { aliveIn } from "./alive.ts";
import { AudienceCache } from "./audience_cache.ts";
import { AudienceCounts } from "./audience_counts.ts";
import { audienceListsOf } from "./audience_lists.ts";
import { audiencesOf } from "./audiences.ts";
import { auditLogOf } from "./audit_log.ts";
import { authsOf } from "./auths.ts";
import { readConfigFile } from "./config_file.ts";
import { Connections } from "./connections.ts";
import type { EngineContext } from "./context.ts";
import { erasuresOf } from "./erasures.ts";
import { type Core, openCore } from "./core.ts";
import { findAccount } from "./find_account.ts";
import type { FirstThread } from "./first_thread.ts";
import { entitiesOf } from "./entities.ts";
import { EntityTables } from "./entity_tables.ts";
import { enabledExportsOf } from "./exports/enabled_exports.ts";
import { sweepFeeds } from "./exports/sweep_feeds.ts";
import { sweepAllRetired } from "./sweep.ts";
import { fetchedExportsOf } from "./exports/fetch_exports.ts";
import { exportPublicKey } from "./exports/signing.ts";
import { Janitor, type Sweep } from "./janitor.ts";
import { jobsOf } from "./jobs.ts";
import { resolveRun } from "./resolve_run.ts";
import { createLog, type EngineLog } from "./log.ts";
import { managedServerOf } from "./managed/managed_server.ts";
import { sweepManaged } from "./managed/sweep_managed.ts";
import { mappingsOf } from "./mappings.ts";
import { Processes, type ProcessKind, takesAny } from "./processes.ts";
import { hastenEarlier } from "./queue.ts";
import { profilesOf } from "./profiles.ts";
import { LogCollector } from "./raw_logs/collector.ts";
import { openLinkedHour } from "./raw_logs/log_hours.ts";
import { rawLogsOf } from "./raw_logs/raw_logs.ts";
import { sweepLogs } from "./raw_logs/sweep_logs.ts";
import { RateLimiter } from "./rate_limits.ts";
import type { RunThreads } from "./run_threads.ts";
import { Runner } from "./runner.ts";
import { runsOf } from "./runs.ts";
import type { Engine, Runtime } from "./runtime.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { sweepAllSnapshots } from "./snapshots.ts";
import { sweepSpool } from "./spool_sweep.ts";
import { streamsOf } from "./streams.ts";
import { type Caller, tokenCheck } from "./token_check.ts";
import { tablesOf } from "./tables.ts";
import { tokensOf } from "./tokens.ts";
import { uploadsOf, type UploadsOptions } from "./uploads.ts";

/** How to open a Waybill. */
export interface OpenOptions {
  /** Data directory. */
  readonly home: string;
  /** Module specifiers of the plugins; those of the data directory's configuration file are loaded as well. */
  readonly plugins: readonly string[];
  /**
   * What this process does with queued runs: `serve` and `worker` execute any, `cli` the ones it queued itself (unless
   * one of those is there to take them), `none` only queues.
   */
  readonly runner: "serve" | "worker" | "cli" | "none";
  /** Where this process's HTTP server listens: other processes of the data directory can name it. */
  readonly address?: string;
  /** Where its SFTP server is about to listen: its runs may reach it, and wait for it, from the start. */
  readonly sftpAddress?: ListeningAddress;
  /** Whose account the runtime's own parts are for, by name or id; the first unless told. */
  readonly account?: string;
  /** Who opens it: the runtime's own parts write changes down under this name; Waybill itself unless told. */
  readonly actor?: Actor;
  /** Threads that were started for the first run. */
  readonly threads?: RunThreads | undefined;
  /** The thread of this process that executes runs, where this one only answers requests: its runner is `none`. */
  readonly first?: FirstThread | undefined;
  /** Where to log; JSON lines on stderr unless told. */
  readonly log?: EngineLog;
  /** Another clock than the database's for what expires: artifacts and links, rate limits, hours of raw logs. */
  readonly clock?: () => Promise<number>;
}

/** Opens a Waybill. Dispose of it to drain its runs and close it. */
export async function openRuntime(options: OpenOptions): Promise<Runtime> {
  const stack = new AsyncDisposableStack();
  try {
    return await openOn(stack, options);
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function openOn(stack: AsyncDisposableStack, options: OpenOptions): Promise<Runtime> {
  const log = options.log ?? createLog();
  const { plugins: configured, uploadLimit, rateLimits } = await readConfigFile(options.home);
  const plugins = [...options.plugins, ...configured];
  const core = stack.use(await openCore({ home: options.home, plugins }));
  const { database } = core;
  const locks = core.home.processesDir;
  const audienceCounts = options.first ?? stack.use(
    new AudienceCounts({
      database: core.home.database,
      serves: options.runner === "serve",
    }),
  );
  const parts = { ...core, audienceCache: new AudienceCache(), audienceCounts };
  const entityTables = new EntityTables(parts);
  const { actor = SYSTEM } = options;
  const opener: Caller = { actor, account: await findAccount(database.kysely, options.account) };
  const connections = stack.use(new Connections({ ...core, log }));

  const { clock = () => database.now() } = options;
  const links = new Links(core, clock, (account, name, now) => openLinkedHour(core, account, name, now));
  const sweeps = sweepsOf(core, clock);
  const collector = new LogCollector(core, clock);
  const limiter = new RateLimiter(database, rateLimits, clock);

  let process: Processes | undefined;
  const start = async (kind: ProcessKind): Promise<Runner> => {
    const processes = process = stack.use(await Processes.join(database, locks, kind));
    if (options.address !== undefined) await processes.listensAt(options.address);
    if (options.sftpAddress !== undefined) await processes.servesSftpAt(options.sftpAddress);
    if (takesAny({ kind })) {
      stack.use(new Janitor(sweeps, log));
      stack.use(new Scheduler({ database, log, exportClock: clock }));
    }
    return stack.use(
      new Runner({
        database,
        processes,
        home: core.home.dir,
        plugins,
        takes: takesAny({ kind }) ? "any" : "own",
        log,
        threads: options.threads,
      }),
    );
  };
  let runner = options.runner === "serve" || options.runner === "worker" ? await start(options.runner) : undefined;
  let starting: Promise<Runner> | undefined;

  const alive = () => aliveIn(database, locks);
  const queued = async (account: number, run: string) => {
    if (options.runner === "cli" && runner === undefined && !(await alive()).serving) {
      runner = await (starting ??= start("cli"));
    }
    options.first?.queued();
    const isNew = runner?.add(run);
    // Whoever waits for this run need not wait until the server's patience is over for those before it.
    if (options.runner === "cli" && isNew === true) await hastenEarlier(database, account, run);
  };
  const first: FirstThread = options.first ?? {
    queued: () => runner?.wake(),
    progress: async (run) => runner?.progress(run),
    ready: async () => {
      if (runner?.failing !== undefined) throw runner.failing;
    },
    count: (question, signal) => audienceCounts.count(question, signal),
  };
  const engineOf = ({ actor, account, revision }: Caller): Engine => {
    const { vault, registry, managed } = core;
    const context: EngineContext = {
      database,
      vault,
      registry,
      managed,
      ...(core.ownServers && { ownServers: core.ownServers }),
      accountId: account.id,
      account,
      actor,
      revision,
      log,
    };
    const runsFor = (actor: Actor) =>
      runsOf(core, {
        account: account.id,
        actor,
        resolve: (input) => resolveRun(context, input),
        progress: (run) => first.progress(run),
        done: (run) => runner?.done(run),
        halted: (run) => options.runner === "cli" ? runner?.halted(run) : undefined,
        alive,
        queued: (run) => queued(account.id, run),
      });
    const runs = runsFor(actor);
    const uploads: UploadsOptions = {
      account: account.id,
      actor,
      limit: uploadLimit,
      queued: (run) => queued(account.id, run),
      // Whoever uploads is told of the run that this makes, and sees no run otherwise.
      view: runsFor(SYSTEM).get,
    };
    const audiences = audiencesOf(context, parts);
    return {
      actor,
      account: ownAccountOf(context),
      auths: authsOf(context, alive),
      jobs: jobsOf(context, connections, folderSpool(core.home.workDir)),
      runs,
      uploads: uploadsOf(core, uploads),
      artifacts: artifactsOf(context, { core, links, runs, clock }),
      exports: { key: async () => ({ algorithm: "Ed25519", public_key: await exportPublicKey(core.vault) }) },
      streams: streamsOf(database, account.id),
      mappings: mappingsOf(context, { ...core, queued: (run) => queued(account.id, run) }),
      tables: tablesOf(context, { ...core, queued: (run) => queued(account.id, run) }),
      profiles: profilesOf(context, core.statements, core.identityKey),
      audiences,
      audienceLists: audienceListsOf(context, { core, uploads, audiences }),
      entities: entitiesOf(context, { entityTables }),
      sftp: managedServerOf(context, async () => (await alive()).processes),
      tokens: tokensOf(context),
      apps: appsOf(context),
      apiKeys: apiKeysOf(context),
      enabledExports: enabledExportsOf(context, { core, clock }),
      fetchedExports: fetchedExportsOf(context, { core, links, clock, queued: (run) => queued(account.id, run) }),
      rawLogs: rawLogsOf(context, { core, collector, links, clock }),
      erasures: erasuresOf(context, {
        statements: core.statements,
        identityKey: core.identityKey,
        queued: (run) => queued(account.id, run),
      }),
      audit: auditLogOf(context),
    };
  };
  // A token that is sent again is the same caller for as long as nothing is written.
  const engines = new WeakMap<Caller, Engine>();
  const as = (caller: Caller): Engine => {
    const known = engines.get(caller);
    if (known !== undefined) return known;
    const engine = engineOf(caller);
    engines.set(caller, engine);
    return engine;
  };
  return {
    ...engineOf(opener),
    registry: core.registry,
    accounts: accountsOf(database, actor),
    as,
    verifyToken: tokenCheck(database),
    verifyApiKey: apiKeyCheck(database),
    admit: ({ actor: { id }, account }, bucket) => limiter.take({ account: account.id, key: id ?? "" }, bucket),
    openLink: (link) => links.open(link),
    process,
    ready: async () => {
      await database.kysely.selectFrom("accounts").select("id").limit(1).execute();
      await first.ready();
    },
    first,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** What a process that serves sweeps. */
function sweepsOf(core: Core, clock: () => Promise<number>): readonly Sweep[] {
  return [
    {
      what: "The spool",
      sweep: async (log) => {
        for (const run of await sweepSpool(core)) log.info("An uploaded file was removed", { run });
      },
    },
    { what: "The change feeds", sweep: () => sweepFeeds(core.database) },
    { what: "Replaced profiles", sweep: () => sweepAllRetired(core.database) },
    { what: "The snapshots", sweep: () => sweepAllSnapshots(core.database.kysely, core.home.snapshotsDir) },
    {
      what: "The artifacts",
      sweep: async (log) => {
        for (const artifact of await sweepArtifacts(core, { clock })) {
          log.info("The file of an artifact was removed", { artifact });
        }
      },
    },
    {
      what: "The raw logs",
      sweep: async (log) => {
        const files = await sweepLogs(core, clock);
        if (files > 0) log.info("Raw logs were removed: their 30 days are over", { files });
      },
    },
    {
      what: "Managed accounts",
      sweep: async (log) => {
        const { files, contents } = await sweepManaged(core, clock);
        if (files > 0) log.info("Files of managed accounts were removed: their 90 days are over", { files });
        if (contents > 0) log.info("What uploads left that a crash cut off was removed", { contents });
      },
    },
  ];
}
