/**
 * Finds the quote that made a record too long.
 *
 * @module
 */
import { CR, LF, QUOTE, startsWith } from "./csv_bytes.ts";

/**
 * How many line ends lie between `start`, where a record starts, and the quote that opens the cell in which `stop` lies;
 * `undefined` where `stop` lies in no quoted cell. Reads a quote as the scanner does: as the first byte of a cell alone.
 */
export function linesToOpenQuote(
  bytes: Uint8Array,
  start: number,
  stop: number,
  delimiter: Uint8Array,
): number | undefined {
  let lines = 0;
  let opened: number | undefined;
  let cellStart = true;
  for (let i = start; i < stop; i++) {
    const byte = bytes[i];
    if (opened !== undefined) {
      if (byte === LF ? bytes[i - 1] !== CR : byte === CR) lines++;
      if (byte !== QUOTE) continue;
      if (bytes[i + 1] === QUOTE) i++;
      else opened = undefined;
    } else if (cellStart && byte === QUOTE) {
      opened = lines;
      cellStart = false;
    } else if (startsWith(bytes, i, delimiter)) {
      i += delimiter.length - 1;
      cellStart = true;
    } else cellStart = false;
  }
  return opened;
}
