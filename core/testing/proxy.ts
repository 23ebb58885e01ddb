/**
 * A TCP proxy on loopback that cuts connections, for tests of what happens then.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";

/** A running proxy. */
export interface CuttingProxy extends AsyncDisposable {
  /** The loopback address. */
  readonly host: string;
  /** A port that was free. */
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Bytes the server sent through, over all connections. */
  readonly received: number;
  /**
   * Ends the connection on which so many more bytes, over all connections, have come from the server: what came is
   * delivered. `then` is awaited before new ones are let in.
   */
  cutAfter(bytes: number, then?: () => Promise<void>): void;
  /** Cuts all connections now. */
  cut(): void;
  /** Lets the connections there are go silent without closing them, as a network does that loses every packet. */
  stall(): void;
  /**
   * Lets the connection go silent, in both directions and without closing it, on which so many more bytes, over all
   * connections, have come from the client: as a client does that is stopped in the middle of a message.
   */
  stallAfterSending(bytes: number): void;
  /** Whether new connections are closed at once. */
  refuse(refusing: boolean): void;
}

/** Starts a proxy in front of `target`. */
export async function startProxy(target: { readonly host: string; readonly port: number }): Promise<CuttingProxy> {
  const proxy = new Proxy(target);
  await proxy.listen();
  return proxy;
}

class Proxy implements CuttingProxy {
  readonly host = "127.0.0.1";
  port = 0;
  connections = 0;
  received = 0;
  readonly #server = createServer((inner) => this.#accept(inner).catch(() => inner.destroy()));
  readonly #sockets = new Set<Socket>();
  readonly #target: { readonly host: string; readonly port: number };
  #sent = 0;
  #stallAt: number | undefined;
  #cut: { readonly at: number; readonly then: () => Promise<void> } | undefined;
  #gate: Promise<void> = Promise.resolve();
  #refusing = false;
  readonly #stalled = new WeakSet<Socket>();

  constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, this.host, resolve));
    const address = this.#server.address();
    if (address !== null && typeof address !== "string") this.port = address.port;
  }

  async #accept(inner: Socket): Promise<void> {
    this.connections++;
    this.#keep(inner);
    if (this.#refusing) return void inner.destroy();
    inner.pause();
    await this.#gate;
    const outer = connect({ ...this.#target, noDelay: true });
    this.#keep(outer);
    inner.setNoDelay(true);
    inner.on("data", (bytes) => this.#send(inner, outer, bytes));
    outer.on("data", (bytes) => {
      this.#pass(outer, inner, bytes);
      this.#count(bytes.length, inner, outer);
    });
    inner.on("close", () => outer.destroy());
    // What the client has not read yet still comes: a reset would throw it away.
    outer.on("close", () => inner.end());
    inner.resume();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #pass(from: Socket, to: Socket, bytes: Uint8Array): void {
    if (this.#stalled.has(from) || to.destroyed) return;
    if (!to.write(bytes)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  }

  #send(inner: Socket, outer: Socket, bytes: Uint8Array): void {
    this.#sent += bytes.length;
    const over = this.#stallAt === undefined ? -1 : this.#sent - this.#stallAt;
    this.#pass(inner, outer, over < 0 ? bytes : bytes.subarray(0, bytes.length - over));
    if (over < 0) return;
    this.#stallAt = undefined;
    for (const socket of [inner, outer]) this.#stalled.add(socket);
  }

  #count(bytes: number, inner: Socket, outer: Socket): void {
    this.received += bytes;
    const cut = this.#cut;
    if (cut === undefined || this.received < cut.at) return;
    this.#cut = undefined;
    this.#gate = cut.then();
    inner.end();
    outer.destroy();
  }

  cutAfter(bytes: number, then: () => Promise<void> = () => Promise.resolve()): void {
    this.#cut = { at: this.received + bytes, then };
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stall(): void {
    for (const socket of this.#sockets) this.#stalled.add(socket);
  }

  stallAfterSending(bytes: number): void {
    this.#stallAt = this.#sent + bytes;
  }

  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.#sockets];
    const closed = sockets.map((socket) => new Promise<void>((resolve) => socket.once("close", () => resolve())));
    this.cut();
    await Promise.all(closed);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
