/**
 * Commits a run's batches, on another thread than the one that reads on meanwhile.
 *
 * @module
 */
import { folderSpool } from "../codecs/spool.ts";
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { Archive } from "../profiles/archive.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { openTarget } from "../profiles/mapping.ts";
import { buffersOf } from "../profiles/packed_batch.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import type { Spare } from "./commits.ts";
import type { CommitStart, FromCommit, ImportStart, ReplayStart, ToCommit } from "./commit_protocol.ts";
import { describeError } from "./describe_error.ts";
import { ImportCommits, PlaceChanged } from "./import_commit.ts";
import { LeaseLost } from "./claim.ts";
import { InlineReplayCommits, ReplayWriter } from "./replay_commit.ts";
import { commitTask } from "./task_commit.ts";

/** What is to be committed. */
type Work = Extract<ToCommit, { readonly type: "batch" | "part" }>;

/** Commits. */
interface Committer {
  /** Gives the memory that is spare then. */
  readonly commit: (work: Work) => Promise<Spare>;
  /** What commits, to be disposed of. */
  readonly commits: AsyncDisposable;
}

interface Opened extends Committer {
  readonly database: Database;
}

/** Opens what a run's thread asked for, and commits for it whatever comes through the port. */
export function serveCommits(port: MessagePort, start: CommitStart): void {
  const opened = open(start);
  // Told with the first answer; unhandled until then, it would end the thread without one.
  opened.catch(() => {});
  let last: Promise<void> = Promise.resolve();
  port.addEventListener("message", ({ data }: MessageEvent<ToCommit>) => {
    last = last.then(() => answer(port, opened, data));
  });
}

async function open(start: CommitStart): Promise<Opened> {
  const database = await openDatabase(start.database);
  return {
    database,
    ...start.type === "import" ? importCommitter(database, start) : replayCommitter(database, start),
  };
}

function importCommitter(database: Database, start: ImportStart): Committer {
  const { archiveDir, workDir, claim, place, identityKey } = start;
  const statements = statementsFor(database.kind), spool = folderSpool(workDir);
  const commits = new ImportCommits(database, statements, new Archive(archiveDir), claim, place, spool);
  const targets = place.targets.map((target) => openTarget(target, identityKey, place.stream));
  const commit: Committer["commit"] = async (work) => {
    if (work.type !== "batch") throw new Error("This commit thread commits an import");
    const { batch } = work;
    const profiles = batch.profiles.map((packed, index) => ProfileBatch.unpack(packed, targets[index]!));
    await commits.commit({ ...batch, profiles });
    return { profiles: packedAgain(profiles), lines: batch.lines && new Uint8Array(batch.lines.buffer) };
  };
  return { commit, commits };
}

function replayCommitter(database: Database, { workDir, claim, target, identityKey }: ReplayStart): Committer {
  const writer = new ReplayWriter(statementsFor(database.kind), target.scope, claim, folderSpool(workDir));
  const commits = new InlineReplayCommits((work) => commitTask(database, claim, work, { unsynced: true }), writer);
  const targets = new Map(
    target.generation.mappings.map(({ stream }) => [stream, openTarget(target, identityKey, stream)]),
  );
  const commit: Committer["commit"] = async (work) => {
    if (work.type !== "part") throw new Error("This commit thread commits a replay");
    const { part } = work;
    const batches = part.batches.map((batch) => ({
      ...batch,
      profiles: ProfileBatch.unpack(batch.profiles, targets.get(batch.stream)!),
    }));
    await commits.commit({ ...part, batches });
    return { profiles: packedAgain(batches.map(({ profiles }) => profiles)) };
  };
  return { commit, commits };
}

/** The memory of batches, which is another than they came in where it had to grow. */
function packedAgain(batches: readonly ProfileBatch[]): Spare["profiles"] {
  return batches.map((batch) => batch.pack());
}

async function answer(
  port: MessagePort,
  opened: Promise<Opened>,
  message: ToCommit,
): Promise<void> {
  const tell = (told: FromCommit, transfer: ArrayBuffer[] = []) => port.postMessage(told, transfer);
  try {
    const { database, commit, commits } = await opened;
    let spare: Spare = { profiles: [] };
    if (message.type === "close") {
      await commits[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    } else spare = await commit(message);
    const buffers = spare.profiles.flatMap(buffersOf);
    if (spare.lines !== undefined) buffers.push(spare.lines.buffer);
    tell({ type: "done", spare }, buffers);
  } catch (error) {
    if (error instanceof LeaseLost) tell({ type: "lost" });
    else if (error instanceof PlaceChanged) tell({ type: "changed" });
    else {
      const stack = error instanceof Error ? error.stack : undefined;
      tell({ type: "failed", failure: describeError(error), stack });
    }
  }
}
