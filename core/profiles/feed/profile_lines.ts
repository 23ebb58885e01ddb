/**
 * Stored profiles as lines of a file, from bytes to bytes: nothing is parsed that is only copied.
 *
 * @module
 */
import { viewOf } from "../byte_stretches.ts";
import { JsonBytes } from "../json_bytes.ts";
import type { ImagePage } from "./images.ts";
import { NAMES_BYTES, putNames } from "./line_names.ts";
import { CLOSE, COMMA, customerIn, OPEN } from "./member_scan.ts";
import type { ShownEver } from "./past_sums.ts";
import { type FeedRows, membersText, namesText } from "./shown_profile.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

const LINE_FEED = 10;
/** What a line has beyond attributes and customer at most. */
const AROUND = NAMES_BYTES + 3;

/** The profiles of a page, a line each. */
export function profileLines({ ids, bytes, rows, epochs }: ImagePage, ever: ShownEver): FeedRows {
  const lines = new JsonBytes(new Uint8Array(bytes.length + 2 * AROUND * ids.length));
  const source = viewOf(bytes);
  const copied = (id: number, start: number, end: number): boolean => {
    const found = customerIn(bytes, start);
    if (found === undefined) return false;
    const [from, to] = found;
    lines.reserve(AROUND + to - from + end - start);
    lines.put(OPEN);
    putNames(lines, id, source, from, to);
    if (bytes[start + 1] !== CLOSE) lines.put(COMMA);
    lines.putBytes(source, start + 1, end);
    lines.put(LINE_FEED);
    return true;
  };
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index]!, start = rows[index]!, end = rows[index + 1]!, shown = ever.at(epochs?.[index]);
    if (shown.asStored && copied(id, start, end)) continue;
    const attributes = shown.attributes(decoder.decode(bytes.subarray(start, end)));
    const names = namesText(id, attributes), members = membersText(attributes);
    const line = encoder.encode(`{${names}${members === "" ? "" : `,${members}`}}\n`);
    lines.copy(viewOf(line), 0, line.length);
  }
  return { bytes: lines.bytes.subarray(0, lines.length), rows: ids.length };
}
