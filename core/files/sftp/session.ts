/**
 * One SFTP session: requests as promises, and the end of the connection as an error of each that is outstanding.
 *
 * @module
 */
import type { Socket } from "node:net";
import type { Client, SFTPWrapper } from "./ssh2_types.ts";

/** The connection ended while, or before, a request was answered. Never leaves this folder: see `connection.ts`. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** The server does not offer an optional request. */
export class UnsupportedRequest extends Error {
  override readonly name = "UnsupportedRequest";
}

/** The server answered a request with an error; `code` is the SFTP status (draft-ietf-secsh-filexfer-02, 7). */
export class SftpStatus extends Error {
  override readonly name = "SftpStatus";
  /** The status code. */
  readonly code: number;

  /** Wraps a status answer. */
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Status codes that mean something of their own here. */
export const STATUS = {
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

/** Whether the server said, one way or the other, that it does not know a request. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof UnsupportedRequest || (error instanceof SftpStatus && error.code === STATUS.unsupported);
}

/** Starts a request; `done` takes the answer. */
export type StartRequest<T> = (sftp: SFTPWrapper, done: (error: Error | null | undefined, value: T) => void) => void;

/** Fewer bytes than these may be keep-alive answers, which do not show that requests are being answered. */
const PROGRESS_BYTES = 1_024;

/** An open SFTP session. */
export class SftpSession {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #socket: Socket;
  readonly #idle: number;
  readonly #outstanding = new Set<(error: Error) => void>();
  readonly #closed: Promise<void>;
  #lost: ConnectionLost | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #answers = 0;
  #onLost = () => {};

  /** Takes over a client whose SFTP subsystem is ready; `idle` is in milliseconds. */
  constructor(client: Client, sftp: SFTPWrapper, socket: Socket, idle: number) {
    this.#client = client;
    this.#sftp = sftp;
    this.#socket = socket;
    this.#idle = idle;
    this.#closed = new Promise((resolve) => socket.closed ? resolve() : socket.once("close", () => resolve()));
    client.on("error", (error: Error) => this.lose(error.message));
    client.on("close", () => this.lose("The server closed the connection"));
    for (const event of ["error", "end", "close"] as const) {
      sftp.on(event, () => this.lose("The server ended the session"));
    }
  }

  /** Whether requests can be made. */
  get alive(): boolean {
    return this.#lost === undefined;
  }

  /** Calls `listener` once, when the connection is lost or ended; at once where it already is. */
  onLost(listener: () => void): void {
    if (this.#lost === undefined) this.#onLost = listener;
    else listener();
  }

  /** Makes a request. Rejects with one of this module's errors. */
  request<T>(start: StartRequest<T>): Promise<T> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise<T>((resolve, reject) => {
      const fail = (error: Error) => {
        this.#outstanding.delete(fail);
        reject(error);
      };
      this.#outstanding.add(fail);
      this.#startWatch();
      try {
        start(this.#sftp, (error, value) => {
          this.#answers++;
          this.#outstanding.delete(fail);
          if (error === null || error === undefined) resolve(value);
          else reject(statusOf(error));
        });
      } catch (error) {
        // ssh2 throws for an extension that the server did not announce.
        fail(new UnsupportedRequest(error instanceof Error ? error.message : String(error)));
      }
    });
  }

  /** Gives the connection up: every outstanding request fails. */
  lose(reason: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLost(reason);
    clearTimeout(this.#watch);
    this.#onLost();
    for (const fail of [...this.#outstanding]) fail(this.#lost);
    // ssh2 drops its outstanding requests only when the channel closes in order.
    this.#client.end();
    this.#socket.destroy();
  }

  /** Ends the session; resolves when the socket is closed. */
  async end(): Promise<void> {
    this.lose("The connection was closed");
    await this.#closed;
  }

  /** Declares the connection dead when nothing is answered for the idle time. */
  #startWatch(): void {
    if (this.#watch !== undefined) return;
    const answers = this.#answers;
    const bytes = this.#socket.bytesRead;
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      if (this.#outstanding.size === 0) return;
      const progress = this.#answers > answers || this.#socket.bytesRead > bytes + PROGRESS_BYTES;
      if (progress) this.#startWatch();
      else this.lose(`The server did not answer for ${Math.round(this.#idle / 1000)} s`);
    }, this.#idle);
  }
}

function statusOf(error: Error): Error {
  return "code" in error && typeof error.code === "number"
    ? new SftpStatus(error.code, error.message)
    : new ConnectionLost(error.message);
}
