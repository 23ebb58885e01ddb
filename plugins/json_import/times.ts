/**
 * Finds the time of each event in its record.
 *
 * @module
 */
import type { RecordBatch } from "@waybill/waybill";
import type { TimestampParser } from "@waybill/waybill/codecs";

const QUOTE = 0x22, BACKSLASH = 0x5c, MINUS = 0x2d, ZERO = 0x30, NINE = 0x39;

/** Longest value that may be a time, in bytes. */
const LONGEST = 200;

const decoder = new TextDecoder();

/**
 * Writes `batch.times`: what the field holds, a text or a number; NaN where it does not parse, or is not there. Returns
 * for how many rows that is.
 */
export function fillRecordTimes(
  { bytes, times, columns }: RecordBatch,
  field: string,
  parser: TimestampParser,
): number {
  const { names, spans } = columns ?? { names: [], spans: new Uint32Array(0) };
  const column = names.indexOf(field);
  let untimed = 0;
  for (let row = 0; row < times.length; row++) {
    const at = 2 * (row * names.length + column);
    const time = column < 0 ? NaN : timeAt(bytes, spans[at]!, spans[at + 1]!, parser);
    times[row] = time;
    if (Number.isNaN(time)) untimed++;
  }
  return untimed;
}

function timeAt(bytes: Uint8Array, start: number, end: number, parser: TimestampParser): number {
  const first = bytes[start]!;
  if (end === start || end - start > LONGEST) return NaN;
  if (first === MINUS || (first >= ZERO && first <= NINE)) return parser.parseBytes(bytes, start, end);
  if (first !== QUOTE) return NaN;
  const time = parser.parseBytes(bytes, start + 1, end - 1);
  // Nothing that parses needs an escape, but a tab around it does.
  if (!Number.isNaN(time) || !bytes.subarray(start, end).includes(BACKSLASH)) return time;
  return parser.parse(String(JSON.parse(decoder.decode(bytes.subarray(start, end))))) ?? NaN;
}
