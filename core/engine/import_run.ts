/**
 * The engine's side of an import: what `emit`, `reject` and `flush` do, and when a run has too many rejects.
 *
 * @module
 */
import { Failure, throwIfAborted } from "../contracts/failure.ts";
import type { ImportTarget, RunCounts } from "../contracts/job.ts";
import type { JsonValue, RecordBatch, RejectedRow, Row } from "../contracts/records.ts";
import type { ChangeCheck } from "../profiles/changes/check_changes.ts";
import { EventLines } from "../profiles/event_lines.ts";
import { type IndexedBatch, indexRows } from "../profiles/indexed_batch.ts";
import { type Erased, erasedInText, rejectedRow, rowsOfErased, withoutRows } from "../profiles/refusals.ts";
import { delimiterOf, type PeopleInText } from "../profiles/people_in_text.ts";
import type { PackedProfileBatch } from "../profiles/packed_batch.ts";
import type { ProfileBatch } from "../profiles/profile_batch.ts";
import type { Commits } from "./commits.ts";
import { ImportBuffer, MAX_AGE, type PassedRows } from "./import_buffer.ts";
import type { ImportBatch } from "./import_commit.ts";
import { MANY_EVENTS } from "./lazy_commits.ts";
import { PlacedRows } from "./placed_rows.ts";

/** A percentage means nothing before this many rows were read. */
const PERCENT_FROM = 1_000;

/** What an import's engine side needs. */
export interface ImportRunOptions {
  /** Id of the run, for messages. */
  readonly run: string;
  readonly commits: Commits<ImportBatch>;
  /** Time of events without one. */
  readonly startedAt: number;
  readonly threshold: ImportTarget["rejectThreshold"];
  /** Counts of the attempts before. */
  readonly counts: RunCounts;
  /** What the events of a commit write to profiles: empty, for each table that they go into, in memory that is spare. */
  readonly profiles: (spare: readonly PackedProfileBatch[] | undefined) => readonly ProfileBatch[];
  /** Where the rows are changes of profiles. */
  readonly changes?: {
    /** Tells which of them are well-formed. */
    readonly check: ChangeCheck;
    /** The run's counts as they are committed: rows that do not suit their profiles are found there. */
    readonly committed: () => Promise<RunCounts>;
  } | undefined;
  /** Whose events are refused. */
  readonly erased: readonly Erased[];
  readonly signal: AbortSignal;
  /** Bytes of the source that the plugin has told of; those told before an `emit` are its rows'. */
  readonly bytes: () => number;
  /** Milliseconds worked so far. */
  readonly duration: () => number;
  /** How many milliseconds rows wait for a commit at most: two seconds unless told. */
  readonly mostAge?: number;
}

/**
 * Collects, commits and counts. One call at a time: calls queue up behind each other. Rows wait two seconds for a
 * commit at most, also when the source falls silent. Disposing of it commits nothing and waits for what is under way.
 */
export class ImportRun implements AsyncDisposable {
  readonly #lines = new EventLines();
  readonly #places: PlacedRows | undefined;
  #buffer: ImportBuffer;
  #counts: RunCounts;
  #queue: Promise<unknown> = Promise.resolve();
  #firstReason: string | undefined;
  /** Whether files were passed: they are known from then on, and no later run reads them. */
  #knowsFiles = false;
  /** Whether there was a commit. The first one is as small as a thread is worth: that begins the sooner. */
  #committed = false;
  #unidentified = 0;
  /** Bytes of the source up to the last row emitted. */
  #bytes: number;
  readonly #erased: PeopleInText;
  #failed: { readonly error: unknown } | undefined;
  /** Commits the buffer when it has waited long enough; set while there is something in it. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ImportRunOptions) {
    this.#counts = options.counts;
    this.#erased = erasedInText(options.erased);
    this.#bytes = options.bytes();
    if (options.changes !== undefined) this.#places = new PlacedRows();
    this.#buffer = this.#newBuffer();
  }

  /** Events of this attempt that named nobody, in any table. */
  get unidentified(): number {
    return this.#unidentified;
  }

  /** `emit` of the contract. */
  emit(
    rows: RecordBatch | readonly Row[],
    checkpoint: JsonValue,
    passed: PassedRows = {},
  ): Promise<void> {
    return this.#next(async () => {
      const batch = this.#wellFormed(indexRows(rows));
      if (passed.files !== undefined && passed.files.length > 0) this.#knowsFiles = true;
      const erased = rowsOfErased(batch, this.options.erased);
      this.#buffer.add(erased === undefined ? batch : withoutRows(batch, erased), checkpoint, passed);
      this.#buffer.refused += erased?.reduce((sum, row) => sum + row, 0) ?? 0;
      this.#bytes = this.options.bytes();
      if (this.#buffer.full || this.#overRowThreshold) await this.#commit();
      else this.#commitLater();
    });
  }

  /** `reject` of the contract. They wait for the position after them, unless they are too many to wait. */
  reject(rows: readonly RejectedRow[], preamble?: Uint8Array): Promise<void> {
    return this.#next(async () => {
      this.#reject(rows, preamble);
      if (this.#buffer.overflowing) await this.#commit();
    });
  }

  #reject(rows: readonly RejectedRow[], preamble?: Uint8Array): void {
    const about = this.#aboutErased(rows, preamble);
    this.#firstReason ??= rows.find((row) => !about.has(row))?.reason;
    this.#buffer.reject(rows, preamble, about);
  }

  /** A batch of changes without the rows that are none, which are rejected. */
  #wellFormed(batch: IndexedBatch): IndexedBatch {
    const bad = this.options.changes?.check.badRows(batch) ?? [];
    if (bad.length === 0) return batch;
    const left = new Uint8Array(batch.times.length);
    for (const { row } of bad) left[row] = 1;
    this.#reject(bad.map(({ row, reason }) => rejectedRow(batch, row, reason)));
    return withoutRows(batch, left);
  }

  /** `flush` of the contract. */
  flush(): Promise<void> {
    return this.#next(async () => {
      if (!this.#buffer.empty) await this.#commit();
      await this.options.commits.drain();
    });
  }

  /** Commits the rest and looks at the rejects of the whole run. */
  async finish(): Promise<void> {
    await this.flush();
    this.#counts = await this.options.changes?.committed() ?? this.#counts;
    const { accepted, rejected, read } = this.#counts;
    if (rejected > 0 && rejected === read && accepted === 0) {
      throw new Failure(
        "data",
        `Every one of the ${rejected} rows was rejected: ${this.#firstReason ?? "see the rejects"}`,
        {
          hint:
            `Look at \`waybill run rejects ${this.options.run}\`, then at the file's delimiter, quotes and encoding` +
            (this.#knowsFiles ? "; the file counts as imported now: run the job once with `force: true` then" : ""),
        },
      );
    }
    this.#checkThreshold(0);
  }

  /** Whatever is called after this fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failed ??= { error: new Error("The import has ended") };
    await this.#queue;
    clearTimeout(this.#timer);
  }

  /** Those of the rows that hold an erased identity, as far as that can be told of what cannot be read. */
  #aboutErased(rows: readonly RejectedRow[], preamble: Uint8Array | undefined): ReadonlySet<RejectedRow> {
    if (this.#erased.isEmpty) return new Set();
    const delimiter = preamble === undefined ? undefined : delimiterOf(preamble);
    return new Set(
      rows.filter(({ reason, raw }) => this.#erased.areIn(reason) || this.#erased.areInBytes(raw, { delimiter })),
    );
  }

  /** Sees to it that a silent source does not keep the buffer from being committed. */
  #commitLater(): void {
    if (this.#timer !== undefined) return;
    const buffer = this.#buffer;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // What fails here fails the next call too. Rejects that no position covers yet wait for theirs.
      this.#next(async () => {
        if (this.#buffer === buffer && buffer.covered) await this.#commit();
      }).catch(() => {});
    }, this.options.mostAge ?? MAX_AGE);
    Deno.unrefTimer(this.#timer);
  }

  /** After a call that failed, every other fails with the same: later rows must not be committed without its own. */
  #next(work: () => Promise<void>): Promise<void> {
    const result = this.#queue.then(async () => {
      if (this.#failed !== undefined) throw this.#failed.error;
      throwIfAborted(this.options.signal);
      try {
        await work();
      } catch (error) {
        this.#failed = { error };
        throw error;
      }
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #commit(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const buffer = this.#buffer;
    const counts = this.#soFar();
    const batch = buffer.take();
    const unidentified = batch.profiles.length === 0 ? 0 : Math.min(...batch.profiles.map((own) => own.unidentified));
    await this.options.commits.commit({
      ...batch,
      counted: differenceOf(counts, this.#counts),
      bytes: this.#bytes,
      duration: this.options.duration(),
    });
    this.#counts = counts;
    this.#committed = true;
    this.#unidentified += unidentified;
    this.#buffer = this.#newBuffer();
    this.#checkThreshold(PERCENT_FROM);
  }

  #soFar(): RunCounts {
    const accepted = this.#counts.accepted + this.#buffer.events;
    const rejected = this.#counts.rejected + this.#buffer.rejected;
    const refused = this.#counts.refused + this.#buffer.refused;
    const unchanged = this.#counts.unchanged + this.#buffer.unchanged;
    return { read: accepted + rejected + unchanged + refused, accepted, rejected, unchanged, refused };
  }

  /** A number of rejected rows is passed at once; a percentage has to wait for enough rows. */
  get #overRowThreshold(): boolean {
    const { threshold } = this.options;
    return threshold !== undefined && "rows" in threshold && this.#soFar().rejected > threshold.rows;
  }

  #newBuffer(): ImportBuffer {
    const spare = this.options.commits.spare();
    this.#lines.clear(spare?.lines);
    return new ImportBuffer(
      this.options.startedAt,
      this.#lines,
      this.options.profiles(spare?.profiles),
      this.#places,
      this.#committed ? undefined : MANY_EVENTS,
      this.options.mostAge,
    );
  }

  #checkThreshold(from: number): void {
    const { threshold, run } = this.options;
    const { accepted, rejected, read } = this.#counts;
    if (threshold === undefined || ("percent" in threshold && read < from)) return;
    const most = "rows" in threshold ? threshold.rows : read * threshold.percent / 100;
    if (rejected <= most) return;
    const limit = "rows" in threshold ? `${threshold.rows} rows` : `${threshold.percent} %`;
    const said = `${rejected} of ${read} rows were rejected, more than the threshold of ${limit} allows`;
    const imported = accepted === 0
      ? "no row was imported"
      : accepted === 1
      ? "1 row is imported and stays"
      : `${accepted} rows are imported and stay`;
    throw new Failure("data", `${said}; ${imported}`, {
      hint: `Look at \`waybill run rejects ${run}\`; mend the file and run it anew, or go on where this run stopped ` +
        `with \`waybill run retry ${run} --reject-threshold NUMBER\` (or a percentage)`,
    });
  }
}

function differenceOf(after: RunCounts, before: RunCounts): RunCounts {
  return {
    read: after.read - before.read,
    accepted: after.accepted - before.accepted,
    rejected: after.rejected - before.rejected,
    unchanged: after.unchanged - before.unchanged,
    refused: after.refused - before.refused,
  };
}
