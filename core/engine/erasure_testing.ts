/**
 * Erasures over a claimed import, and the search for what they leave: for the tests of erasure.
 *
 * @module
 */
import assert from "node:assert/strict";
import { sql } from "kysely";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RejectedRow, Row } from "../contracts/records.ts";
import { SYSTEM } from "./actor.ts";
import { erasuresOf } from "./erasures.ts";
import { followMappings } from "./generations.ts";
import { makeTable } from "./profile_tables.ts";
import { executeTask } from "./task_testing.ts";
import { findAccount } from "./find_account.ts";
import { ImportRun } from "./import_run.ts";
import type { ImportPeer } from "./import_testing.ts";
import { profilesOf } from "./profiles.ts";
import { erasedFor } from "./refused.ts";
import type { Erasures, Profiles } from "./runtime.ts";
import { statementsFor } from "../profiles/batch_statements.ts";
import { openTarget } from "../profiles/mapping.ts";
import { ProfileBatch } from "../profiles/profile_batch.ts";
import { placeImport } from "./streams.ts";
import { ManagedContents } from "./managed/contents.ts";

async function contextOf({ database, vault }: ImportPeer) {
  const account = await findAccount(database.kysely, undefined);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const registry = { plugins: [], providers: [], jobs: [] } as never;
  return {
    database,
    vault,
    registry,
    managed: new ManagedContents("managed"),
    accountId: 1,
    account,
    actor: SYSTEM,
    log,
  };
}

/** The erasures of an import's account. */
export async function erasures(peer: ImportPeer): Promise<Erasures> {
  const statements = statementsFor(peer.database.kind);
  return erasuresOf(await contextOf(peer), { statements, identityKey: peer.identityKey, queued: async () => {} });
}

/** Its profiles. */
export async function profiles(peer: ImportPeer): Promise<Profiles> {
  return profilesOf(await contextOf(peer), statementsFor(peer.database.kind), peer.identityKey);
}

/** A row about one of many people. */
export const person = (number: number, more: Record<string, string> = {}): Row => ({
  fields: { id: `Person-${number}-x`, email: `person.${number}@example.org`, ...more },
  time: number,
});

/** Commits rows, so many at a time. */
export async function importRows(peer: ImportPeer, rows: readonly Row[], size: number): Promise<void> {
  const commits = peer.commits();
  for (let first = 0; first < rows.length; first += size) {
    await commits.commit(peer.batch(rows.slice(first, first + size)));
  }
}

/** Takes a fresh attempt at the peer's run, under the rules that hold by now. */
export async function openRun(peer: ImportPeer): Promise<ImportRun> {
  const { targets } = await placeImport(peer.database.kysely, 1, { stream: "people", identifyBy: peer.identifyBy }, 0);
  const { rows_read: read, accepted, rejected, unchanged, refused } = await peer.run();
  return new ImportRun({
    run: peer.claim.run,
    commits: await peer.commitsAfterTakeOver(),
    startedAt: 1_000,
    threshold: undefined,
    counts: { read, accepted, rejected, unchanged, refused },
    profiles: () => targets.map((target) => new ProfileBatch(openTarget(target, peer.identityKey, peer.place.stream))),
    erased: await erasedFor(peer.database.kysely, 1, peer.place.stream, peer.identityKey),
    signal: new AbortController().signal,
    bytes: () => 0,
    duration: () => 0,
  });
}

/** Fills another table from the same stream. */
export async function makeCities(peer: ImportPeer): Promise<void> {
  const { database } = peer;
  const definition = {
    kind: "lql",
    text: "SELECT city, set(id) AS people, count(id) AS events FROM people INTO city BY city",
  };
  const replay = await database.write(async (transaction) => {
    const table = await makeTable(transaction, 1, "city", 1);
    await transaction.insertInto("mappings").values({
      account_id: 1,
      id: "city",
      stream_id: peer.place.stream,
      table_id: table,
      definition: JSON.stringify(definition),
      created_at: 9,
      updated_at: 9,
    }).execute();
    return await followMappings(transaction, 1, table, { now: await database.now() });
  });
  if (replay !== undefined) assert.equal(await executeTask(peer, replay), "succeeded");
}

/** Rows that could not be read. */
export const rejected = (...rows: readonly string[]): RejectedRow[] =>
  rows.map((row, line) => ({ line, offset: 0, reason: "Too many cells", raw: new TextEncoder().encode(row) }));

/** Everything there is, in every form in which it may be looked for. */
async function* traces({ database, archive }: ImportPeer, address: ImportPeer["address"]): AsyncGenerator<string> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(`${folder}/${name}`);
      else files.push(`${folder}/${name}`);
    }
  };
  await walk(dirname(archive.folder));
  for (const file of files) {
    const bytes = await Deno.readFile(file);
    yield new TextDecoder("latin1").decode(bytes);
    if (file.endsWith(".gz") && bytes.length > 0) {
      const text = new TextDecoder().decode(gunzipSync(bytes));
      yield text;
      for (const [, raw = ""] of text.matchAll(/"raw":"([^"]*)"/g)) {
        yield new TextDecoder().decode(Uint8Array.fromBase64(raw));
      }
    }
  }
  if (database.kind === "sqlite" && "path" in address) {
    // This process must not open the database's own file.
    for (const suffix of ["", "-wal"]) {
      yield await textOf(`${address.path}${suffix}`);
    }
  }
  const { kysely } = database;
  for (const table of await tablesOf(database)) {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(kysely);
    yield JSON.stringify(
      rows,
      (_, value) => value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : value,
    );
  }
}

/** The names of all tables. */
export async function tablesOf({ kind, kysely }: ImportPeer["database"]): Promise<string[]> {
  const { rows } =
    await (kind === "sqlite"
      ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`
      : sql<{ name: string }>`select table_name as name from information_schema.tables
        where table_schema = current_schema()`).execute(kysely);
  return rows.map(({ name }) => name);
}

/** What another process reads of a file. */
async function textOf(path: string): Promise<string> {
  const { stdout } = await new Deno.Command("deno", {
    args: ["eval", "await Deno.stdout.write(await Deno.readFile(Deno.args[0]).catch(() => new Uint8Array()))", path],
    stdout: "piped",
  }).output();
  return new TextDecoder("latin1").decode(stdout);
}

/** Looks for values, in lower case, in everything that there is. */
export async function assertNoTrace(peer: ImportPeer, values: readonly string[]): Promise<void> {
  for await (const text of traces(peer, peer.address)) {
    const lower = text.toLowerCase();
    for (const value of values) {
      for (const form of [value, encodeURIComponent(value), btoa(value).replaceAll("=", ""), [...value].join("\0")]) {
        assert(!lower.includes(form.toLowerCase()), `"${form}" is still there: ${text.slice(0, 200)}`);
      }
    }
  }
}
