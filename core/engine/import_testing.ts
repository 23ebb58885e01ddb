/**
 * A claimed import over a database and an archive of its own: for the tests of what imports commit.
 *
 * @module
 */
import { memorySpool } from "../codecs/spool_memory.ts";
import type { Row } from "../contracts/records.ts";
import type { Database } from "../database/database.ts";
import type { DatabaseAddress } from "../database/open.ts";
import type { RunsTable } from "../database/tables.ts";
import { Archive } from "../profiles/archive.ts";
import type { IdentityRulesJson } from "../profiles/identity_rules.ts";
import { type MappingDefinition, openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import type { TestDatabases } from "../testing/each_database_testing.ts";
import { CommitThread } from "./commit_thread.ts";
import { startEngine } from "./engine_testing.ts";
import { followMappings } from "./generations.ts";
import { startPortedHelper } from "./helper_testing.ts";
import { newId } from "./ids.ts";
import { ImportBuffer } from "./import_buffer.ts";
import { type ImportBatch, ImportCommits } from "./import_commit.ts";
import type { Claim } from "./claim.ts";
import { claimRun } from "./queue.ts";
import { queueRun } from "./queue_run.ts";
import { placeImport, type StreamPlace } from "./streams.ts";
import type { Vault } from "./vault.ts";
import { EventLines } from "../profiles/event_lines.ts";
import { allIdentities, type Identities } from "../profiles/identity_index.ts";
import { indexRows } from "../profiles/indexed_batch.ts";

/** Adds a queued run with the given columns. */
export async function addRun(database: Database, columns: Partial<RunsTable> = {}): Promise<string> {
  const { id = newId() } = columns;
  const run = { id, account: 1, job: null, type: "echo-import", auth: null, config: {}, notes: [], now: 0 };
  await queueRun(database.kysely, run);
  await database.kysely.updateTable("runs").set({ ...columns, id }).where("account_id", "=", 1).where("id", "=", id)
    .execute();
  return id;
}

/** One run as it stands. */
export async function readRun(database: Database, id: string): Promise<RunsTable> {
  return await database.kysely.selectFrom("runs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
}

/** A claimed import. */
export interface ImportPeer extends AsyncDisposable {
  readonly database: Database;
  readonly address: DatabaseAddress;
  readonly archive: Archive;
  /** Folder of the snapshots. */
  readonly snapshotsDir: string;
  readonly vault: Vault;
  readonly claim: Claim;
  readonly place: StreamPlace;
  readonly identityKey: Uint8Array;
  readonly identifyBy: readonly string[];
  /** A fresh collection of identities. */
  profiles(): ProfileBatch[];
  /** What commits on this thread; over another database handle where one is given. */
  commits(database?: Database): ImportCommits;
  /** What commits after the run was taken over, under the rules that hold by now. */
  commitsAfterTakeOver(): Promise<ImportCommits>;
  /** Commits and profiles of an import whose stream has no mapping. */
  readonly unmapped: { readonly commits: ImportCommits; profiles(): [] };
  /** A batch of these rows, which is the run's `nth` thousand. */
  batch(rows: readonly Row[], options?: Partial<ImportBatch>): ImportBatch;
  /** The run as it stands. */
  run(): Promise<RunsTable>;
  /** The lines of all archive files of a kind, up to their durable length, in the order of the files. */
  lines(kind: "stream" | "rejects"): Promise<string[]>;
  /** Everything that commits write, but for ids of runs and times of the clock. */
  content(): Promise<Record<string, unknown>>;
}

/** Gives the stream of an import another mapping, and the run that replays its events where that is needed. */
export async function remap({ database }: Pick<ImportPeer, "database">, lql: string): Promise<string | undefined> {
  const definition: MappingDefinition = { kind: "lql", text: lql };
  return await database.write(async (transaction) => {
    await transaction.updateTable("mappings").set({ definition: JSON.stringify(definition) }).execute();
    return await followMappings(transaction, 1, 1, { now: await database.now() });
  });
}

/**
 * Starts one; events without a time of their own get 1,000. `lql` stands in the place of the default mapping, `rules` in
 * that of the identity rules that are built in.
 */
export async function startImport(
  databases: TestDatabases,
  { lql, rules = {} }: { readonly lql?: string; readonly rules?: IdentityRulesJson } = {},
): Promise<ImportPeer> {
  const engine = await startEngine(databases);
  const { database } = engine.context;
  const archive = new Archive(`${engine.folder}/archive`);
  const run = await addRun(database);
  const claim = await claimRun(database, newId(), [run]);
  if (claim === undefined) throw new Error("The run could not be claimed");
  const identifyBy = ["id", "email"];
  const find = () => placeImport(database.kysely, 1, { stream: "people", identifyBy }, 0);
  let place = await find();
  if (lql !== undefined) {
    await database.kysely.updateTable("profile_tables").set({ identity_rules: JSON.stringify(rules) }).execute();
    await remap({ database }, lql);
    place = await find();
  }
  const spool = memorySpool();
  const identityKey = Uint8Array.from({ length: 16 }, (_, index) => index);
  const profiles = () => place.targets.map((target) => new ProfileBatch(openTarget(target, identityKey, place.stream)));
  return {
    database,
    address: engine.address,
    archive,
    snapshotsDir: `${engine.folder}/snapshots`,
    vault: engine.context.vault,
    claim,
    place,
    identityKey,
    identifyBy,
    profiles,
    unmapped: {
      commits: new ImportCommits(
        database,
        statementsFor(database.kind),
        archive,
        claim,
        { ...place, targets: [] },
        spool,
      ),
      profiles: () => [],
    },
    commits: (other = database) => new ImportCommits(other, statementsFor(other.kind), archive, claim, place, spool),
    commitsAfterTakeOver: async () => {
      const { fence } = await database.kysely.updateTable("runs").set((set) => ({ fence: set("fence", "+", 1) }))
        .where("id", "=", claim.run).returning("fence").executeTakeFirstOrThrow();
      return new ImportCommits(
        database,
        statementsFor(database.kind),
        archive,
        { ...claim, fence },
        await find(),
        spool,
      );
    },
    batch: (rows, options = {}) => {
      const buffer = new ImportBuffer(1_000, new EventLines(), profiles());
      buffer.add(indexRows(rows), null);
      const counted = { read: rows.length, accepted: rows.length, rejected: 0, unchanged: 0, refused: 0 };
      return { ...buffer.take(), counted, bytes: 0, duration: 0, ...options };
    },
    run: () => readRun(database, run),
    lines: (kind) => archiveLines(database, archive, kind),
    content: () => contentOf(database, archive),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

/** Everything that commits write, but for ids of runs and times of the clock. */
export async function contentOf(database: Database, archive: Archive): Promise<Record<string, unknown>> {
  const { kysely } = database;
  return {
    accounts: await kysely.selectFrom("accounts").select(["id", "next_position"]).execute(),
    streams: await kysely.selectFrom("streams").select(["id", "events"]).execute(),
    fields: await kysely.selectFrom("stream_fields").selectAll().orderBy("name").execute(),
    profiles: await kysely.selectFrom("profiles").selectAll().orderBy("id").execute(),
    stamps: await kysely.selectFrom("profile_stamps").selectAll().orderBy("id").execute(),
    merges: await kysely.selectFrom("profile_merges").selectAll().orderBy("id").execute(),
    identities: identityNames(await allIdentities(kysely, { account: 1, table: 1 })),
    segments: await kysely.selectFrom("segments").select(["kind", "events"]).orderBy("id").execute(),
    runs: await kysely.selectFrom("runs").select([
      "rows_read",
      "accepted",
      "rejected",
      "checkpoint",
      "bytes",
      "profiles_created",
      "profiles_updated",
    ]).execute(),
    lines: await archiveLines(database, archive, "stream"),
    rejects: await archiveLines(database, archive, "rejects"),
  };
}

async function archiveLines(database: Database, archive: Archive, kind: "stream" | "rejects"): Promise<string[]> {
  const segments = await database.kysely.selectFrom("segments").select(["path", "length"]).where("kind", "=", kind)
    .orderBy("id").execute();
  let text = "";
  for (const { path, length } of segments) {
    for await (const block of archive.read(path, length)) text += new TextDecoder().decode(block);
  }
  return text.split("\n").slice(0, -1);
}

/** Keys and the profiles they name, as JSON can hold them. */
function identityNames({ keys, profiles }: Identities): [key: string, profile: number][] {
  return Array.from(keys, (key, index) => [String(key), profiles[index]!]);
}

/** A commit thread whose worker ends with it. */
export function startCommitThread(start: ConstructorParameters<typeof CommitThread>[0]): CommitThread {
  const { worker, port } = startPortedHelper();
  return new (class extends CommitThread {
    override async [Symbol.asyncDispose](): Promise<void> {
      await super[Symbol.asyncDispose]();
      worker.terminate();
    }
  })(start, port);
}
