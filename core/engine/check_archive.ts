/**
 * Looks at the archive files that a database counts on, without changing them.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Database } from "../database/database.ts";
import type { SegmentsTable } from "../database/tables.ts";
import type { Archive } from "../profiles/archive.ts";

/** How closely to look: at `sizes` alone, or by reading all the `content`, check sums included. */
export type ArchiveDepth = "sizes" | "content";

/** Segments fetched at a time. */
const PAGE = 1_000;
const LF = 10;

type Segment = Pick<SegmentsTable, "account_id" | "id" | "kind" | "path" | "length" | "events">;

/**
 * Yields a sentence, which names the file, for each that is gone, shorter than the database has recorded, or (by its
 * content) does not read or holds another number of events. Memory does not grow with the archive.
 */
export async function* archiveDamage(
  database: Database,
  archive: Archive,
  depth: ArchiveDepth,
): AsyncGenerator<string, void, undefined> {
  for await (const segment of segments(database)) {
    try {
      if (depth === "sizes") archive.verify(new Map([[segment.path, segment.length]]));
      else await readAll(archive, segment);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      yield error.message;
    }
  }
}

/** Reads a file to its recorded length. Failure `config` as `Archive.read` has it. */
async function readAll(archive: Archive, { kind, path, length, events }: Segment): Promise<void> {
  let lines = 0;
  for await (const block of archive.read(path, length)) {
    for (let at = block.indexOf(LF); at >= 0; at = block.indexOf(LF, at + 1)) lines++;
  }
  // A member that zeros took the place of ends the file without an error.
  if (kind !== "rejects" && lines !== events) {
    throw new Failure("config", `Archive file "${path}" is damaged: it holds ${lines} of ${events} events`);
  }
}

async function* segments(database: Database): AsyncGenerator<Segment, void, undefined> {
  let after = { account_id: 0, id: 0 };
  for (;;) {
    const rows: Segment[] = await database.kysely.selectFrom("segments")
      .select(["account_id", "id", "kind", "path", "length", "events"])
      .where((where) =>
        where.or([
          where("account_id", ">", after.account_id),
          where.and([where("account_id", "=", after.account_id), where("id", ">", after.id)]),
        ])
      )
      .orderBy("account_id").orderBy("id").limit(PAGE).execute();
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last;
  }
}
