/**
 * SFTP over one channel: takes requests as fast as they are done, and sends the answers.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { nextTick } from "node:process";
import { versionAnswer } from "./answers.ts";
import type { Operations } from "./operations.ts";
import { MalformedPacket } from "./packet_reader.ts";
import { MAX_DATA, PacketType } from "./protocol.ts";
import { type IdentifiedRequest, readRequest, type Request } from "./requests.ts";
import { PacketSplitter } from "./splitter.ts";
import type { ServerChannel } from "./ssh2_types.ts";

/** Requests of a channel that are worked on at a time: as many as OpenSSH's client sends without waiting. */
const REQUESTS = 64;
/** Bytes that requests which are worked on bring or ask for. */
const BYTES = 4 * 1024 * 1024;
/**
 * Bytes of answers that wait to be taken: more than the streams hold without asking to wait (2 MiB each), so that they
 * tell when there is room again.
 */
const ANSWERS = 4 * 1024 * 1024;
/** Answers that leave together are joined up to so many bytes. */
const JOINED = 16 * 1024;

/** What a channel runs on. */
export interface ChannelOptions {
  readonly channel: ServerChannel;
  readonly socket: Socket;
  readonly operations: Operations;
  /** Called for each request. */
  readonly onRequest: () => void;
  /** Called once everything of the channel has come to its end. */
  readonly onEnd: () => Promise<void>;
  /** Told of errors that nobody expected. */
  readonly onBug: (error: unknown) => void;
  /** Called where the client does not speak SFTP, with what it did. */
  readonly onFault: (what: string) => void;
}

/** One SFTP channel; begins with {@linkcode start}. */
export class SftpChannel {
  readonly #options: ChannelOptions;
  readonly #splitter = new PacketSplitter();
  #waiting: Uint8Array[] = [];
  #answers: Buffer[] = [];
  /** Handles that are being closed, each with the answers that leave together with that of the close. */
  readonly #closing = new Map<string, Buffer[]>();
  #flushing = false;
  #greeted = false;
  #requests = 0;
  #bytes = 0;
  #paused = false;
  /** Nothing more comes. */
  #eof = false;
  /** Nothing more goes. */
  #closed = false;
  #ended: Promise<void> | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** Paths of the files that are being written. */
  get uploads(): readonly string[] {
    return this.#options.operations.uploads;
  }

  /** Begins to read. */
  start(): void {
    const { channel, socket } = this.#options;
    channel.on("data", (chunk) => this.#take(chunk));
    channel.on("end", () => {
      this.#eof = true;
      this.#goOn();
    });
    channel.on("drain", () => this.#goOn());
    socket.on("drain", this.#onDrain);
  }

  /** Lets go of everything: the channel or its connection is gone, or is to go. */
  async lose(): Promise<void> {
    this.#closed = true;
    await this.#end(1);
  }

  readonly #onDrain = (): void => this.#goOn();

  #take(chunk: Uint8Array): void {
    if (this.#closed || this.#eof) return;
    try {
      this.#waiting.push(...this.#splitter.split(chunk));
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error;
      this.#fault(error.message);
    }
    this.#goOn();
  }

  /** Begins what is waiting as far as there is room, and asks for more only once nothing waits. */
  #goOn(): void {
    if (this.#closed) return;
    let next = 0;
    for (; next < this.#waiting.length && this.#hasRoom(); next++) {
      const packet = this.#waiting[next];
      if (packet !== undefined) this.#begin(packet);
    }
    if (next > 0) this.#waiting.splice(0, next);
    this.#pause(this.#waiting.length > 0 || !this.#hasRoom());
    if (this.#eof && this.#waiting.length === 0 && this.#requests === 0) this.#end(0);
  }

  #hasRoom(): boolean {
    const { channel, socket } = this.#options;
    return this.#requests < REQUESTS && this.#bytes < BYTES &&
      channel.writableLength + socket.writableLength < ANSWERS;
  }

  #pause(pause: boolean): void {
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#options.channel.pause();
    else this.#options.channel.resume();
  }

  #begin(packet: Uint8Array): void {
    this.#options.onRequest();
    if (!this.#greeted) {
      if (packet[0] !== PacketType.INIT) return this.#fault(`A packet of type ${packet[0]} before INIT`);
      this.#greeted = true;
      return this.#send(versionAnswer());
    }
    const identified = readRequest(packet);
    const bytes = weight(identified);
    this.#requests++;
    this.#bytes += bytes;
    const { request } = identified;
    if (request.kind === "close" && !this.#closing.has(request.handle)) this.#closing.set(request.handle, []);
    this.#options.operations.answer(identified).then((answer) => {
      this.#requests--;
      this.#bytes -= bytes;
      this.#answer(request, answer);
      this.#goOn();
    });
  }

  /** Whoever asked to close a file waits for that: what it wrote before is answered with it, in one packet. */
  #answer(request: Request, answer: Buffer): void {
    if (request.kind === "write" || request.kind === "set_stat_handle") {
      const held = this.#closing.get(request.handle);
      if (held !== undefined) return void held.push(answer);
    } else if (request.kind === "close") {
      for (const held of this.#closing.get(request.handle) ?? []) this.#send(held);
      this.#closing.delete(request.handle);
    }
    this.#send(answer);
  }

  /** Answers that are made in one go leave in one. */
  #send(answer: Buffer): void {
    if (this.#closed) return;
    this.#answers.push(answer);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const answers = this.#answers;
    if (this.#closed || answers.length === 0) return;
    this.#answers = [];
    const { channel, socket } = this.#options;
    // ssh2 writes each packet in three parts: they leave the machine together.
    socket.cork();
    nextTick(() => socket.uncork());
    const length = answers.reduce((sum, answer) => sum + answer.length, 0);
    if (answers.length > 1 && length <= JOINED) channel.write(Buffer.concat(answers, length));
    else for (const answer of answers) channel.write(answer);
  }

  /** Ends the channel: what comes next could not be told from garbage. */
  #fault(what: string): void {
    this.#waiting = [];
    this.#eof = true;
    this.#options.onFault(what);
    this.#end(1);
  }

  /** The exit status and the end of the channel: clients wait for them. */
  #end(status: number): Promise<void> {
    this.#ended ??= this.#finish(status).catch(this.#options.onBug);
    return this.#ended;
  }

  async #finish(status: number): Promise<void> {
    const { channel, socket, operations, onEnd } = this.#options;
    try {
      await operations.end();
    } finally {
      this.#flush();
      socket.off("drain", this.#onDrain);
      if (!this.#closed) {
        this.#closed = true;
        channel.exit(status);
      }
      channel.end();
      // What still comes is not kept.
      channel.resume();
      await onEnd();
    }
  }
}

/** Bytes that a request brings or asks for. */
function weight({ request }: IdentifiedRequest): number {
  if (request.kind === "write") return request.data.length;
  return request.kind === "read" ? Math.min(request.length, MAX_DATA) : 0;
}
