/**
 * Keeps a session to the server: dials when one is needed, again when it was lost.
 *
 * @module
 */
import { abortFailure, Failure, throwIfAborted } from "../../contracts/failure.ts";
import { untilAborted } from "../failures.ts";
import { openSession } from "./connect.ts";
import { serverName } from "../dial.ts";
import type { SftpSettings } from "./options.ts";
import { ConnectionLost, type SftpSession } from "./session.ts";

/** Tries without any progress before an operation gives up. */
const TRIES = 5;
/** Wait before the second try, in milliseconds; doubled for each further one. */
const FIRST_WAIT = 250;

/** A connection that is made again when it drops. */
export class SftpConnection {
  readonly settings: SftpSettings;
  readonly #ending = new AbortController();
  #session: Promise<SftpSession> | undefined;

  /** Makes no connection yet. */
  constructor(settings: SftpSettings) {
    this.settings = settings;
    const { signal } = settings;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** The live session, or a new one; whoever comes while one is being opened waits for the same. */
  async session(signal: AbortSignal | undefined): Promise<SftpSession> {
    throwIfAborted(signal);
    throwIfAborted(this.#ending.signal);
    return await untilAborted(this.#session ??= this.#open(), signal);
  }

  /** Runs `work`, again on a new session when the connection was lost. Only for what may be done twice. */
  async retrying<T>(signal: AbortSignal | undefined, work: (session: SftpSession) => Promise<T>): Promise<T> {
    const attempts = this.attempts(signal);
    for (;;) {
      try {
        return await untilAborted(work(await this.session(signal)), signal);
      } catch (error) {
        await attempts.failed(error);
      }
    }
  }

  /** Runs `work` once; a connection lost on the way is a failure of kind `transient`. */
  async once<T>(signal: AbortSignal | undefined, work: (session: SftpSession) => Promise<T>): Promise<T> {
    try {
      return await untilAborted(work(await this.session(signal)), signal);
    } catch (error) {
      throw error instanceof ConnectionLost ? this.#lostFailure(error) : error;
    }
  }

  /**
   * Runs `work` once to clear away what was left; when the store was aborted, which ends its session, on one of its own.
   */
  async cleaning<T>(signal: AbortSignal, work: (session: SftpSession) => Promise<T>): Promise<T> {
    if (!this.#ending.signal.aborted) return await this.once(signal, work);
    const session = await openSession(this.settings, signal);
    try {
      return await untilAborted(work(session), signal);
    } finally {
      await session.end();
    }
  }

  /** Counts tries of one operation. */
  attempts(signal: AbortSignal | undefined): Attempts {
    const { signal: ended } = this.#ending;
    const either = signal === undefined ? ended : AbortSignal.any([signal, ended]);
    return new Attempts(either, (error) => this.#lostFailure(error), (message) => this.settings.log?.(message));
  }

  /** Ends the session and refuses any further one. */
  async close(): Promise<void> {
    this.settings.signal?.removeEventListener("abort", this.#onAbort);
    if (!this.#ending.signal.aborted) this.#ending.abort(new Failure("cancelled", "The SFTP store was closed"));
    const session = await this.#session?.catch(() => undefined);
    await session?.end();
  }

  #open(): Promise<SftpSession> {
    const opening = openSession(this.settings, this.#ending.signal);
    const forget = () => {
      if (this.#session === opening) this.#session = undefined;
    };
    opening.then((session) => session.onLost(forget), forget);
    return opening;
  }

  #onAbort = () => {
    const { signal } = this.settings;
    this.#ending.abort(signal === undefined ? undefined : abortFailure(signal));
    this.#session?.then((session) => session.lose("The work was stopped"), () => {});
  };

  #lostFailure(cause: ConnectionLost): Failure {
    // The store's own end is no fault of the server.
    if (this.#ending.signal.aborted) return abortFailure(this.#ending.signal);
    return new Failure("transient", `The connection to server "${serverName(this.settings)}" was lost`, {
      hint: "Try again later",
      cause,
    });
  }
}

/** How often an operation was tried since it last got anywhere. */
export class Attempts {
  #failures = 0;

  /** Made by {@linkcode SftpConnection.attempts}. */
  constructor(
    readonly signal: AbortSignal | undefined,
    readonly toFailure: (error: ConnectionLost) => Failure,
    readonly log: (message: string) => void,
  ) {}

  /** Something was achieved: the count starts again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Waits before the next try; throws when there is none, or when `error` is no matter of the connection. */
  async failed(error: unknown): Promise<void> {
    const failure = error instanceof ConnectionLost ? this.toFailure(error) : error;
    if (!(failure instanceof Failure) || failure.kind !== "transient") throw failure;
    if (++this.#failures >= TRIES) throw failure;
    this.log(`${failure.message}: try ${this.#failures + 1} of ${TRIES}`);
    // Jitter keeps the readers of one server from coming back all at once.
    const wait = FIRST_WAIT * 2 ** (this.#failures - 1) * (0.5 + Math.random());
    await pause(wait, this.signal);
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await untilAborted(new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds)), signal);
  } finally {
    clearTimeout(timer);
  }
}
