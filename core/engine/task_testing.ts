/**
 * Executes queued tasks over an import's database and archive: for the tests of tasks.
 *
 * @module
 */
import { statementsFor } from "../profiles/batch_statements.ts";
import { makeFolder } from "./engine_testing.ts";
import { executeRun, type RunEnd } from "./execute_run.ts";
import { openHome } from "./home.ts";
import { newId } from "./ids.ts";
import type { ImportPeer } from "./import_testing.ts";
import { type Claim, claimRun } from "./queue.ts";
import { buildRegistry } from "./registry.ts";

/** Executes a queued run of a task in this thread and gives how it ended. `progressed` is called after its commits. */
export async function executeTask(
  peer: ImportPeer,
  run: string,
  progressed: (stop: AbortController) => void = () => {},
): Promise<RunEnd> {
  const claim = await claimRun(peer.database, newId(), [run]);
  if (claim === undefined) throw new Error(`Run "${run}" could not be claimed`);
  return await executeClaimed(peer, claim, progressed);
}

async function executeClaimed(
  peer: ImportPeer,
  claim: Claim,
  progressed: (stop: AbortController) => void,
): Promise<RunEnd> {
  const stop = new AbortController();
  await using folder = await makeFolder();
  const { database, archive, vault, identityKey } = peer;
  const core = {
    home: await openHome(folder.path),
    database,
    vault,
    identityKey,
    registry: buildRegistry([]),
    archive,
    statements: statementsFor(database.kind),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return await executeRun(core, claim, {
    signal: stop.signal,
    progress: () => progressed(stop),
    log,
    retries: { waits: [], unconnected: false },
  });
}
