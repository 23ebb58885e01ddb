/**
 * Counts the records of a CSV file.
 *
 * @module
 */

const QUOTE = 0x22;
const LINE_FEED = 0x0a;

/** Records: those that a line feed ends, outside of quotes, and one that nothing ends. */
export async function countRecords(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let records = 0;
  let quoted = false;
  let open = false;
  for await (const piece of bytes) {
    for (const byte of piece) {
      open = true;
      // A quote within quotes stands twice, which comes to the same.
      if (byte === QUOTE) quoted = !quoted;
      else if (byte === LINE_FEED && !quoted) {
        records++;
        open = false;
      }
    }
  }
  return open ? records + 1 : records;
}
