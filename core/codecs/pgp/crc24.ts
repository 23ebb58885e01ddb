/**
 * The checksum of ASCII armor (RFC 9580, section 6.1.1).
 *
 * @module
 */

const POLYNOMIAL = 0x864cfb;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x800000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL;
  return crc & 0xffffff;
});

/** The checksum before the first byte. */
export const CRC24_START = 0xb704ce;

/** The checksum after some more bytes. */
export function crc24(crc: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) crc = ((crc << 8) ^ TABLE[((crc >> 16) ^ bytes[at]!) & 0xff]!) & 0xffffff;
  return crc;
}
