/**
 * Imports of a file only what is other than in the file before it.
 *
 * All of the file is read, to compare its rows with the snapshot of the file before, before any of it is handed over. So
 * nothing of a file that is held, or that cannot be read to its end, is imported; and a run that is cut off compares again
 * and goes on where it stopped.
 *
 * @module
 */
import {
  type Compared,
  type Difference,
  Failure,
  type FileComparison,
  type ImportContext,
  type Progress,
  throwIfAborted,
} from "@waybill/waybill";
import { linesOf, markRows, recordBatch } from "@waybill/waybill/codecs";
import { type DiffedFile, handOver, type Look, type Stretch } from "./hand_over.ts";
import { KeptRejects } from "./kept_rejects.ts";

/** What is to be committed with the file's mark. */
export interface Found {
  readonly compared: Compared;
  /** Name of the file's snapshot. */
  readonly snapshot: string;
}

/** Rows that are gone and are handed over at a time. */
const REMOVED_ROWS = 5_000;

/**
 * Hands over the rows of a file that are added or changed, and counts the others; then those of the file before that are
 * gone, where they are told. All of it comes again in the same order when a run goes on.
 *
 * @throws {Failure} `data` where no row has a value in any of the keys, or the file has a field of the marker's name, and
 * what reading it throws.
 */
export async function importDifferent<Config, Connection, Position>(
  context: ImportContext<Config, Connection, Position>,
  file: DiffedFile<ImportContext<Config, Connection, Position>, Position>,
): Promise<Found> {
  const { keys, removed: { told = [], marker } = {} } = file;
  await using comparison = await context.snapshots.compare({ keys, told, marker, signal: context.signal });
  const look = await compare(context, file, comparison);
  await handOver(context, file, look);
  await tellRemoved(context, file, look);
  const { added, changed, removed } = look.difference;
  return { compared: { added, changed, removed }, snapshot: await comparison.keep() };
}

/** Reads all of the file, compares it, and holds the run where too much is gone. */
async function compare<Config, Connection, Position>(
  context: ImportContext<Config, Connection, Position>,
  { path, keys, removed: told, read }: DiffedFile<ImportContext<Config, Connection, Position>, Position>,
  comparison: FileComparison,
): Promise<Look<Position>> {
  const { log, progress } = context;
  const kept = new KeptRejects();
  const stretches: [Stretch<Position>, ...Stretch<Position>[]] = [{ rows: 0, rejected: 0, from: undefined }];
  let rows = 0, rejected = 0;
  let now: Progress | undefined;
  await read({
    ...context,
    checkpoint: undefined,
    progress: (told) => {
      now = told;
      progress({ ...told, done: 0, note: `${told.note ?? path}, compared with the file before` });
    },
    emit: async (given, from) => {
      const batch = recordBatch(given), { length } = batch.times;
      await comparison.add(batch);
      rows += length;
      stretches.push({ rows, rejected, from, told: now });
    },
    reject: async (given, preamble) => {
      rejected += given.length;
      kept.reject(stretches.length - 1, given, preamble);
    },
    flush: async () => kept.flush(stretches.length - 1),
  });
  const difference = await comparison.difference();
  const { added, changed, unchanged, removed, before } = difference;
  if (keys.length > 0 && rows > 0 && difference.keyed === 0) {
    throw new Failure("data", `No row of file "${path}" has a value in ${keys.map((key) => `"${key}"`).join(" or ")}`, {
      hint: "Give `diff_keys` the fields that tell which row it is",
    });
  }
  if (told !== undefined && difference.hasMarker) {
    throw new Failure(
      "data",
      `File "${path}" has a field "${told.marker}" itself, which is to mark rows that are gone`,
      {
        hint: "Give `removed_marker` another name, or import the other fields alone: `fields: NAMES`",
      },
    );
  }
  log.info(`File "${path}" is compared with the file before it`, { added, changed, unchanged, removed });
  if (before !== undefined) await holdShrunk(context, path, difference, before);
  if (told !== undefined && difference.tellsRemoved && removed > 0 && rejected > 0) {
    const rows = rejected === 1 ? "1 row" : `${rejected} rows`;
    log.warn(
      `${rows} of file "${path}" could not be read: people of the file before who stand there are marked as gone, ` +
        "until a file has them again",
    );
  }
  return {
    difference,
    kept: difference.different && kept.with(difference.different),
    stretches,
    begin: firstThatMatters(stretches, difference, rejected),
    end: stretches.at(-1)!,
  };
}

/** A file that lost most of its rows was probably cut: what it lacks is not to be taken for gone. */
async function holdShrunk(
  { hold }: { hold(reason: string): Promise<void> },
  path: string,
  { rows, removed }: Difference,
  before: number,
): Promise<void> {
  // Without keys a row that changed is one that is gone, too.
  const gone = Math.min(removed, before);
  if (rows >= before || gone <= before / 2) return;
  await hold(`File "${path}" lacks ${gone} of the ${before} rows of the file before it, more than half of them`);
}

function firstThatMatters<Position>(
  stretches: readonly [Stretch<Position>, ...Stretch<Position>[]],
  difference: Difference,
  rejected: number,
): Stretch<Position> | undefined {
  const first = difference.nextDifferent(0);
  const ofRow = first === undefined ? Infinity : stretches.findLastIndex(({ rows }) => rows <= first);
  const ofReject = rejected === 0 ? Infinity : stretches.findLastIndex((stretch) => stretch.rejected === 0);
  return stretches[Math.min(ofRow, ofReject)];
}

/** Hands over rows of the file before that are gone. */
async function tellRemoved<Config, Connection, Position>(
  { log, signal }: ImportContext<Config, Connection, Position>,
  { path, removed, passed, emitRemoved }: DiffedFile<ImportContext<Config, Connection, Position>, Position>,
  { difference, end }: Look<Position>,
): Promise<void> {
  if (removed === undefined || difference.removed === 0) return;
  if (!difference.tellsRemoved) {
    const rows = difference.removed === 1 ? "1 row is" : `${difference.removed} rows are`;
    return log.warn(`${rows} gone in file "${path}"; which, is not kept of the file before it: nothing is marked`);
  }
  let texts: Uint8Array[] = [], count = 0, untold = 0;
  const emit = async () => {
    if (texts.length > 0) await emitRemoved(markRows(linesOf(texts), removed.marker, true), count, end.from);
    texts = [];
  };
  for await (const text of difference.removedRows()) {
    count++;
    if (text.length === 0) untold++;
    else if (count > passed.removed) texts.push(text);
    if (texts.length < REMOVED_ROWS) continue;
    throwIfAborted(signal);
    await emit();
  }
  await emit();
  if (untold > 0) {
    const rows = untold === 1 ? "1 row is" : `${untold} rows are`;
    log.info(`${rows} gone in file "${path}" without a key, or of somebody who was erased: nothing is marked`);
  }
}
