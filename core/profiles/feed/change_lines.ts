/**
 * Rows of changes as lines of a file.
 *
 * @module
 */
import { viewOf } from "../byte_stretches.ts";
import { JsonBytes } from "../json_bytes.ts";
import type { ChangedMembers } from "./changed_members.ts";
import { NAMES_BYTES, putNames } from "./line_names.ts";
import { COMMA } from "./member_scan.ts";
import type { FeedRows } from "./shown_profile.ts";

const encoder = new TextEncoder();

/** Bytes of lines that are worth to be written. */
const FULL = 1 << 18;
/** Bytes that there is room for at first: those, and what a page of profiles often adds. */
const ROOM = 1.5 * FULL;

const ROW = pieceOf('{"profile":{'), DELETES = pieceOf('{"deletes":{"attributes":['), UPDATES = pieceOf(',"updates":{');
const PROFILE_AFTER_DELETES = pieceOf(']},"profile":{'), END = pieceOf("}}\n"), END_OF_DELETES = pieceOf("}\n");

/** Lines that are put together. */
export class ChangeLines {
  /** Lines since they were taken. */
  rows = 0;
  readonly #lines = new JsonBytes(new Uint8Array());
  readonly #table: DataView;

  /** Of profiles of the table. */
  constructor(table: number) {
    this.#table = pieceOf(`,"profiledb_id":${table}}`);
    this.#lines.begin(new Uint8Array(ROOM));
  }

  /** Whether there are as many as are worth to be written. */
  get isFull(): boolean {
    return this.#lines.length >= FULL;
  }

  /** The lines that were added since. */
  take(): FeedRows {
    const { rows } = this, { bytes, length } = this.#lines;
    this.rows = 0;
    this.#lines.begin(new Uint8Array(ROOM));
    return { bytes: bytes.subarray(0, length), rows };
  }

  /** Adds a line that is there as a text, with its line feed. */
  addText(line: string): void {
    const bytes = encoder.encode(line);
    this.#lines.copy(viewOf(bytes), 0, bytes.length);
    this.rows++;
  }

  /** Adds what was found of a profile, if that is anything. */
  addChanged(id: number, { updates, gone, customerFrom, customerTo, earlier, later }: ChangedMembers): void {
    if (updates.length === 0 && gone.length === 0) return;
    if (gone.length === 0) this.#put(ROW);
    else {
      this.#put(DELETES);
      this.#list(earlier, gone);
      this.#put(PROFILE_AFTER_DELETES);
    }
    this.#profile(id, later, customerFrom, customerTo);
    if (updates.length === 0) this.#put(END_OF_DELETES);
    else {
      this.#put(UPDATES);
      this.#list(later, updates);
      this.#put(END);
    }
    this.rows++;
  }

  /** Adds a profile that has come: all of its members, which stand there with their braces. */
  addMade(id: number, source: DataView, [from, to]: readonly [number, number], start: number, end: number): void {
    this.#put(ROW);
    this.#profile(id, source, from, to);
    this.#put(UPDATES);
    this.#lines.copy(source, start + 1, end - 1);
    this.#put(END);
    this.rows++;
  }

  #profile(id: number, source: DataView, from: number, to: number): void {
    this.#lines.reserve(NAMES_BYTES + to - from);
    putNames(this.#lines, id, source, from, to);
    this.#put(this.#table);
  }

  /** Writes stretches with a comma between two. */
  #list(source: DataView, stretches: readonly number[]): void {
    for (let index = 0; index < stretches.length; index += 2) {
      const from = stretches[index]!, to = stretches[index + 1]!;
      this.#lines.reserve(to - from + 1);
      if (index > 0) this.#lines.put(COMMA);
      this.#lines.putBytes(source, from, to);
    }
  }

  #put(piece: DataView): void {
    this.#lines.copy(piece, 0, piece.byteLength);
  }
}

function pieceOf(text: string): DataView {
  return viewOf(encoder.encode(text));
}
