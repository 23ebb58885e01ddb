/**
 * Mappings and tables over a test's import: for their tests.
 *
 * @module
 */
import { memorySpool } from "../codecs/spool_memory.ts";
import type { Row } from "../contracts/records.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { EventLines } from "../profiles/event_lines.ts";
import { indexRows } from "../profiles/indexed_batch.ts";
import { openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { readSettings } from "./account_settings.ts";
import { type Actor, SYSTEM } from "./actor.ts";
import { ImportBuffer } from "./import_buffer.ts";
import { ImportCommits } from "./import_commit.ts";
import { type ImportPeer, readRun, startImport } from "./import_testing.ts";
import type { TestDatabases } from "../testing/each_database_testing.ts";
import { mappingsOf } from "./mappings.ts";
import { profilesOf } from "./profiles.ts";
import type { Mappings, Profiles, ProfileTables } from "./runtime.ts";
import { tablesOf } from "./tables.ts";
import { placeImport } from "./streams.ts";
import { executeTask } from "./task_testing.ts";

/** An import, and what people do with its stream and table. */
export interface MappingPeer extends AsyncDisposable {
  readonly peer: ImportPeer;
  readonly mappings: Mappings;
  readonly tables: ProfileTables;
  readonly profiles: Profiles;
  /** The same for somebody else. `pii` are fields that the account calls personal. */
  as(actor: Actor, pii: readonly string[]): Pick<MappingPeer, "mappings" | "tables" | "profiles">;
  /** Replays that were queued, oldest first. */
  readonly queued: readonly string[];
  /** Imports rows into stream `people`, in commits of `size`, by what holds then. */
  add(rows: readonly Row[], size?: number): Promise<void>;
  /** Does the last replay that was queued, and gives how it ended. */
  replay(): Promise<string>;
}

/** Starts one: stream `people` with the mapping that its import made, by `id` or `email` unless `options` have another. */
export async function startMapping(
  databases: TestDatabases,
  options: Parameters<typeof startImport>[1] = {},
): Promise<MappingPeer> {
  const peer = await startImport(databases, options);
  const queued: string[] = [];
  const { database, archive, identityKey } = peer;
  const statements = statementsFor(database.kind);
  const as = (actor: Actor, pii: readonly string[]) => {
    const settings = { ...readSettings("{}"), pii_fields: [...pii] };
    const context = { database, accountId: 1, account: { id: 1, publicId: "1", settings }, actor };
    const note = (run: string) => {
      queued.push(run);
      return Promise.resolve();
    };
    return {
      mappings: mappingsOf(context, { archive, identityKey, queued: note }),
      tables: tablesOf(context, { statements, queued: note }),
      profiles: profilesOf(context, statements, identityKey),
    };
  };
  /** As an import begins anew: under what holds now, with a fence of its own. */
  const begin = () =>
    database.write(async (transaction) => {
      const place = await placeImport(transaction, 1, { stream: "people", identifyBy: [] }, 0);
      const { fence } = await transaction.updateTable("runs").set((set) => ({ fence: set("fence", "+", 1) }))
        .where("id", "=", peer.claim.run).returning("fence").executeTakeFirstOrThrow();
      return { place, claim: { ...peer.claim, fence } };
    });
  return {
    peer,
    ...as(SYSTEM, []),
    as,
    queued,
    add: async (rows, size = rows.length) => {
      const { place, claim } = await begin();
      const commits = new ImportCommits(database, statements, archive, claim, place, memorySpool());
      for (let first = 0; first < rows.length; first += size) {
        const batches = place.targets.map((target) => new ProfileBatch(openTarget(target, identityKey, place.stream)));
        const buffer = new ImportBuffer(1_000, new EventLines(), batches);
        const part = rows.slice(first, first + size);
        buffer.add(indexRows(part), null);
        const counts = { read: part.length, accepted: part.length, rejected: 0, unchanged: 0, refused: 0 };
        await commits.commit({ ...buffer.take(), counted: counts, bytes: 0, duration: 0 });
      }
    },
    replay: async () => {
      const last = queued.at(-1) ?? "";
      let end: string = "";
      // Tasks go one after another: those before it come first.
      while ((await readRun(database, last)).status === "queued") end = await executeTask(peer, last);
      return end;
    },
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
