/**
 * Tells binary PGP messages by their first bytes.
 *
 * @module
 */

/** The whole of a marker packet (RFC 9580, section 5.8), which may stand before a message. */
const MARKER = Uint8Array.of(0xca, 0x03, 0x50, 0x47, 0x50);

/**
 * Whether bytes start with a marker, or a session key packet (tag 1 or 3, RFC 9580, section 4.2), whose version stands
 * behind its length and is small. No UTF-8 text starts with a byte from 0x80 to 0xc1, and one that starts with 0xc3 has
 * no control character so soon.
 */
export function isBinaryPgp(head: Uint8Array): boolean {
  if (MARKER.every((byte, at) => head[at] === byte)) return true;
  const version = head[versionAt(head)] ?? 0;
  return version >= 3 && version <= 6;
}

/** Where the body of the packet begins; beyond the bytes for what is no session key's. */
function versionAt([tag = 0, second = 0]: Uint8Array): number {
  switch (tag) {
    case 0x84:
    case 0x8c:
      return 2;
    case 0x85:
    case 0x8d:
      return 3;
    // A length of one byte, of two, or of four behind 0xff (section 4.2.1).
    case 0xc1:
    case 0xc3:
      return second < 0xc0 ? 2 : second < 0xe0 ? 3 : second === 0xff ? 6 : Infinity;
  }
  return Infinity;
}
