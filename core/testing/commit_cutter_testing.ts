/**
 * A TCP proxy in front of PostgreSQL that cuts a connection at one of its commits: for tests of commits of which nobody
 * learns how they went.
 *
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, createServer, type Socket } from "node:net";

/**
 * What becomes of a commit at which the connection is cut: the server never gets it (`lost`), it has it done before the
 * cut (`unanswered`), or gets it a while after the client has seen the cut (`late`).
 */
export type CutCommit = "lost" | "unanswered" | "late";

/** How much later than the cut a `late` commit comes, in milliseconds. */
const LATE = 100;

/** A running proxy. */
export interface CommitCutter extends AsyncDisposable {
  /** Commits that came from clients, since the last {@linkcode cutAt}. */
  readonly commits: number;
  /** Cuts the connection on which the `nth` commit from now comes; 1 is the next. */
  cutAt(nth: number, what: CutCommit): void;
  /** The URL of a database, led through here. Without TLS. */
  through(url: string): string;
}

/** Starts one in front of a server without TLS. */
export async function startCommitCutter(
  target: { readonly host: string; readonly port: number },
): Promise<CommitCutter> {
  const cutter = new Cutter(target);
  await cutter.listen();
  return cutter;
}

class Cutter implements CommitCutter {
  commits = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server = createServer((client) => this.#accept(client));
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #cut: { readonly at: number; readonly what: CutCommit } | undefined;

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address !== null && typeof address !== "string") this.#port = address.port;
  }

  cutAt(nth: number, what: CutCommit): void {
    this.commits = 0;
    this.#cut = { at: nth, what };
  }

  through(url: string): string {
    const led = new URL(url);
    led.port = String(this.#port);
    return led.href;
  }

  #accept(client: Socket): void {
    const server = connect({ ...this.#target, noDelay: true });
    client.setNoDelay(true);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    }
    const messages = new ClientMessages();
    let cut: CutCommit | undefined;
    client.on("data", (bytes) => {
      for (const { message, commits } of messages.add(bytes)) {
        if (commits) cut ??= this.#count();
        if (cut === "lost") return void server.destroy(void client.destroy());
        if (cut === "late") client.destroy();
        if (server.destroyed) return;
        if (cut === "late") setTimeout(() => server.write(message), LATE);
        else server.write(message);
      }
    });
    server.on("data", (bytes) => {
      // The server answers a commit once it is done.
      if (cut !== undefined) client.destroy();
      else if (!client.destroyed) client.write(bytes);
    });
    client.on("close", () => {
      if (cut !== "late") server.destroy();
      // What it asked for last is still to come.
      else setTimeout(() => server.end(), 2 * LATE);
    });
    server.on("close", () => client.destroy());
  }

  /** Counts a commit; gives what is to become of it, where it is the one to be cut at. */
  #count(): CutCommit | undefined {
    const cut = this.#cut;
    if (++this.commits !== cut?.at) return undefined;
    this.#cut = undefined;
    return cut.what;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.#sockets];
    const closed = sockets.map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())));
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** What a client sends, message by message; what lets a transaction commit is one, from the binding to the end. */
class ClientMessages {
  #rest = Buffer.alloc(0);
  /** The first message of a connection has no type. */
  #started = false;
  /** Names of prepared statements that commit. */
  readonly #names = new Set<string>();
  /** What binds and executes one of them, until its end has come. */
  #commit: Buffer[] = [];

  /** Takes bytes and gives the messages that they complete, and whether each lets a transaction commit. */
  *add(bytes: Uint8Array): Generator<{ readonly message: Uint8Array; readonly commits: boolean }> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const head = this.#started ? 1 : 0;
      if (this.#rest.length < head + 4) return;
      const length = head + this.#rest.readUInt32BE(head);
      if (this.#rest.length < length) return;
      const message = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      if (this.#started) yield* this.#typed(message);
      else yield { message, commits: false };
      this.#started = true;
    }
  }

  *#typed(message: Buffer): Generator<{ readonly message: Uint8Array; readonly commits: boolean }> {
    const type = String.fromCharCode(message[0]!);
    const [first = "", second = ""] = type === "Q" || type === "P" || type === "B"
      ? message.subarray(5).toString("latin1").split("\0", 2)
      : [];
    if (type === "P" && second === "commit") this.#names.add(first);
    const held = this.#commit.length > 0 || type === "B" && this.#names.has(second);
    if (!held) return yield { message, commits: type === "Q" && first === "commit" };
    this.#commit.push(message);
    if (type !== "S") return;
    yield { message: Buffer.concat(this.#commit), commits: true };
    this.#commit = [];
  }
}
