/**
 * Makes the bytes of an exported file: members, as CSV, compressed, encrypted. Memory does not grow with them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type ExportReading, type Progress, throwIfAborted } from "@waybill/waybill";
import { type CsvWriter, csvWriter, type CsvWriterOptions, gzip, zip } from "@waybill/waybill/codecs";
import type { Encrypt } from "../pgp_keys.ts";
import type { ExportOptions } from "./fields.ts";

/** What the bytes are made of. */
export interface ContentContext
  extends Pick<ExportReading<ExportOptions, unknown>, "config" | "audience" | "columns" | "members" | "timeZone"> {
  readonly signal: AbortSignal;
  /** When the run started, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  progress(progress: Progress): void;
}

/** What is done with them. */
export interface ContentOptions {
  /** What the file in a zip archive is called. */
  readonly name: string;
  /** What progress names. */
  readonly note: string;
  /** Encrypts. */
  readonly encrypt?: Encrypt | undefined;
  /** Called with the number of rows before the last bytes come: what it throws ends the content. */
  complete?(rows: number): Promise<void>;
}

/** The bytes of a file, and what is known of them. */
export interface Content {
  /** The bytes. */
  readonly stream: ReadableStream<Uint8Array>;
  /** Rows that they have so far. */
  readonly rows: number;
  /** Bytes so far. */
  readonly bytes: number;
  /** SHA-256 of all of them, in hexadecimal; once, when the stream has come to its end. */
  sha256(): string;
  /** What ended the stream early, as it was thrown; undefined where nothing did. */
  readonly failure: unknown;
}

/** How the members are written as CSV. */
export function csvOptions({ config, audience, columns }: Pick<ContentContext, "config" | "audience" | "columns">) {
  return {
    columns,
    delimiter: config.delimiter,
    join: config.join,
    lineEnd: config.line_ending,
    safe: config.spreadsheet_safe,
    extras: {
      ...(config.audience_name ? { audienceName: audience.name } : {}),
      ...(config.audience_slug ? { audienceSlug: audience.slug } : {}),
      audiences: config.additional_audiences,
    },
  } satisfies CsvWriterOptions;
}

/** Names of the file's columns, those that are added to the fields included. */
export function columnNames(context: Pick<ContentContext, "config" | "audience" | "columns">): readonly string[] {
  return csvWriter(csvOptions(context)).names;
}

/**
 * Opens the content; nothing of it is read before the stream is. Throws a `Failure` of kind `auth` for a key that cannot
 * encrypt, or not any more.
 */
export async function openContent(context: ContentContext, options: ContentOptions): Promise<Content> {
  const file = new FileContent(context, options);
  const packed = ReadableStream.from(file.packed());
  const stream = options.encrypt === undefined ? packed : await options.encrypt(packed);
  return {
    stream: ReadableStream.from(file.counted(stream)),
    get rows() {
      return file.rows;
    },
    get bytes() {
      return file.bytes;
    },
    sha256: () => file.hash.digest("hex"),
    get failure() {
      return file.failure;
    },
  };
}

class FileContent {
  rows = 0;
  bytes = 0;
  failure: unknown;
  readonly hash = createHash("sha256");
  readonly #writer: CsvWriter;

  constructor(private readonly context: ContentContext, private readonly options: ContentOptions) {
    this.#writer = csvWriter(csvOptions(context));
  }

  /** The CSV file, compressed. */
  packed(): AsyncGenerator<Uint8Array, void, undefined> {
    const { config, startedAt, timeZone } = this.context;
    switch (config.compress) {
      case "none":
        return this.#csv();
      case "gzip":
        return gzip(this.#csv());
      case "zip": {
        const modified = Temporal.Instant.fromEpochMilliseconds(startedAt).toZonedDateTimeISO(timeZone)
          .toPlainDateTime();
        return zip(this.#csv(), { name: this.options.name, modified });
      }
    }
  }

  /** The file itself as it comes: counted, and hashed. */
  async *counted(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of stream) {
      this.hash.update(bytes);
      this.bytes += bytes.length;
      yield bytes;
    }
  }

  async *#csv(): AsyncGenerator<Uint8Array, void, undefined> {
    const { config, signal, members, progress } = this.context;
    const { note, complete } = this.options;
    try {
      if (config.include_headers) yield this.#writer.header();
      for await (const batch of members()) {
        throwIfAborted(signal);
        const rows = this.#writer.write(batch);
        this.rows += batch.ids.length;
        progress({ done: this.rows, unit: "rows", bytes: this.bytes, share: batch.share, note });
        yield rows;
      }
      await complete?.(this.rows);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
