/**
 * The Worker that commits an import's batches, while the run's own thread reads on.
 *
 * @module
 */
import type { Database } from "../database/database.ts";
import { openDatabase } from "../database/open.ts";
import { Archive } from "../profiles/archive.ts";
import { type OpenTarget, openTarget } from "../profiles/mapping.ts";
import { buffersOf, type PackedProfileBatch, ProfileBatch } from "../profiles/profile_batch.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import type { CommitStart, FromCommit, ToCommit } from "./commit_protocol.ts";
import { describeError } from "./describe_error.ts";
import { ImportCommits, PlaceChanged } from "./import_commit.ts";
import { LeaseLost } from "./queue.ts";

interface Opened {
  readonly database: Database;
  readonly commits: ImportCommits;
  readonly targets: readonly OpenTarget[];
}

let opened: Promise<Opened> | undefined;
let last: Promise<void> = Promise.resolve();

const scope = self as unknown as {
  addEventListener(
    type: "message",
    listener: (event: MessageEvent<MessagePort>) => void,
    options: { readonly once: boolean },
  ): void;
};

// The one message to this scope brings the port by which the run's thread speaks to it.
scope.addEventListener("message", ({ data: port }) => {
  port.addEventListener("message", ({ data }: MessageEvent<ToCommit>) => {
    if (data.type === "start") {
      opened = open(data);
      // Told with the first answer; unhandled until then, it would end the thread without one.
      opened.catch(() => {});
    } else last = last.then(() => answer(port, data));
  });
  port.start();
}, { once: true });

async function open(start: CommitStart): Promise<Opened> {
  const database = await openDatabase(start.database);
  const { claim, place } = start;
  return {
    database,
    commits: new ImportCommits(database, statementsFor(database.kind), new Archive(start.archiveDir), claim, place),
    targets: place.targets.map((target) => openTarget(target, start.identityKey, place.stream)),
  };
}

async function answer(port: MessagePort, message: Exclude<ToCommit, CommitStart>): Promise<void> {
  const tell = (told: FromCommit, transfer: ArrayBuffer[] = []) => port.postMessage(told, transfer);
  try {
    if (opened === undefined) throw new Error("The commit thread was not started");
    const { database, commits, targets } = await opened;
    let spare: readonly PackedProfileBatch[] = [];
    if (message.type === "close") await database[Symbol.asyncDispose]();
    else {
      const { profiles, ...batch } = message.batch;
      spare = profiles;
      await commits.commit({
        ...batch,
        profiles: profiles.map((packed, index) => ProfileBatch.unpack(packed, targets[index]!)),
      });
    }
    tell({ type: "done", spare }, spare.flatMap(buffersOf));
  } catch (error) {
    if (error instanceof LeaseLost) tell({ type: "lost" });
    else if (error instanceof PlaceChanged) tell({ type: "changed" });
    else {
      const stack = error instanceof Error ? error.stack : undefined;
      tell({ type: "failed", failure: describeError(error), stack });
    }
  }
}
