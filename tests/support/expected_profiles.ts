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
  readonly fields: Map<string, { value: string; at: number; position: number }>;
}

/** Folds rows: those with the same value in the same field are one profile. */
export class ExpectedProfiles {
  readonly #profiles = new Map<string, Expected>();

  /** How many there are. */
  get count(): number {
    return this.#profiles.size;
  }

  /** Folds a row in; `field` identifies. */
  add(row: Cells, field: string, at: number, position: number): void {
    const identity = row[field]?.trim() ?? "";
    if (identity === "") return;
    const key = JSON.stringify([field, identity]);
    let profile = this.#profiles.get(key);
    if (profile === undefined) this.#profiles.set(key, profile = { id: position, fields: new Map() });
    for (const [name, value] of Object.entries(row)) {
      if (value === "") continue;
      const present = profile.fields.get(name);
      const later = present === undefined || at > present.at || (at === present.at && position > present.position);
      if (later) profile.fields.set(name, { value, at, position });
    }
  }

  /** Fails unless the profiles of a data directory are these. */
  assertIn(home: string): void {
    using database = openForReading(home);
    const rows = database.prepare("select id, attributes from profiles order by id").iterate();
    for (const { id, fields } of [...this.#profiles.values()].sort((a, b) => a.id - b.id)) {
      const { value: row } = rows.next();
      assert.equal(row?.id, id);
      const expected = Object.fromEntries([...fields].map(([name, { value }]) => [name, value]));
      assert.deepEqual(JSON.parse(String(row?.attributes)), expected);
    }
    assert.ok(rows.next().done, "There are more profiles than the rows make");
  }
}
