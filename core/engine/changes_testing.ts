/**
 * Profile imports over a test's database, and events of a mapped stream beside them: for the tests of changes.
 *
 * @module
 */
import { memorySpool } from "../codecs/spool_memory.ts";
import { changesTarget } from "../contracts/changes.ts";
import type { RejectedRow, Row } from "../contracts/records.ts";
import type { RunsTable } from "../database/tables.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { ChangeCheck } from "../profiles/changes/check_changes.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import type { TestDatabases } from "../testing/each_database_testing.ts";
import { currentGeneration, startReplay } from "./generations.ts";
import { ImportCommits } from "./import_commit.ts";
import { ImportRun } from "./import_run.ts";
import { type ImportPeer, startImport } from "./import_testing.ts";
import { erasedFor } from "./refused.ts";
import { placeImport } from "./streams.ts";
import { executeTask } from "./task_testing.ts";

/** An import of changes, and of events, into table `user`. */
export interface ChangePeer {
  readonly peer: ImportPeer;
  /** Imports rows of changes in commits of `size`; their first line is `line`, and their event time `at`. */
  change(rows: readonly Row["fields"][], options: ChangeOptions): Promise<void>;
  /** Imports events of stream `people`, in commits of `size`. */
  add(rows: readonly Row[], size: number): Promise<void>;
  /** Fills the table anew from the archive, under the rules that hold. */
  replay(): Promise<void>;
  /** The lines of the rejected rows, in order. */
  rejects(): Promise<(Pick<RejectedRow, "line" | "reason"> & { readonly raw: string })[]>;
  /** The run as it stands. */
  run(): Promise<RunsTable>;
}

/** How rows of changes are imported. */
export interface ChangeOptions {
  readonly size: number;
  readonly at?: number;
  readonly line?: number;
}

/** Starts one. Stream `people` is mapped by `lql`; by default, every field under its own name, by id or e-mail. */
export async function startChanges(
  databases: TestDatabases,
  options: { readonly lql?: string } = {},
): Promise<ChangePeer & AsyncDisposable> {
  const peer = await startImport(databases, options);
  const { database, archive, identityKey } = peer;
  const begin = async (target: Parameters<typeof placeImport>[2], at: number, size: number) => {
    const { place, claim, erased } = await database.write(async (transaction) => {
      const place = await placeImport(transaction, 1, target, 0);
      const { fence } = await transaction.updateTable("runs").set((set) => ({ fence: set("fence", "+", 1) }))
        .where("id", "=", peer.claim.run).returning("fence").executeTakeFirstOrThrow();
      const erased = await erasedFor(transaction, 1, place.stream, identityKey);
      return { place, claim: { ...peer.claim, fence }, erased };
    });
    const targets = place.targets.map((one) => openTarget(one, identityKey, place.stream));
    const own = targets.find(({ ofChanges }) => ofChanges);
    const counts = async () => {
      const { rows_read: read, accepted, rejected, unchanged, refused } = await peer.run();
      return { read, accepted, rejected, unchanged, refused };
    };
    const run = new ImportRun({
      run: claim.run,
      commits: new ImportCommits(database, statementsFor(database.kind), archive, claim, place, memorySpool()),
      startedAt: at,
      threshold: undefined,
      counts: await counts(),
      changes: own === undefined ? undefined : { check: new ChangeCheck(own.rules), committed: counts },
      profiles: () => targets.map((one) => new ProfileBatch(one)),
      erased,
      signal: new AbortController().signal,
      bytes: () => 0,
      duration: () => 0,
    });
    return async (rows: readonly Row[], line: number) => {
      for (let first = 0; first < rows.length; first += size) {
        const part = rows.slice(first, first + size);
        const lines = Float64Array.from(part, (_, index) => line + first + index);
        await run.emit({ ...indexRows(part), places: { lines, offsets: new Float64Array(part.length) } }, null);
        await run.flush();
      }
      await run[Symbol.asyncDispose]();
    };
  };
  return {
    peer,
    change: async (rows, { size, at = 1_000, line = 1 }) => {
      const emit = await begin(changesTarget(), at, size);
      await emit(rows.map((fields) => ({ fields })), line);
    },
    add: async (rows, size) => {
      const emit = await begin({ stream: "people", identifyBy: [] }, 0, size);
      await emit(rows, 1);
    },
    replay: async () => {
      const run = await database.write(async (transaction) => {
        const { generation } = await currentGeneration(transaction, 1, 1);
        return await startReplay(transaction, 1, 1, generation, 0);
      });
      const end = await executeTask(peer, run);
      if (end !== "succeeded") throw new Error(`The replay ended as ${end}`);
    },
    rejects: async () =>
      (await peer.lines("rejects")).map((text) => {
        const { line, reason, raw } = JSON.parse(text);
        return { line, reason, raw: new TextDecoder().decode(Uint8Array.fromBase64(raw)) };
      }),
    run: () => peer.run(),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
