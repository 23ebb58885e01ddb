/**
 * Cuts what comes over a channel into packets (draft-ietf-secsh-filexfer-02, section 3).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { MalformedPacket, uint32At } from "./packet_reader.ts";
import { MAX_PACKET } from "./protocol.ts";

/** A type and an id: INIT has a version in the id's place. */
const MIN_PACKET = 5;

/** Collects packets from pieces. */
export class PacketSplitter {
  /** The length field as far as it came. */
  readonly #length = new Uint8Array(4);
  #lengthBytes = 0;
  #packet: Uint8Array | undefined;
  #filled = 0;

  /**
   * The packets that `chunk` ends, each from its type on; a view of it where it holds the whole packet. Throws
   * {@linkcode MalformedPacket} for a length that no packet has; nothing that comes after it can be read.
   */
  split(chunk: Uint8Array): Uint8Array[] {
    const packets: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#lengthBytes < 4) {
        this.#length[this.#lengthBytes++] = chunk[at++] ?? 0;
        continue;
      }
      const length = this.#wanted();
      if (this.#packet === undefined && chunk.length - at >= length) {
        packets.push(chunk.subarray(at, at + length));
        this.#lengthBytes = 0;
        at += length;
        continue;
      }
      this.#packet ??= Buffer.allocUnsafeSlow(length);
      const taken = Math.min(length - this.#filled, chunk.length - at);
      this.#packet.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < length) break;
      packets.push(this.#packet);
      this.#packet = undefined;
      this.#filled = 0;
      this.#lengthBytes = 0;
    }
    // A bad length is told of as soon as it is there: what it announces may never come.
    if (this.#lengthBytes === 4 && this.#packet === undefined) this.#wanted();
    return packets;
  }

  #wanted(): number {
    const length = uint32At(this.#length, 0);
    if (length < MIN_PACKET || length > MAX_PACKET) {
      throw new MalformedPacket(`A packet of ${length} bytes; ${MIN_PACKET} to ${MAX_PACKET} are taken`);
    }
    return length;
  }
}
