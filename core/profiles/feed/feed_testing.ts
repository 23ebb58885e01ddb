/**
 * A followed profile table and its feed: for the tests of what feeds note and tell.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Database } from "../../database/database.ts";
import type { TestDatabases } from "../../testing/each_database_testing.ts";
import { statementsFor } from "../batch_statements.ts";
import type { Target } from "../mapping.ts";
import type { ProfileStatements } from "../statements.ts";
import { insertProfiles, scope } from "../statements_testing.ts";
import { beginRefresh, type FeedWindow, finishRefresh, follow } from "./feed.ts";
import { openFeed } from "./note.ts";
import { readChangeRows } from "./read_changes.ts";
import { readProfileRows } from "./read_profiles.ts";
import type { FeedRows, FeedSource } from "./shown_profile.ts";

/** The table that the tests follow. */
export const target: Target = { scope, table: 1, generation: { mappings: [], identity: {} } };

/** A table whose profiles are written as batches write them. */
export class Peer {
  readonly statements: ProfileStatements;

  /** Over an open database. */
  constructor(readonly database: Database) {
    this.statements = statementsFor(database.kind);
  }

  /** Makes, changes and removes profiles in one batch: `null` merges one into another. */
  async batch(profiles: Readonly<Record<number, string | null>>): Promise<void> {
    const { database, statements } = this;
    await database.write(async (transaction) => {
      const rows = Object.entries(profiles).map(([id, attributes]) => ({
        id: Number(id),
        at: 0,
        attributes,
        stamp: null,
      }));
      const known = new Set(
        (await transaction.selectFrom("profiles").select("id").where("account_id", "=", 1).where("table_id", "=", 1)
          .execute()).map(({ id }) => id),
      );
      const feed = await openFeed(transaction, scope);
      const changed = rows.filter(({ id }) => known.has(id) && id < (feed?.position ?? 0));
      if (feed !== undefined) await statements.noteProfiles(transaction, scope, feed, changed);
      const stored = rows.flatMap(({ attributes, ...row }) => attributes === null ? [] : [{ ...row, attributes }]);
      await statements.mergeProfiles(
        transaction,
        scope,
        rows.flatMap(({ id, attributes }) => attributes === null ? [{ id, into: 1 }] : []),
      );
      await insertProfiles(statements, transaction, stored.filter(({ id }) => !known.has(id)));
      await statements.updateProfiles(transaction, scope, stored.filter(({ id }) => known.has(id)));
      const next = 1 + Math.max(0, ...known, ...rows.map(({ id }) => id));
      await transaction.updateTable("accounts").set({ next_position: next }).where("id", "=", 1).execute();
    });
  }

  /** Begins results. */
  begin(requested = true): Promise<FeedWindow> {
    return this.database.write(async (transaction) => (await beginRefresh(transaction, 1, 1, { requested }))!);
  }

  /** Makes results and publishes them. */
  async publish(requested = true, source: Partial<FeedSource> = {}): Promise<string[]> {
    const window = await this.begin(requested);
    const rows = await this.changes(window, source);
    await this.database.write((transaction) => finishRefresh(transaction, 1, 1, window.to));
    return rows;
  }

  /** The lines of changes. */
  changes(window: FeedWindow, source: Partial<FeedSource> = {}): Promise<string[]> {
    const { database } = this;
    return linesOf(readChangeRows(database.kysely, database.kind, { target, window, ...source }));
  }

  /** The lines of all profiles. */
  profiles(source: Partial<Parameters<typeof readProfileRows>[2]> = {}): Promise<string[]> {
    const { database } = this;
    return linesOf(readProfileRows(database.kysely, database.kind, { target, ...source }));
  }

  /** Closes the database. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}

async function linesOf(pages: AsyncIterable<FeedRows>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { bytes, rows } of pages) {
    const own = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
    assert.equal(own.pop(), "");
    assert.equal(own.length, rows);
    lines.push(...own);
  }
  return lines;
}

/** One that is followed, and empty. */
export async function followed(databases: TestDatabases): Promise<Peer> {
  const peer = new Peer(await databases.open());
  await peer.database.write((transaction) => follow(transaction, 1, 1));
  return peer;
}
