/**
 * How much a file may turn into when it is decoded, so that a small one cannot keep a machine busy for ever.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** What a file may decode to. */
export interface DecodeLimits {
  /** Layers within one another, such as PGP, zip and gzip. */
  readonly depth: number;
  /** Entries of a zip archive, folders included. */
  readonly entries: number;
  /** Bytes of a zip archive's directory. */
  readonly directoryBytes: number;
  /** Bytes that come out of all layers and members together. */
  readonly decodedBytes: number;
  /** How many times as much as the file has bytes may come out of all layers and members together. */
  readonly ratio: number;
  /** Bytes that may come out whatever the ratio is. */
  readonly freeBytes: number;
}

/** The limits that hold unless others are given. */
export const DECODE_LIMITS: DecodeLimits = {
  depth: 4,
  entries: 100_000,
  directoryBytes: 67_108_864,
  decodedBytes: 1_099_511_627_776,
  ratio: 250,
  freeBytes: 67_108_864,
};

/** Counts the bytes that come out of a file while it is decoded once. */
export class DecodeBudget {
  readonly #most: number;
  #spent = 0;

  /** For the file `name` of `size` bytes, compressed. */
  constructor(private readonly name: string, size: number, private readonly limits: DecodeLimits) {
    this.#most = Math.min(limits.decodedBytes, Math.max(limits.freeBytes, limits.ratio * size));
  }

  /** Counts bytes. Throws a `Failure` of kind `data` when they are too many. */
  spend(bytes: number): void {
    this.#spent += bytes;
    if (this.#spent > this.#most) throw this.#tooMuch();
  }

  /** How many more there may be. */
  get left(): number {
    return Math.max(0, this.#most - this.#spent);
  }

  /** Throws where bytes that are still to come would be too many. */
  foresee(bytes: number): void {
    if (this.#spent + bytes > this.#most) throw this.#tooMuch();
  }

  #tooMuch(): Failure {
    const { ratio, decodedBytes } = this.limits;
    const reason = this.#most === decodedBytes ? `${decodedBytes} bytes` : `${ratio} times its size`;
    return new Failure("data", `File "${this.name}" unpacks to more than ${reason}`, {
      hint: "Check where it comes from: a file like that is made to fill a disk. A real one can be sent unpacked",
    });
  }
}
