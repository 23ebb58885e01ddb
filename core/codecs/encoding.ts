/**
 * Makes UTF-8 of any text encoding, so that the readers behind it know only one.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/**
 * Stands for bytes that cannot be decoded. No UTF-8 text holds it, so the readers reject the row it is in, while a
 * U+FFFD of the file itself passes.
 */
const UNDECODABLE = 0xff;

/** How to open a text file. */
export interface TextOptions {
  /**
   * `auto` (default): UTF-8 unless a byte order mark says otherwise. Or a label of the WHATWG Encoding Standard, such
   * as `windows-1252`, `iso-8859-15`, `shift_jis`, `utf-16le`. A byte order mark of UTF-8 or UTF-16 that the file
   * starts with stands above it (that standard's "decode").
   */
  readonly encoding?: string;
  /** First byte wanted, counted in UTF-8 as it comes out. Default: 0. */
  readonly offset?: number;
}

/** A text file as UTF-8. */
export interface TextSource {
  /** The encoding found, by its standard name: `utf-8`, `utf-16le`, `windows-1252`, … */
  readonly encoding: string;
  /** What the user should read: the byte order mark names another encoding than was given. Without a final period. */
  readonly note?: string;
  /** The text in UTF-8; a byte 0xFF stands for what cannot be decoded. */
  readonly bytes: ReadableStream<Uint8Array>;
}

/**
 * The standard name of an encoding, or `auto`.
 *
 * Throws a `Failure` of kind `config` for a label that no decoder has.
 */
export function parseEncoding(label = "auto"): string {
  if (label.toLowerCase() === "auto") return "auto";
  try {
    return new TextDecoder(label).encoding;
  } catch (cause) {
    throw new Failure("config", `Encoding ${JSON.stringify(label)} is not known`, {
      hint: "Use utf-8, utf-16le, utf-16be, windows-1252, iso-8859-15, windows-1251, macintosh, shift_jis or gb18030",
      cause,
    });
  }
}

/**
 * Opens a text file as UTF-8. `open` opens the file at a byte offset, as `FileStore.open` does.
 *
 * Offsets count the UTF-8 that comes out, whatever the file's encoding. In a UTF-8 file they are the file's own (its
 * byte order mark counted and passed on), so resuming opens the file right there and nothing is copied. A file in
 * another encoding is read from its start and what lies before the offset is passed over.
 *
 * Throws a `Failure` of kind `config` for an unknown encoding, and what `open` throws.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openText } from "@waybill/waybill/codecs";
 *
 * const file = Uint8Array.of(0x5a, 0xfc, 0x72, 0x69, 0x63, 0x68);
 * const text = await openText(async () => new Blob([file]).stream(), { encoding: "iso-8859-1" });
 * assert.equal(await new Response(text.bytes).text(), "Zürich");
 * ```
 */
export async function openText(
  open: (offset: number) => Promise<ReadableStream<Uint8Array>>,
  options: TextOptions = {},
): Promise<TextSource> {
  const { offset = 0 } = options;
  const named = parseEncoding(options.encoding);
  const reader = (await open(0)).getReader();
  let head: Uint8Array = new Uint8Array(0);
  try {
    head = await readAtLeast(reader, 3);
  } catch (error) {
    await reader.cancel(error).catch(() => undefined);
    throw error;
  }
  const marked = markedEncoding(head);
  const encoding = marked ?? (named === "auto" ? "utf-8" : named);
  const note = markNote(options.encoding, named, marked);
  if (encoding === "utf-8") {
    if (offset === 0) return { encoding, ...note, bytes: readOn(reader, [head], (bytes) => bytes) };
    await reader.cancel();
    return { encoding, ...note, bytes: await open(offset) };
  }
  const decode = encoding.startsWith("utf-16") ? utf16Decoder(encoding === "utf-16le") : labelDecoder(encoding);
  const text = marked === undefined ? head : head.subarray(2);
  return { encoding, ...note, bytes: readOn(reader, [text], skipping(decode, offset)) };
}

/** The encoding whose byte order mark the file starts with (WHATWG Encoding, "BOM sniff"). */
function markedEncoding([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

function markNote(label: string | undefined, named: string, marked: string | undefined): { readonly note?: string } {
  // "utf-16" leaves the order of the bytes to the mark.
  const isMeant = marked === named || (marked === "utf-16be" && label?.trim().toLowerCase() === "utf-16");
  if (marked === undefined || named === "auto" || isMeant) return {};
  return { note: `The file starts with the byte order mark of ${marked}, so it is read as that and not as ${named}` };
}

/** Turns a piece of the file into UTF-8; `undefined` ends the file. */
type Decode = (bytes: Uint8Array | undefined) => Uint8Array | undefined;

async function readAtLeast(reader: ReadableStreamDefaultReader<Uint8Array>, length: number): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < length) {
    const { value, done } = await reader.read();
    if (done) break;
    if (head.length === 0) head = value;
    else {
      const longer = new Uint8Array(head.length + value.length);
      longer.set(head);
      longer.set(value, head.length);
      head = longer;
    }
  }
  return head;
}

/** A stream of `first` and what the reader still gives, each piece decoded. */
function readOn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: Uint8Array[],
  decode: Decode,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      for (;;) {
        const ready = first.shift();
        const { value, done } = ready === undefined ? await reader.read() : { value: ready, done: false };
        const decoded = decode(done ? undefined : value);
        if (decoded !== undefined && decoded.length > 0) controller.enqueue(decoded);
        if (done) return controller.close();
        if (decoded !== undefined && decoded.length > 0) return;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

function skipping(decode: Decode, offset: number): Decode {
  let left = offset;
  return (bytes) => {
    const decoded = decode(bytes);
    const skipped = Math.min(left, decoded?.length ?? 0);
    left -= skipped;
    return decoded?.subarray(skipped);
  };
}

/** Decodes what the platform's decoder knows; none of these encodings has a common way to write U+FFFD. */
function labelDecoder(encoding: string): Decode {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  return (bytes) => {
    const text = bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    const encoded = encoder.encode(text);
    if (!text.includes("\uFFFD")) return encoded;
    let length = 0;
    for (let i = 0; i < encoded.length; i++) {
      const replaced = encoded[i] === 0xef && encoded[i + 1] === 0xbf && encoded[i + 2] === 0xbd;
      encoded[length++] = replaced ? UNDECODABLE : encoded[i] ?? 0;
      if (replaced) i += 2;
    }
    return encoded.subarray(0, length);
  };
}

/** Decodes UTF-16; a surrogate without its other half and an odd last byte cannot be decoded. */
function utf16Decoder(little: boolean): Decode {
  let oddByte = -1;
  let high = 0;
  return (bytes) => {
    const out = new Uint8Array(3 * ((bytes?.length ?? 0) >> 1) + 8);
    let o = 0;
    if (bytes === undefined) {
      if (high !== 0) out[o++] = UNDECODABLE;
      if (oddByte >= 0) out[o++] = UNDECODABLE;
      return out.subarray(0, o);
    }
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (oddByte < 0) {
        oddByte = byte;
        continue;
      }
      const unit = little ? oddByte | byte << 8 : oddByte << 8 | byte;
      oddByte = -1;
      if (high !== 0) {
        if (unit >= 0xdc00 && unit <= 0xdfff) {
          const point = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
          out[o++] = 0xf0 | point >> 18;
          out[o++] = 0x80 | point >> 12 & 0x3f;
          out[o++] = 0x80 | point >> 6 & 0x3f;
          out[o++] = 0x80 | point & 0x3f;
          high = 0;
          continue;
        }
        out[o++] = UNDECODABLE;
        high = 0;
      }
      if (unit < 0x80) out[o++] = unit;
      else if (unit < 0x800) {
        out[o++] = 0xc0 | unit >> 6;
        out[o++] = 0x80 | unit & 0x3f;
      } else if (unit >= 0xd800 && unit <= 0xdbff) high = unit;
      else if (unit >= 0xdc00 && unit <= 0xdfff) out[o++] = UNDECODABLE;
      else {
        out[o++] = 0xe0 | unit >> 12;
        out[o++] = 0x80 | unit >> 6 & 0x3f;
        out[o++] = 0x80 | unit & 0x3f;
      }
    }
    return out.subarray(0, o);
  };
}
