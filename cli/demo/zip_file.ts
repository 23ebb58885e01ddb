/**
 * Packs one small file as a zip archive (APPNOTE.TXT 6.3): the demo has no program at hand that does.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";

/** 1 January 1980, the first day that MS-DOS knows. */
const DATE = 0x21;

/** The archive's bytes. */
export function zipOf(name: string, content: Uint8Array): Uint8Array {
  const label = Buffer.from(name);
  const packed = deflateRawSync(content);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  // Names are UTF-8; deflated.
  common.writeUInt16LE(0x0800, 2);
  common.writeUInt16LE(8, 4);
  common.writeUInt16LE(DATE, 8);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(label.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, label, packed]);
  const entry = Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, Buffer.alloc(14), label]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(entry.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, entry, Buffer.from("PK\x05\x06"), end]);
}
