/**
 * The open files of a session.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { AccountFailure } from "./account_failure.ts";
import type { ContentReader } from "./content_reader.ts";
import type { SessionEntry, SessionFile } from "./session_files.ts";
import type { Upload } from "./upload.ts";

/** What a file that is read needs. */
export interface ReadingOptions {
  /** As it was when it was opened. */
  readonly entry: SessionEntry;
  readonly content: ContentReader;
  /** The upload that brings it, where that has not ended. */
  readonly upload: Upload | undefined;
  /** Called once. */
  ended(file: SessionFile): void;
}

/** A file that is open to be read: what it holds stays, whatever takes its place. */
export class SessionReading implements SessionFile {
  #closed = false;

  /** Takes over the handle. */
  constructor(private readonly options: ReadingOptions) {}

  async read(position: number, length: number): Promise<Uint8Array> {
    const most = Math.max(0, Math.min(length, this.#size - position));
    const buffer = new Uint8Array(most);
    if (most === 0) return buffer;
    const { bytesRead } = await this.options.content.read(buffer, 0, most, position);
    return buffer.subarray(0, bytesRead);
  }

  write(): Promise<void> {
    return Promise.reject(readOnly());
  }

  truncate(): Promise<void> {
    return Promise.reject(readOnly());
  }

  stat(): Promise<SessionEntry> {
    return Promise.resolve({ ...this.options.entry, size: this.#size });
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.options.ended(this);
    await this.options.content.close();
  }

  async interrupt(): Promise<void> {
    await this.close();
  }

  get #size(): number {
    return this.options.upload?.size ?? this.options.entry.size;
  }
}

/** What a file that is written needs. */
export interface WritingOptions {
  readonly upload: Upload;
  /** The session that opened it. */
  readonly owner: unknown;
  /** Refuses more bytes than the account may have. */
  grow(size: number): void;
  end(how: "close" | "interrupt"): Promise<void>;
  /** Called once. */
  ended(file: SessionFile): void;
}

/** A file that is open to be written. */
export class SessionUpload implements SessionFile {
  #ended = false;

  /** Counts as one of the upload's handles. */
  constructor(private readonly options: WritingOptions) {}

  async read(position: number, length: number): Promise<Uint8Array> {
    return await this.#upload.read(position, length);
  }

  async write(position: number, data: Uint8Array): Promise<void> {
    if (data.length === 0) return;
    await this.#change(position + data.length, (upload) => upload.write(position, data));
  }

  async truncate(size: number): Promise<void> {
    await this.#change(size, (upload) => upload.truncate(size));
  }

  /** A client may go on and close the file after an error: what it lacks must not count as whole. */
  async #change(size: number, work: (upload: Upload) => Promise<void>): Promise<void> {
    const upload = this.#own;
    try {
      this.options.grow(size);
      await work(upload);
    } catch (error) {
      upload.failed ??= error;
      throw error;
    }
  }

  stat(): Promise<SessionEntry> {
    const { place, size, modified } = this.#upload;
    return Promise.resolve({ name: place.name, kind: "file", size, modified });
  }

  async sync(): Promise<void> {
    // Before its close nothing of an upload outlives the process: what is in memory comes to the disk with that.
    const { content } = this.#own;
    if (content.small === undefined) await (await content.file()).sync();
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    const upload = this.#own;
    await upload.settled();
    await this.options.end("close");
  }

  async interrupt(): Promise<void> {
    if (this.#ended) return;
    this.#end();
    await this.#upload.settled();
    if (this.#upload.owner === this.options.owner) await this.options.end("interrupt");
  }

  #end(): void {
    this.#ended = true;
    this.options.ended(this);
  }

  get #upload(): Upload {
    return this.options.upload;
  }

  /** The upload, while it is this session's. */
  get #own(): Upload {
    const { upload, owner } = this.options;
    if (upload.owner === owner) return upload;
    throw otherGoesOn();
  }
}

/** The upload is another session's now. */
export function otherGoesOn(): Failure {
  return new AccountFailure("Another session goes on with this upload", {
    hint: "Let that one end it, or upload the file again",
  });
}

function readOnly(): Failure {
  return new Failure("config", "The file is open for reading only", { code: "forbidden" });
}
