/**
 * What an import has emitted since the last commit.
 *
 * @module
 */
import type { Compared } from "../contracts/job.ts";
import type { JsonValue, RejectedRow } from "../contracts/records.ts";
import { gzipMember } from "../profiles/archive.ts";
import { forgetRows } from "../profiles/changes/change_rows.ts";
import type { EventLines } from "../profiles/event_lines.ts";
import { FieldStats } from "../profiles/field_stats.ts";
import type { IndexedBatch } from "../profiles/indexed_batch.ts";
import type { ProfileBatch } from "../profiles/profile_batch.ts";
import type { ImportBatch } from "./import_commit.ts";
import type { MarkedFile } from "./ledger.ts";
import type { PlacedRows } from "./placed_rows.ts";
import type { KeptSnapshot } from "./adopt_snapshot.ts";

/** A commit's size in bytes. Half as much memory as 16 MiB, and a tenth faster: the first commit begins earlier. */
const MAX_BYTES = 8 << 20;
/** A commit's size in rows, unless told. */
const MAX_ROWS = 100_000;
/** Longest time between the first row of a commit and the commit, in milliseconds, unless told. */
export const MAX_AGE = 2_000;

/** Rejected rows keep this much of their raw bytes. */
const RAW_BYTES = 65_536;

/** A rejected row as its archive line holds it. */
export interface RejectLine {
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
  /** Base64 of the raw bytes. */
  readonly raw: string;
}

/** First line of a block of rejects whose plugin gave a preamble. */
export interface PreambleLine {
  /** Base64 of what must stand before the raw rows. */
  readonly preamble: string;
}

const NONE: ReadonlySet<RejectedRow> = new Set();

/** What a position has passed beside rows. */
export interface PassedRows {
  readonly files?: readonly MarkedFile[];
  /** Rows that are as they were in the file before. */
  readonly unchanged?: number;
  /** What a diff found in a file. */
  readonly compared?: Compared;
  readonly snapshot?: KeptSnapshot | undefined;
}

/** Collects rows and rejects until they are worth a commit. */
export class ImportBuffer {
  /** Rows of people who are being erased. */
  refused = 0;
  /** Rejected rows that hold an erased identity: counted, and not kept. */
  withheld = 0;
  #fields = new FieldStats();
  #rejects: string[] = [];
  #preamble: Uint8Array | undefined;
  #bytes = 0;
  /** Rejected rows since the last `add`, and their bytes: no position covers them yet. */
  #uncovered = { rows: 0, bytes: 0 };
  #since = 0;
  #checkpoint: JsonValue | undefined;
  /** Rows that are as they were in the file before. */
  unchanged = 0;
  #compared: Compared = { added: 0, changed: 0, removed: 0 };
  #files: MarkedFile[] = [];
  #snapshot: KeptSnapshot | undefined;

  /**
   * `lines` collects the archive's lines, in the memory of the buffer before; `profiles` what the events write to
   * profiles, for each table that they go into; `places`, where the rows are changes of profiles, where they stand;
   * `mostRows` is a commit's size in rows; `mostAge` how many milliseconds the first of them waits for it.
   */
  constructor(
    private readonly startedAt: number,
    private readonly lines: EventLines,
    readonly profiles: readonly ProfileBatch[],
    private readonly places?: PlacedRows,
    private readonly mostRows: number = MAX_ROWS,
    private readonly mostAge: number = MAX_AGE,
  ) {
    lines.clear();
    places?.clear();
  }

  /** Events collected. */
  get events(): number {
    return this.lines.count;
  }

  /** Rejected rows collected. */
  get rejected(): number {
    return this.#rejects.length + this.withheld;
  }

  /** Whether there is nothing to commit. */
  get empty(): boolean {
    return this.events === 0 && this.rejected === 0 && this.#checkpoint === undefined;
  }

  /** Whether it should be committed before more is added. */
  get full(): boolean {
    return this.#bytes >= MAX_BYTES || this.events + this.rejected >= this.mostRows ||
      (!this.empty && performance.now() - this.#since >= this.mostAge);
  }

  /** Whether a position covers everything in it. */
  get covered(): boolean {
    return this.#checkpoint !== undefined && this.#uncovered.rows === 0;
  }

  /**
   * Whether there are more rejected rows than can wait for a position. Committed without one, they are given again
   * when the run goes on after a crash, and count twice.
   */
  get overflowing(): boolean {
    return this.#uncovered.bytes >= MAX_BYTES || this.#uncovered.rows >= MAX_ROWS;
  }

  /** Adds rows, the position reached after them, and what it has passed. */
  add(batch: IndexedBatch, checkpoint: JsonValue, passed: PassedRows = {}): void {
    const { files = [], unchanged = 0, compared, snapshot } = passed;
    this.#age();
    this.lines.add(batch, this.startedAt);
    if (this.places === undefined) this.#fields.add(batch);
    else {
      this.#fields.addChanges(batch);
      this.places.add(batch.places, batch.times.length);
    }
    for (const profiles of this.profiles) profiles.add(batch, this.startedAt);
    forgetRows(batch);
    this.#bytes += batch.bytes.length;
    this.#uncovered = { rows: 0, bytes: 0 };
    this.#checkpoint = checkpoint;
    this.#files.push(...files);
    this.unchanged += unchanged;
    this.#compared = sumOf(this.#compared, compared);
    this.#snapshot = snapshot ?? this.#snapshot;
  }

  /** Adds rejected rows; `about` are of people who are erased. */
  reject(rows: readonly RejectedRow[], preamble?: Uint8Array, about: ReadonlySet<RejectedRow> = NONE): void {
    this.#age();
    this.#preamble ??= preamble;
    for (const row of rows) {
      if (about.has(row)) {
        this.withheld++;
        continue;
      }
      const { line, offset, reason, raw } = row;
      const kept = raw.subarray(0, RAW_BYTES);
      this.#rejects.push(JSON.stringify({ line, offset, reason, raw: kept.toBase64() } satisfies RejectLine));
      this.#bytes += kept.length;
      this.#uncovered.bytes += kept.length;
    }
    this.#uncovered.rows += rows.length;
  }

  /** What is to be committed; the buffer is not used afterwards. */
  take(): Pick<
    ImportBatch,
    | "events"
    | "lines"
    | "places"
    | "rejects"
    | "withheld"
    | "fields"
    | "profiles"
    | "checkpoint"
    | "compared"
    | "files"
    | "snapshot"
  > {
    return {
      events: this.events,
      lines: this.events === 0 ? undefined : this.lines.bytes,
      places: this.profiles.some(({ hasChanging }) => hasChanging) ? this.places?.places : undefined,
      withheld: this.withheld,
      rejects: this.#rejects.length === 0
        ? undefined
        : gzipMember(new TextEncoder().encode([...this.#preambleLine(), ...this.#rejects, ""].join("\n"))),
      fields: this.#fields.fields,
      profiles: this.profiles,
      checkpoint: this.#checkpoint,
      compared: this.#compared,
      files: this.#files,
      snapshot: this.#snapshot,
    };
  }

  #preambleLine(): string[] {
    if (this.#preamble === undefined) return [];
    return [JSON.stringify({ preamble: this.#preamble.toBase64() } satisfies PreambleLine)];
  }

  #age(): void {
    if (this.empty) this.#since = performance.now();
  }
}

function sumOf(one: Compared, other: Compared | undefined): Compared {
  if (other === undefined) return one;
  return {
    added: one.added + other.added,
    changed: one.changed + other.changed,
    removed: one.removed + other.removed,
  };
}
