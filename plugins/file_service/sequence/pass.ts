/**
 * One pass of an import of files: each new file once, in order, each in a transaction with its mark in the ledger.
 *
 * @module
 */
import {
  Failure,
  type FileConnection,
  type FileEntry,
  type FileFacts,
  type ImportContext,
  type ImportedFile,
  isRecordBatch,
  type Passed,
  throwIfAborted,
} from "@waybill/waybill";
import { finishFile } from "./after_import.ts";
import type { PassCheckpoint } from "./checkpoint.ts";
import { type Clocks, OWN_CLOCKS } from "./clocks.ts";
import { hashingStore, hashOf } from "./content_hash.ts";
import { type Found, importDifferent } from "./diff.ts";
import { diffKeys, type DiffOptions, toldFields } from "./diff_fields.ts";
import { checkOptions, pathIn, placeOf, type SequenceOptions } from "./fields.ts";
import { sequenceOf, type SequenceRule } from "./rule.ts";
import { scan, type SequenceFile } from "./scan.ts";
import { SettleWatch } from "./settle.ts";

/** Imports one file, from its start or from where an earlier run stopped in it. */
export type ImportOne<Config, Connection, Position> = (
  context: ImportContext<Config & { readonly file: string }, Connection, Position>,
) => Promise<void>;

/** How a pass goes, where its own way is not wanted. */
export interface PassOptions {
  readonly clocks?: Clocks;
  /** Files kept in memory at a time. */
  readonly batch?: number;
}

/** Files kept in memory at a time: a folder may hold any number. */
const BATCH = 10_000;

/** So many settle times a pass waits for one file that goes on changing. */
const PATIENCE = 10;

/**
 * Imports the files that the job means: the chosen one, or those of its dated sequence that are new or have changed, in
 * the order of their timestamps. `importOne` reads one of them.
 */
export async function importFiles<
  Config extends SequenceOptions & DiffOptions,
  Connection extends FileConnection,
  Position,
>(
  context: ImportContext<Config, Connection, PassCheckpoint<Position>>,
  importOne: ImportOne<Config, Connection, Position>,
  options: PassOptions = {},
): Promise<void> {
  checkOptions(context.config);
  await new Pass(context, importOne, options).run();
}

/** A file that is to be imported. */
interface Turn {
  readonly entry: FileEntry;
  /** Its key in a sequence. */
  readonly timestamp?: number | undefined;
}

/** What of a file was handed over already, and where that ended. */
interface Begun<Position> {
  readonly rows: number;
  readonly rejected: number;
  readonly removed?: number | undefined;
  readonly position?: Position | undefined;
}

class Pass<Config extends SequenceOptions & DiffOptions, Connection extends FileConnection, Position> {
  readonly #watch: SettleWatch;
  readonly #clocks: Clocks;
  readonly #batch: number;
  /** Whether a file that was listed was gone before it could be read. */
  #missed = false;
  /** Where the run stands between files. */
  #state: Omit<PassCheckpoint<Position>, "current">;

  constructor(
    private readonly context: ImportContext<Config, Connection, PassCheckpoint<Position>>,
    private readonly importOne: ImportOne<Config, Connection, Position>,
    { clocks = OWN_CLOCKS, batch = BATCH }: PassOptions,
  ) {
    this.#clocks = clocks;
    this.#batch = batch;
    this.#watch = new SettleWatch(this.#settleTime, clocks);
    const { after, finish, files = 0, bytes = 0, done = false } = context.checkpoint ?? {};
    this.#state = { after, finish, files, bytes, done };
  }

  async run(): Promise<void> {
    const { checkpoint, config, continuous } = this.context;
    const rule = await sequenceOf(config, continuous);
    if (this.#state.finish !== undefined) await this.#finish(this.#state.finish);
    if (checkpoint?.current !== undefined) await this.#goOn(checkpoint.current);
    if (rule === undefined) await this.#single(checkpoint?.current !== undefined || this.#state.done);
    else await this.#sequence(rule);
  }

  /** A file that is no sequence: imported whenever somebody asks; a continuous import asks whether it is new. */
  async #single(done: boolean): Promise<void> {
    const { config, connection, continuous, log, signal, files: ledger } = this.context;
    if (done) return;
    const { folder, name } = placeOf(config);
    const path = pathIn(folder, name);
    const entry = await this.#stat(path, true);
    if (entry === undefined) {
      if (continuous && config.after_import !== "keep") {
        return log.info(`File "${path}" is not there: nothing to import`);
      }
      // Whoever reads files can say more of one that is not there.
      return await this.importOne({
        ...this.context,
        config: { ...config, file: config.file ?? "" },
        checkpoint: undefined,
        emit: notThere(path),
      });
    }
    if (!continuous) return await this.#import({ entry });
    await this.#watch.ask(connection.files);
    const settled = await this.#settle(entry);
    if (settled === undefined) return log.warn(goneNote(path));
    if (settled === "changing") return;
    const [known = { state: "new" }] = await ledger.look([settled]);
    if (known.state === "same") {
      await this.#finish(settled, known.imported);
      return log.info(`File "${path}" is imported already, and has not changed`);
    }
    if (known.state === "touched" && known.imported.hash === await hashOf(connection.files, settled, signal)) {
      return await this.#same({ entry: settled }, known.imported);
    }
    if (known.state !== "new") log.warn(changedNote(path));
    await this.#import({ entry: settled });
  }

  async #sequence(rule: SequenceRule): Promise<void> {
    const { config, connection, log, signal, files: ledger } = this.context;
    const newest = await ledger.newest();
    for (;;) {
      await this.#watch.ask(connection.files);
      const { files, more } = await scan(connection.files, rule, {
        ledger,
        after: this.#state.after,
        limit: this.#batch,
        imported: config.after_import !== "keep",
        signal,
        seen: (entry) => this.#watch.see(entry),
      });
      for (const [index, file] of files.entries()) {
        throwIfAborted(signal);
        if (await this.#turn(file, newest)) continue;
        const left = files.length - index - 1;
        if (left > 0) log.warn(`${left}${more ? " and more" : ""} later files wait for the next run, too`);
        return;
      }
      if (!more) break;
    }
    if (this.#missed) await this.#requireFolder(rule.folder);
    if (this.#state.files === 0) log.info(`No new file in "${rule.folder}"`);
  }

  /** One file of the sequence. False where it, and so those after it, have to wait. */
  async #turn({ entry: listed, known: before, ...file }: SequenceFile, newest: number | undefined): Promise<boolean> {
    const { connection, log, signal, files: ledger } = this.context;
    const { path } = listed;
    if (before.state === "same") {
      await this.#finish(listed, before.imported);
      return true;
    }
    const present = await this.#stat(path, true);
    const entry = present && await this.#settle(present);
    if (entry === undefined) {
      log.warn(goneNote(path));
      this.#missed = true;
      return true;
    }
    if (entry === "changing") return false;
    const turn = { entry, timestamp: file.timestamp };
    const known = entry.version === listed.version ? before : (await ledger.look([entry]))[0] ?? before;
    if (known.state === "same") return true;
    if (known.state === "touched" && known.imported.hash === await hashOf(connection.files, entry, signal)) {
      await this.#same(turn, known.imported);
      return true;
    }
    if (file.ambiguity !== undefined) log.warn(`The name of file "${path}" is ambiguous: ${file.ambiguity}`);
    if (known.state !== "new") log.warn(changedNote(path));
    else if (newest !== undefined && file.timestamp < newest) {
      const [own, last] = [isoTime(file.timestamp), isoTime(newest)];
      log.warn(`File "${path}" came late: its time is ${own}, and files up to ${last} were imported before it`);
    }
    await this.#import(turn);
    return true;
  }

  /** Milliseconds. */
  get #settleTime(): number {
    const { config, connection } = this.context;
    return connection.files.whole ? 0 : config.settle_seconds * 1_000;
  }

  /** Files may go, since others fetch them, too; where the whole folder went with them, nothing was imported of it. */
  async #requireFolder(folder: string): Promise<void> {
    const { connection: { files }, signal } = this.context;
    try {
      await files.list(folder, { limit: 1, signal });
    } catch (cause) {
      if (!(cause instanceof Failure) || cause.code !== "not_found") throw cause;
      throw new Failure("transient", `Folder "${folder}" was listed, and was gone before its files could be read`, {
        hint: "Check that the folder is there, and stays there",
        cause,
      });
    }
  }

  /** The file as it is once it has settled; undefined where it is gone. */
  async #settle(listed: FileEntry): Promise<FileEntry | "changing" | undefined> {
    const { log, signal } = this.context;
    const settle = this.#settleTime;
    const started = this.#clocks.elapsed();
    let entry: FileEntry | undefined = listed;
    for (let first = true;; first = false) {
      if (entry === undefined || this.#watch.settled(entry)) return entry;
      if (this.#clocks.elapsed() - started > PATIENCE * settle) {
        log.warn(`File "${listed.path}" is still being written: it waits for the next run`);
        return "changing";
      }
      if (first) log.info(`File "${listed.path}" may still be being written: waiting until it has settled`);
      await this.#clocks.sleep(Math.min(Math.max(settle / 20, 20), 5_000), signal);
      entry = await this.#stat(listed.path, true);
    }
  }

  /** Delivered again with the content that it had. */
  async #same({ entry, timestamp }: Turn, imported: ImportedFile): Promise<void> {
    const { log } = this.context;
    log.info(`File "${entry.path}" was delivered again, with the same content: it is skipped`);
    const { size, modified } = entry;
    await this.#pass({ entry, timestamp }, { ...imported, size, modified }, false);
  }

  async #goOn({ path, timestamp, ...begun }: NonNullable<PassCheckpoint<Position>["current"]>) {
    const entry = await this.#stat(path, true);
    if (entry === undefined) {
      throw new Failure("data", `File "${path}" was removed while it was imported: it is not imported whole`, {
        hint: "Have it delivered again, and start a new run; what this one imported stays",
      });
    }
    await this.#import({ entry, timestamp }, begun);
  }

  async #import({ entry, timestamp }: Turn, from?: Begun<Position>): Promise<void> {
    const { context } = this;
    const { config, connection, signal } = context;
    const late = config.diff && timestamp !== undefined && timestamp < (await context.files.newest() ?? -Infinity);
    let found: Found | undefined;
    const { files, hash } = hashingStore(connection.files, entry);
    let { rows, rejected } = from ?? { rows: 0, rejected: 0 };
    // A day without data has an empty file; alone, it is a mistake that its reader tells.
    const empty = timestamp !== undefined && entry.size === 0;
    if (empty) context.log.warn(`File "${entry.path}" is empty`);
    const reading: Parameters<typeof this.importOne>[0] = {
      ...context,
      // Its path is that in the store, and stands for itself.
      config: { ...context.config, ...this.#placed(entry) },
      connection: { ...connection, files },
      checkpoint: from?.position,
      progress: (told) => context.progress(this.#progress(told)),
      emit: async (batch, position, marked, passed) => {
        rows += (isRecordBatch(batch) ? batch.times.length : batch.length) + (passed?.unchanged ?? 0);
        const current = { path: entry.path, timestamp, rows, rejected, position };
        await context.emit(batch, { ...this.#state, current }, marked, passed);
      },
      reject: async (lines, preamble) => {
        rows += lines.length;
        rejected += lines.length;
        // Lines are counted in each file anew.
        const named = timestamp === undefined
          ? lines
          : lines.map((line) => ({ ...line, reason: `${line.reason} (in "${entry.name}")` }));
        await context.reject(named, preamble);
      },
    };
    if (config.diff) {
      const { removed_marker: marker } = config;
      found = await importDifferent(reading, {
        path: entry.path,
        keys: diffKeys(config),
        ...(marker === undefined ? {} : { removed: { marker, told: toldFields(config) } }),
        passed: { rows: rows - rejected, rejected, removed: from?.removed ?? 0 },
        read: async (context) => {
          if (!empty) await this.importOne(context);
        },
        emitRemoved: async (batch, removed, position) => {
          const current = { path: entry.path, timestamp, rows, rejected, removed, position };
          await context.emit(batch, { ...this.#state, current });
        },
      });
    } else if (!empty) await this.importOne(reading);
    throwIfAborted(signal);
    const { path, size, modified } = entry;
    const mark = { path, size, modified, hash: await hash(signal), rows, rejected };
    // The next file is held against the one before it, which a late one is not.
    const passed = found === undefined ? {} : late ? { compared: found.compared } : found;
    await this.#pass({ entry, timestamp }, timestamp === undefined ? mark : { ...mark, timestamp }, true, passed);
    // What is committed together has one preamble for its rejected rows: the header of their file.
    if (timestamp !== undefined && rejected > 0) await context.flush();
  }

  /** Hands over that a file is done, with its mark; then moves or deletes it, once that is durable. */
  async #pass({ entry, timestamp }: Turn, mark: ImportedFile, imported: boolean, passed: Passed = {}): Promise<void> {
    const { context } = this;
    const { path, size, modified, name } = entry;
    const { after_import } = context.config;
    const finish = after_import === "keep" || isUnread(mark) ? undefined : { path, size, modified };
    if (after_import !== "keep" && isUnread(mark)) {
      context.log.warn(`File "${path}" stays where it is: every one of its ${mark.rows} rows was rejected`);
    }
    this.#state = {
      ...this.#state,
      ...(timestamp === undefined ? { done: true } : { after: { name, timestamp } }),
      finish,
      ...(imported ? { files: this.#state.files + 1, bytes: this.#state.bytes + size } : {}),
    };
    await context.emit([], this.#state, [mark], passed);
    // The next file is compared with what is committed by then; what is moved or deleted has to be.
    if (finish !== undefined || passed.snapshot !== undefined) await context.flush();
    if (finish !== undefined) await this.#finish(finish);
  }

  /** Moves or deletes a file, unless nothing of it was imported. */
  async #finish(file: FileFacts, imported?: ImportedFile): Promise<void> {
    if (imported !== undefined && isUnread(imported)) return;
    const { config: options, connection: { files }, log, signal } = this.context;
    await finishFile({ files, options, log, signal }, file);
    this.#state = { ...this.#state, finish: undefined };
  }

  /** Folder and file that together give this path. */
  #placed({ path, name }: FileEntry): { readonly folder: string; readonly file: string } {
    const folder = path.slice(0, path.length - name.length);
    return { folder: folder === "/" ? folder : folder.replace(/\/$/, ""), file: name };
  }

  /** What one file tells, with the bytes of those before it. */
  #progress(told: Parameters<ImportContext<Config, Connection, Position>["progress"]>[0]): typeof told {
    const { bytes } = this.#state;
    if (told.unit !== "bytes") return told;
    return { ...told, done: bytes + told.done, ...(told.total === undefined ? {} : { total: bytes + told.total }) };
  }

  /** Undefined for a file that is not there, where that `may` be. */
  async #stat(path: string, may: boolean): Promise<FileEntry | undefined> {
    const { connection: { files }, signal } = this.context;
    try {
      return await files.stat(path, { signal });
    } catch (error) {
      if (may && error instanceof Failure && error.code === "not_found") return undefined;
      throw error;
    }
  }
}

/** Whether a file has rows, and none of them could be read: what is kept of them may not be all of it. */
function isUnread({ rows, rejected }: Pick<ImportedFile, "rows" | "rejected">): boolean {
  return rows > 0 && rejected === rows;
}

function notThere(path: string): () => Promise<never> {
  return () => Promise.reject(new Failure("data", `File "${path}" appeared while it was looked for`));
}

function goneNote(path: string): string {
  return `File "${path}" was listed, and was gone before it could be read`;
}

function changedNote(path: string): string {
  return `File "${path}" has changed since it was imported: it is imported again`;
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
