/**
 * Executes queued tasks over an import's database and archive: for the tests of tasks.
 *
 * @module
 */
import type { Core } from "./core.ts";
import { ManagedContents } from "./managed/contents.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { makeFolder } from "./engine_testing.ts";
import { executeRun, type RunEnd } from "./execute_run.ts";
import { startPortedHelper } from "./helper_testing.ts";
import { openHome } from "./home.ts";
import { newId } from "./ids.ts";
import type { ImportPeer } from "./import_testing.ts";
import type { Claim } from "./claim.ts";
import { claimRun } from "./queue.ts";
import { buildRegistry } from "./registry.ts";

/** How a task is executed. */
export interface ExecuteOptions {
  /** Called after its commits. */
  readonly progressed?: (stop: AbortController) => void;
  /** Whether a thread stands ready to commit. */
  readonly thread?: boolean;
  /** Whether the process executes runs for whoever asks, as a server does. */
  readonly serves?: boolean;
  /** Called when the run is claimed. */
  readonly claimed?: (claim: Claim) => Promise<void>;
}

/** Executes a queued run of a task in this thread and gives how it ended. */
export async function executeTask(
  peer: ImportPeer,
  run: string,
  { progressed = () => {}, thread = false, serves = false, claimed = () => Promise.resolve() }: ExecuteOptions = {},
): Promise<RunEnd> {
  const claim = await claimRun(peer.database, newId(), [run]);
  if (claim === undefined) throw new Error(`Run "${run}" could not be claimed`);
  await claimed(claim);
  const helper = thread ? startPortedHelper() : undefined;
  try {
    return await executeClaimed(peer, claim, { progressed, serves, helper: helper?.port });
  } finally {
    helper?.worker.terminate();
  }
}

async function executeClaimed(
  peer: ImportPeer,
  claim: Claim,
  { progressed, serves, helper }: {
    readonly progressed: (stop: AbortController) => void;
    readonly serves: boolean;
    readonly helper: MessagePort | undefined;
  },
): Promise<RunEnd> {
  const stop = new AbortController();
  await using folder = await makeFolder();
  const core = await coreOf(peer, folder.path);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return await executeRun(core, claim, {
    signal: stop.signal,
    progress: () => progressed(stop),
    log,
    retries: { waits: [], unconnected: serves },
    ...(helper === undefined ? {} : { helper }),
  });
}

/** The parts of an open home, made of an import's; what it has no folder for lies in `folder`. */
export async function coreOf(peer: ImportPeer, folder: string): Promise<Core> {
  const { database, archive, snapshotsDir, vault, identityKey } = peer;
  return {
    home: { ...await openHome(folder), database: peer.address, archiveDir: archive.folder, snapshotsDir },
    database,
    vault,
    identityKey,
    registry: buildRegistry([]),
    archive,
    managed: new ManagedContents(`${folder}/managed`),
    statements: statementsFor(database.kind),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
