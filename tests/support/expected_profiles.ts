/**
 * Profiles as they should be, folded from what an independent CSV reader sees: plain, and for files that fit in memory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import { archiveLines, openForReading } from "./content.ts";

/** A row as csv-parse sees it: cells by column. */
export type Cells = Readonly<Record<string, string>>;

/** An archive line. */
interface EventLine {
  readonly at: number;
  readonly data: Readonly<Record<string, string>>;
}

/** Reads a CSV file's rows with csv-parse, one after another. */
export async function* independentRows(path: string): AsyncGenerator<Cells> {
  const parser = createReadStream(path).pipe(parse({ bom: true, columns: true, skip_empty_lines: true }));
  for await (const row of parser) yield row;
}

/** What {@linkcode compareEvents} compared. */
export interface Compared {
  /** A row of the file, its event's time, and its event's position in the archive. */
  (row: Cells, at: number, position: number): void;
}

/** Fails unless a stream's events are a file's rows, cell by cell and in order; gives how many. */
export async function compareEvents(
  home: string,
  stream: string,
  path: string,
  first: number,
  each: Compared,
): Promise<number> {
  const rows = independentRows(path);
  let count = 0;
  for await (const lines of archiveLines(home, "stream", streamId(home, stream))) {
    for (const line of lines) {
      const { at, data }: EventLine = JSON.parse(line);
      const { value: row, done } = await rows.next();
      assert.ok(!done, `Stream "${stream}" holds more than the file: ${line}`);
      // An empty cell may be left out of its event.
      let cells = 0;
      for (const name in row) {
        if ((data[name] ?? "") !== row[name]) assert.deepEqual(data, row, `Row ${count + 1} of "${path}"`);
        if (name in data) cells++;
      }
      assert.equal(Object.keys(data).length, cells);
      each(row, at, first + count++);
    }
  }
  assert.ok((await rows.next()).done, `Rows of "${path}" are missing in stream "${stream}"`);
  return count;
}

function streamId(home: string, stream: string): string {
  using database = openForReading(home);
  return String(database.prepare("select id from streams where name = ?").get(stream)?.id);
}

/** A profile as it should be: the position of its first event, and every field's latest value that is not empty. */
interface Expected {
  readonly id: number;
  readonly identities: Set<string>;
  readonly fields: Map<string, Cell>;
}

/** A field's value, and the event that it comes from. */
interface Cell {
  readonly value: string;
  readonly at: number;
  readonly position: number;
}

/** Folds rows: those that share a value of a field that identifies are one profile. */
export class ExpectedProfiles {
  readonly #profiles = new Map<string, Expected>();

  /** How many there are. */
  get count(): number {
    return new Set(this.#profiles.values()).size;
  }

  /** Folds a row in; `identifyBy` are the fields that identify when it comes. */
  add(row: Cells, identifyBy: readonly string[], at: number, position: number): void {
    const identities = identifyBy.map((field) => [field, row[field]?.trim() ?? ""] as const)
      .filter(([, value]) => value !== "").map((identity) => JSON.stringify(identity));
    if (identities.length === 0) return;
    const known = identities.map((identity) => this.#profiles.get(identity)).filter((profile) => profile !== undefined);
    const [profile = { id: position, identities: new Set(), fields: new Map() }, ...others] = [...new Set(known)].sort(
      (a, b) => a.id - b.id,
    );
    for (const other of others) {
      for (const identity of other.identities) identities.push(identity);
      for (const [name, cell] of other.fields) keepLatest(profile, name, cell);
    }
    for (const identity of identities) {
      profile.identities.add(identity);
      this.#profiles.set(identity, profile);
    }
    for (const [name, value] of Object.entries(row)) {
      if (value !== "") keepLatest(profile, name, { value, at, position });
    }
  }

  /** Fails unless the profiles of a data directory are these. */
  assertIn(home: string): void {
    using database = openForReading(home);
    const rows = database.prepare("select id, attributes from profiles order by id").iterate();
    for (const { id, fields } of [...new Set(this.#profiles.values())].sort((a, b) => a.id - b.id)) {
      const { value: row } = rows.next();
      assert.equal(row?.id, id);
      const expected = Object.fromEntries([...fields].map(([name, { value }]) => [name, value]));
      assert.deepEqual(JSON.parse(String(row?.attributes)), expected);
    }
    assert.ok(rows.next().done, "There are more profiles than the rows make");
  }
}

function keepLatest({ fields }: Expected, name: string, cell: Cell): void {
  const present = fields.get(name);
  const later = present === undefined || cell.at > present.at ||
    (cell.at === present.at && cell.position > present.position);
  if (later) fields.set(name, cell);
}
