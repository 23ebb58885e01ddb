/**
 * Reads a file with many requests in flight, and goes on where it was when the connection drops.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { throwIfAborted } from "../../contracts/failure.ts";
import type { OpenOptions } from "../../contracts/file_store.ts";
import { handOver } from "../../contracts/give_back.ts";
import { abortedOr, changed, isFolder, notReadable, untilAborted } from "../failures.ts";
import type { Attempts, SftpConnection } from "./connection.ts";
import { ConnectionLost, type SftpSession, SftpStatus, STATUS } from "./session.ts";
import { isLookDue, requireUnchanged, type Seen } from "../unchanged.ts";
import type { Attributes } from "./ssh2_types.ts";
import { kindOf, pathFailure, seen } from "./status.ts";

/** What OpenSSH allows in one answer; other servers give less, and the rest is asked for again. */
const CHUNK = 255 * 1024;
/** Most requests in flight, and so most chunks in memory: just under 8 MiB, 160 MB/s where answers take 50 ms. */
const WINDOW = 32;
/** Requests at the start. The window doubles with what is consumed, so that looking at a header costs little. */
const FIRST_WINDOW = 2;

/** A file on the server: where it is, and what messages call it. */
export interface RemoteFile {
  /** Path on the server. */
  readonly remote: string;
  /** Path in the store. */
  readonly path: string;
}

/** Opens the file and gives its bytes from `options.offset` to the end it has now. */
export async function readRemote(
  connection: SftpConnection,
  file: RemoteFile,
  options: OpenOptions,
): Promise<ReadableStream<Uint8Array>> {
  const reader = new RemoteReader(connection, file, options);
  await reader.start();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = await reader.next();
      if (chunk === undefined) controller.close();
      else controller.enqueue(handOver(chunk));
    },
    cancel: () => reader.cancel(),
  }, { highWaterMark: 0 });
}

/** One open handle with its requests in flight, in the order of their offsets. */
interface Flow {
  readonly session: SftpSession;
  readonly handle: Buffer;
  readonly requests: Promise<Uint8Array>[];
  /** Offset of the next request. */
  next: number;
}

class RemoteReader {
  readonly #connection: SftpConnection;
  readonly #file: RemoteFile;
  readonly #signal: AbortSignal | undefined;
  readonly #attempts: Attempts;
  readonly #version: string | undefined;
  #position: number;
  /** The file as it was when it was first opened. */
  #opened: Seen | undefined;
  /** Whether it was found unchanged after its last byte had come. */
  #whole = false;
  #window = FIRST_WINDOW;
  #cancelled = false;
  #flow: Flow | undefined;

  constructor(connection: SftpConnection, file: RemoteFile, options: OpenOptions) {
    this.#connection = connection;
    this.#file = file;
    this.#signal = options.signal;
    this.#attempts = connection.attempts(options.signal);
    this.#version = options.version;
    this.#position = options.offset ?? 0;
  }

  /** Opens the file, so that a missing one is known before the first byte is asked for. */
  async start(): Promise<void> {
    try {
      await this.#surviving(() => this.#open());
    } catch (error) {
      throw abortedOr(this.#signal, error);
    }
  }

  /** The next bytes; `undefined` at the end. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      const chunk = await this.#surviving(() => this.#read());
      if (chunk === undefined) this.stop();
      return chunk;
    } catch (error) {
      this.stop();
      throw abortedOr(this.#signal, error);
    }
  }

  /** Ends the reading, also one that is under way: what its closed handle is answered with is no lost connection. */
  cancel(): void {
    this.#cancelled = true;
    this.stop();
  }

  /** Closes the file; what is still in flight is dropped when it comes. */
  stop(): void {
    const flow = this.#flow;
    this.#flow = undefined;
    if (flow !== undefined) this.#close(flow.session, flow.handle);
  }

  /** Nobody waits for the answer: a handle the server fails to close ends with the session. */
  #close(session: SftpSession, handle: Buffer): void {
    session.request<void>((sftp, done) => sftp.close(handle, (error) => done(error))).catch(() => {});
  }

  /** Runs `work`, again on a new connection when it was lost; each success gives back all tries. */
  async #surviving<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await work();
        this.#attempts.succeeded();
        return result;
      } catch (error) {
        if (this.#cancelled) throw error;
        this.stop();
        await this.#attempts.failed(pathFailure(error, this.#file.path));
      }
    }
  }

  async #open(): Promise<Flow> {
    if (this.#flow !== undefined) return this.#flow;
    const { remote, path } = this.#file;
    const session = await this.#connection.session(this.#signal);
    const opening = session.request<Buffer>((sftp, done) => sftp.open(remote, "r", done));
    const handle = await untilAborted(opening, this.#signal).catch((error) => {
      // A handle that comes after the abort is given back.
      opening.then((late) => this.#close(session, late), () => {});
      throw error;
    });
    const flow: Flow = { session, handle, requests: [], next: this.#position };
    this.#flow = flow;
    const attributes = await untilAborted(
      session.request<Attributes>((sftp, done) => sftp.fstat(handle, done)),
      this.#signal,
    );
    const kind = kindOf(attributes);
    if (kind === "folder") throw isFolder(path);
    if (kind !== "file") throw notReadable(path);
    const now = seen(attributes);
    if (this.#opened !== undefined) requireUnchanged(path, this.#opened, now);
    else if (now.version !== (this.#version ?? now.version)) throw changed(path);
    this.#opened ??= now;
    return flow;
  }

  async #read(): Promise<Uint8Array | undefined> {
    throwIfAborted(this.#signal);
    const flow = await this.#open();
    const size = this.#opened?.size ?? 0;
    if (this.#position >= size) {
      if (!this.#whole) await untilAborted(this.#lookAtEnd(flow, size), this.#signal);
      return undefined;
    }
    while (flow.requests.length < this.#window && flow.next < size) {
      const length = Math.min(CHUNK, size - flow.next);
      const end = flow.next + length;
      const bytes = this.#fetch(flow, flow.next, length);
      // Looked at right behind the request for these bytes: those after them do not wait for it.
      const request = end < size && isLookDue(flow.next, end, size) ? both(bytes, this.#look(flow)) : bytes;
      // Its error is met when its turn comes; until then it is nobody's.
      request.catch(() => {});
      flow.requests.push(request);
      flow.next = end;
    }
    const head = flow.requests.shift();
    if (head === undefined) throw new ConnectionLost("No request is in flight");
    const chunk = await untilAborted(head, this.#signal);
    if (this.#position + chunk.length >= size) {
      // Only now: a server may answer in another order than it is asked.
      await untilAborted(this.#lookAtEnd(flow, size), this.#signal);
      this.#whole = true;
    }
    this.#position += chunk.length;
    this.#window = Math.min(this.#window * 2, WINDOW);
    return chunk;
  }

  /** Throws where the open file, or the one that its path leads to now, is not as it was. */
  async #look({ session, handle }: Flow): Promise<void> {
    const { remote, path } = this.#file;
    const [open, named] = await Promise.all([
      session.request<Attributes>((sftp, done) => sftp.fstat(handle, done)),
      session.request<Attributes>((sftp, done) => sftp.stat(remote, done)).catch((error: unknown) => {
        if (error instanceof SftpStatus && error.code === STATUS.noSuchFile) return undefined;
        throw error;
      }),
    ]);
    for (const now of [open, named]) {
      if (this.#opened !== undefined) requireUnchanged(path, this.#opened, now && seen(now));
    }
  }

  /** Looks at the file, and that nothing comes after its last byte: not every server tells the truth about sizes. */
  async #lookAtEnd(flow: Flow, size: number): Promise<void> {
    const [more] = await Promise.all([
      flow.session.request<number>((sftp, done) => sftp.read(flow.handle, Buffer.alloc(1), 0, 1, size, done))
        .catch((error: unknown) => {
          if (error instanceof SftpStatus) return 0;
          throw error;
        }),
      this.#look(flow),
    ]);
    if (more > 0) throw changed(this.#file.path, `it holds more than the ${size} bytes that the server told`);
  }

  /** Reads exactly `length` bytes; where an answer is short, the rest is asked for again. */
  async #fetch(flow: Flow, offset: number, length: number): Promise<Uint8Array> {
    // Not from Buffer's pool: the receiver may transfer the chunk's buffer.
    const buffer = Buffer.from(new ArrayBuffer(length));
    let filled = 0;
    while (filled < length) {
      const from = filled;
      const count = await flow.session.request<number>((sftp, done) =>
        sftp.read(flow.handle, buffer, from, length - from, offset + from, done)
      ).catch((error: unknown) => {
        if (error instanceof SftpStatus && error.code === STATUS.eof) return 0;
        throw error;
      });
      if (count === 0) throw changed(this.#file.path, "it is shorter than it was");
      filled += count;
    }
    return new Uint8Array(buffer.buffer, buffer.byteOffset, length);
  }
}

/** The first result, once the second is there too. */
async function both<T>(first: Promise<T>, second: Promise<void>): Promise<T> {
  const [result] = await Promise.all([first, second]);
  return result;
}
