/**
 * How much may come out of a PGP message.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** Keeps a small file from filling the disk. */
export interface PgpLimits {
  /** Most bytes of plaintext; 1 TiB unless told. */
  readonly maxBytes?: number;
  /** Most decompressed bytes for each byte of the message, once there are 16 MiB of them; 250 unless told. */
  readonly maxRatio?: number;
}

const MAX_BYTES = 2 ** 40;
const MAX_RATIO = 250;

/** Decompressed bytes up to which the ratio is not looked at: a few megabytes harm nobody. */
const RATIO_FROM = 16 * 1024 * 1024;

/** Counts what goes in and what comes out. */
export class Meter {
  readonly #limits: PgpLimits;
  #read = 0;
  #decompressed = 0;
  #made = 0;

  constructor(limits: PgpLimits = {}) {
    this.#limits = limits;
  }

  /** Counts the bytes of the message as they pass. */
  async *reading(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of source) {
      this.#read += bytes.length;
      yield bytes;
    }
  }

  /** Counts bytes of the file. Throws a `Failure` of kind `data`, code `too_large`, where they are too many. */
  made(bytes: number): void {
    const { maxBytes = MAX_BYTES } = this.#limits;
    this.#made += bytes;
    if (this.#made > maxBytes) {
      throw new Failure("data", `The PGP message holds over ${maxBytes} bytes, the most that is taken`, {
        code: "too_large",
        hint: "Have the sender split the file",
      });
    }
  }

  /** Counts bytes that were decompressed. Throws a `Failure` of kind `data`, code `too_large`, where they are too many. */
  decompressed(bytes: number): void {
    const { maxRatio = MAX_RATIO } = this.#limits;
    this.#decompressed += bytes;
    if (this.#decompressed > RATIO_FROM && this.#decompressed > maxRatio * this.#read) {
      throw new Failure("data", `The PGP message grows by more than ${maxRatio} times: it is no ordinary file`, {
        code: "too_large",
        hint: "Have the sender encrypt the file without compression (gpg: --compress-algo none) if it is meant",
      });
    }
  }
}
