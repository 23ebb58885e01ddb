/**
 * Tells binary PGP messages by their first bytes.
 *
 * @module
 */

/**
 * Whether bytes start with a session key packet (tag 1 or 3, RFC 9580 §4.2), whose third or later byte, its version, is
 * small. No UTF-8 text starts with a byte from 0x80 to 0xc1; those from 0xc2 on are followed by one from 0x80 on, which
 * is no such length.
 */
export function isBinaryPgp([tag = 0, second = 0, third = 0, fourth = 0]: Uint8Array): boolean {
  const old = (tag === 0x84 || tag === 0x85 || tag === 0x8c || tag === 0x8d) &&
    (tag & 1 ? fourth : third) >= 3 && (tag & 1 ? fourth : third) <= 6;
  const current = (tag === 0xc1 || tag === 0xc3) && second < 0xc0 && third >= 3 && third <= 6;
  return old || current;
}
