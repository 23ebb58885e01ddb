/**
 * Reads the fields of a packet one by one.
 *
 * @module
 */

/** A packet that is not what its type says: the only error that reading one throws. */
export class MalformedPacket extends Error {
  /** The name of the class, as stacks and logs show it. */
  override readonly name = "MalformedPacket";
}

// A byte order mark is part of a name like any other character.
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Goes through a packet from its start; throws {@linkcode MalformedPacket} where it ends too early. */
export class PacketReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** `bytes` are not copied. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes that have not been read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next byte. */
  byte(): number {
    return this.#bytes[this.#take(1)] ?? 0;
  }

  /** The next `uint32`. */
  uint32(): number {
    return uint32At(this.#bytes, this.#take(4));
  }

  /** The next `uint64`, as the nearest number: beyond 2^53 it only tells that it is large. */
  uint64(): number {
    const at = this.#take(8);
    return uint32At(this.#bytes, at) * 0x1_0000_0000 + uint32At(this.#bytes, at + 4);
  }

  /** The next `string` as bytes: a view, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The next `string` as text; undefined where it is not UTF-8. */
  text(): string | undefined {
    try {
      return UTF8.decode(this.bytes());
    } catch (error) {
      if (error instanceof MalformedPacket) throw error;
      return undefined;
    }
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.left) {
      throw new MalformedPacket(`The packet ends ${length - this.left} bytes too early`);
    }
    this.#at = at + length;
    return at;
  }
}

/** The `uint32` at `at`; bytes past the end count as 0. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>> 0;
}
