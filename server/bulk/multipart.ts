/**
 * Reads a form as browsers and curl send it (RFC 7578), a part at a time: nothing of a file is held in memory.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";

/** A field or file of a form. */
export interface FormPart {
  /** The field's name. */
  readonly name: string;
  /** The name of the file; undefined for a field. */
  readonly filename: string | undefined;
  /** Its bytes, to be read before the next part is asked for; what is not read is passed over. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Most bytes of the headers of a part. */
const HEADER_BYTES = 16 * 1024;

/** Most parts of a form. */
const MOST_PARTS = 100;

const CRLF = "\r\n";

/** The parts in their order. Failure `config` for what is no such form, or has too many parts. */
export async function* readForm(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<FormPart, void, undefined> {
  const reader = new FormReader(source, boundary);
  try {
    let more = await reader.start();
    for (let count = 1; more; count++) {
      if (count > MOST_PARTS) throw malformed(`it has more than ${MOST_PARTS} parts`);
      const { name, filename } = partOf(await reader.headers());
      const content = reader.content();
      yield { name, filename, content };
      for await (const _ of content);
      more = await reader.next();
    }
  } finally {
    await reader.close();
  }
}

/** The text of a field. Failure `config` for more than `most` bytes, for U+0000, or what is no UTF-8. */
export async function textOf({ name, content }: FormPart, most: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of content) {
    size += bytes.length;
    if (size > most) throw new Failure("config", `Parameter "${name}" is longer than ${most} bytes`);
    if (bytes.includes(0)) throw new Failure("config", `Parameter "${name}" holds U+0000`);
    parts.push(bytes);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch (cause) {
    throw new Failure("config", `Parameter "${name}" is not UTF-8`, { cause });
  }
}

/** Cuts a source at a form's boundaries. */
class FormReader {
  readonly #source: AsyncIterator<Uint8Array>;
  /** What stands between two parts. */
  readonly #delimiter: Buffer;
  /** Bytes that were read and not yet handed out. */
  #bytes: Buffer;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>, boundary: string) {
    this.#source = source[Symbol.asyncIterator]();
    this.#delimiter = Buffer.from(`${CRLF}--${boundary}`);
    // The first boundary has no line before it.
    this.#bytes = Buffer.from(CRLF);
  }

  /** Passes over what stands before the first part; whether there is one. */
  async start(): Promise<boolean> {
    for await (const _ of this.content());
    return await this.next();
  }

  /** Passes over the rest of a boundary's line; false at the last one. */
  async next(): Promise<boolean> {
    while (this.#bytes.length < 2) if (!await this.#read()) throw cutOff();
    if (this.#bytes.toString("latin1", 0, 2) === "--") return false;
    // Blanks may follow a boundary.
    const rest = (await this.#until(CRLF, HEADER_BYTES)).toString("latin1");
    if (rest.trim() !== "") throw malformed("something stands behind a boundary");
    return true;
  }

  /** The headers of a part, a line each. */
  async headers(): Promise<string[]> {
    const lines: string[] = [];
    for (let size = 0;;) {
      const line = await this.#until(CRLF, HEADER_BYTES - size);
      if (line.length === 0) return lines;
      size += line.length;
      lines.push(line.toString("utf8"));
    }
  }

  /** The bytes up to the next boundary, which is passed over. */
  async *content(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#bytes.indexOf(this.#delimiter);
      if (at >= 0) {
        const content = this.#bytes.subarray(0, at);
        this.#bytes = this.#bytes.subarray(at + this.#delimiter.length);
        if (content.length > 0) yield content;
        return;
      }
      // Its beginning may be here already.
      const sure = this.#bytes.length - this.#delimiter.length + 1;
      if (sure > 0) {
        const content = this.#bytes.subarray(0, sure);
        this.#bytes = this.#bytes.subarray(sure);
        yield content;
      }
      if (!await this.#read()) throw cutOff();
    }
  }

  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.();
  }

  async #until(end: string, most: number): Promise<Buffer> {
    for (;;) {
      const at = this.#bytes.indexOf(end);
      if (at > most || (at < 0 && this.#bytes.length > most)) throw malformed("the headers of a part are too long");
      if (at >= 0) {
        const bytes = this.#bytes.subarray(0, at);
        this.#bytes = this.#bytes.subarray(at + end.length);
        return bytes;
      }
      if (!await this.#read()) throw cutOff();
    }
  }

  async #read(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done) {
      this.#ended = true;
      return false;
    }
    this.#bytes = this.#bytes.length === 0
      ? Buffer.from(value.buffer, value.byteOffset, value.length)
      : Buffer.concat([this.#bytes, value]);
    return true;
  }
}

function partOf(headers: readonly string[]): Pick<FormPart, "name" | "filename"> {
  const disposition = headers.find((line) => /^content-disposition *:/i.test(line));
  const name = disposition === undefined ? undefined : parameterOf(disposition, "name");
  if (name === undefined) throw malformed("a part has no name");
  return { name, filename: parameterOf(disposition!, "filename") };
}

/** A parameter of a header, quoted or not. Browsers write quotes in it as %22, curl with a backslash. */
function parameterOf(header: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`; *${name} *= *(?:"((?:[^"\\\\]|\\\\.)*)"|([^";]+))`, "i").exec(header) ?? [];
  return quoted === undefined ? plain?.trim() : quoted.replaceAll(/\\(["\\])/g, "$1").replaceAll("%22", '"');
}

function malformed(why: string): Failure {
  return new Failure("config", `The body is no form (multipart/form-data): ${why}`, {
    hint: "Send it as `curl -F name=value -F file=@FILE` does",
  });
}

function cutOff(): Failure {
  return new Failure("config", "The form ended before it was whole", { hint: "Send it again" });
}
