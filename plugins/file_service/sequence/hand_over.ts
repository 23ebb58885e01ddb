/**
 * Hands over what a file has other than the file before it.
 *
 * What the first reading could keep is handed over as it is; else the file is read once more, from the first row to the
 * last that counts.
 *
 * @module
 */
import type { Difference, ImportContext, Log, Progress, RecordBatch } from "@waybill/waybill";
import { linesOf, markRows, recordBatch, selectRows } from "@waybill/waybill/codecs";
import type { KeptStretch } from "./kept_rejects.ts";

/** How a file is compared. */
export interface DiffedFile<Context, Position> {
  /** For messages. */
  readonly path: string;
  /** Fields that tell which row it is; none: the whole row does. */
  readonly keys: readonly string[];
  /** Where rows that are gone are told: the field that marks them, and those that they are told with. */
  readonly removed?: { readonly marker: string; readonly told: readonly string[] };
  /** How far an earlier attempt came; `removed` are the rows that are gone and were passed. */
  readonly passed: { readonly rows: number; readonly rejected: number; readonly removed: number };
  /** Reads it, from its start or from where an earlier attempt stopped in it. */
  read(context: Context & Pick<ImportContext<unknown, unknown, Position>, "checkpoint">): Promise<void>;
  /** Takes rows that are gone, with how many of those were passed by then, and the position at the file's end. */
  emitRemoved(batch: RecordBatch, removed: number, position: Position | undefined): Promise<void>;
}

/** Thrown into the reader once nothing is left to hand over. */
class AllPassed extends Error {}

/** Where a stretch of rows begins: rows and rejected ones before it, and its position; undefined at the file's start. */
export interface Stretch<Position> {
  readonly rows: number;
  readonly rejected: number;
  readonly from: Position | undefined;
  /** What was told of the reading by then. */
  readonly told?: Progress | undefined;
}

/** What the first reading found. */
export interface Look<Position> {
  readonly difference: Difference;
  /** All that is to be handed over; undefined where the file has to be read for it once more. */
  readonly kept: readonly KeptStretch[] | undefined;
  readonly stretches: readonly Stretch<Position>[];
  /** The stretch with the first row that is to be handed over or told of; undefined where there is none. */
  readonly begin: Stretch<Position> | undefined;
  /** The end of the file. */
  readonly end: Stretch<Position>;
}

const NO_ROWS = linesOf([]);

/** Hands over the rows that are added or changed, and those that could not be read, and counts the others. */
export async function handOver<Config, Connection, Position>(
  context: ImportContext<Config, Connection, Position>,
  file: DiffedFile<ImportContext<Config, Connection, Position>, Position>,
  look: Look<Position>,
): Promise<void> {
  const { end, kept } = look;
  const rows = await (kept === undefined ? readAgain(context, file, look) : handOverKept(context, file, look, kept));
  if (end.told !== undefined) context.progress(end.told);
  if (end.from !== undefined && rows < end.rows) {
    await context.emit([], end.from, [], { unchanged: end.rows - rows });
  }
}

/** Hands over what the first reading kept; gives the rows that were passed. */
async function handOverKept<Config, Connection, Position>(
  context: ImportContext<Config, Connection, Position>,
  { passed, removed }: DiffedFile<ImportContext<Config, Connection, Position>, Position>,
  { stretches }: Look<Position>,
  kept: readonly KeptStretch[],
): Promise<number> {
  let { rows } = passed;
  // An earlier attempt may have read the file in other stretches: it passed so many rows and rejects of this one's.
  let known = passed.rejected;
  for (const { stretch, isFlushed, rejects, rows: found } of kept) {
    if (isFlushed) await context.flush();
    const left = rejects.map(({ rows, preamble }) => {
      const skipped = Math.min(known, rows.length);
      known -= skipped;
      return { rows: rows.slice(skipped), preamble };
    }).filter(({ rows }) => rows.length > 0);
    const first = rows;
    const batch = found === undefined ? NO_ROWS : selectRows(found.batch, (row) => found.numbers[row]! >= first);
    if (left.length === 0 && batch.times.length === 0) continue;
    const { from, told, rows: last } = stretches[stretch + 1] ?? {};
    if (told !== undefined) context.progress(told);
    for (const { rows, preamble } of left) await context.reject(rows, preamble);
    if (from === undefined || last === undefined) continue;
    rows = Math.max(rows, last);
    const chosen = removed === undefined ? batch : markRows(batch, removed.marker, false);
    await context.emit(chosen, from, [], { unchanged: rows - first - batch.times.length });
  }
  return rows;
}

/** Reads the file from its first row that matters to its last; gives the rows that were passed. */
async function readAgain<Config, Connection, Position>(
  context: ImportContext<Config, Connection, Position>,
  { passed, removed, read }: DiffedFile<ImportContext<Config, Connection, Position>, Position>,
  { difference, begin, end }: Look<Position>,
): Promise<number> {
  let { rows, rejected } = passed;
  let { checkpoint } = context;
  const isDone = () => rows > (difference.lastDifferent ?? -1) && rejected >= end.rejected;
  if (begin?.from !== undefined && begin.rows > rows) {
    await context.emit([], begin.from, [], { unchanged: begin.rows - rows });
    ({ rows, from: checkpoint } = begin);
  }
  if (begin !== undefined && !isDone()) {
    const reading = read({
      ...context,
      checkpoint,
      log: silent(context.log),
      emit: async (given, position, files) => {
        const batch = recordBatch(given);
        const start = rows;
        const different = selectRows(batch, (row) => difference.isDifferent(start + row));
        const chosen = removed === undefined ? different : markRows(different, removed.marker, false);
        rows += batch.times.length;
        await context.emit(chosen, position, files, { unchanged: batch.times.length - chosen.times.length });
        if (isDone()) throw new AllPassed();
      },
      reject: async (given, preamble) => {
        rejected += given.length;
        await context.reject(given, preamble);
      },
    });
    await reading.catch((error) => {
      if (!(error instanceof AllPassed)) throw error;
    });
  }
  return rows;
}

/** What there is to say of the file was said when it was compared. */
function silent(log: Log): Log {
  return { ...log, info: () => {}, warn: () => {} };
}
