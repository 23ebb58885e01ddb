/**
 * Knows how far the reading of a file is, through all that it is wrapped in.
 *
 * @module
 */

/** A part of the file's own bytes: from one share of the whole, from 0 to 1, to another. */
export class Meter {
  /** How much of the part is read, from 0 to 1. */
  done = 0;

  /** The part from `from` to `to`; the whole unless told. */
  constructor(private readonly from = 0, private readonly to = 1) {}

  /** How much of the whole is read, as if all before this part was. */
  get share(): number {
    return this.from + (this.to - this.from) * this.done;
  }

  /** A part of this part. */
  part(from: number, to: number): Meter {
    const length = this.to - this.from;
    return new Meter(this.from + length * from, this.from + length * to);
  }
}
