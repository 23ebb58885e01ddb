/**
 * One record while it is read: where the value of each field lies.
 *
 * @module
 */

/** Bytes that grow. */
export class GrowingBytes {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4_096);
  length = 0;

  /** Makes room for so many more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length + more));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Adds a text in UTF-8. */
  write(text: string): void {
    this.reserve(3 * text.length);
    this.length += encoder.encodeInto(text, this.bytes.subarray(this.length)).written;
  }
}

const encoder = new TextEncoder();

/** Longest scratch that is kept for the next row. */
const KEPT = 1 << 20;

/** A record: its values, by the number of the field, in the line or where they were written anew. */
export class JsonRow {
  /** Where values begin and end. */
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /** Values that the line does not hold as they have to be written. */
  made = new GrowingBytes();
  /** Whether all that the batch wants stands in the line just as it wants it. */
  isWritten = true;
  /** The row that a field was last in, and the row in which its value was made. */
  #seen = new Float64Array(64);
  #madeIn = new Float64Array(64);
  #number = 0;

  /** Starts another row. */
  begin(): void {
    this.#number++;
    this.made.length = 0;
    if (this.made.bytes.length > KEPT) this.made = new GrowingBytes();
    this.isWritten = true;
  }

  /** Whether the row has the field. */
  has(field: number): boolean {
    return this.#seen[field] === this.#number;
  }

  /** Whether its value is in `made`, not in the line. */
  isMade(field: number): boolean {
    return this.#madeIn[field] === this.#number;
  }

  /** Notes where the value of a field lies in the line. */
  set(field: number, start: number, end: number): void {
    if (field >= this.starts.length) this.#grow(field);
    this.starts[field] = start;
    this.ends[field] = end;
    this.#seen[field] = this.#number;
  }

  /** Notes that what was added to `made` from `start` on is the value of a field. */
  setMade(field: number, start: number): void {
    this.set(field, start, this.made.length);
    this.#madeIn[field] = this.#number;
    this.isWritten = false;
  }

  #grow(field: number): void {
    const size = Math.max(2 * this.starts.length, field + 1);
    this.starts = grown(this.starts, new Int32Array(size));
    this.ends = grown(this.ends, new Int32Array(size));
    this.#seen = grown(this.#seen, new Float64Array(size));
    this.#madeIn = grown(this.#madeIn, new Float64Array(size));
  }
}

function grown<T extends Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
