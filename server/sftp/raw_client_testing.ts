/**
 * A client that says what it is told to, right or wrong, over a real SSH connection.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { type Answer, initPacket, readAnswer, requestPacket } from "./requests_testing.ts";
import type { Request } from "./requests.ts";
import { PASSWORD } from "./server_testing.ts";
import { PacketSplitter } from "./splitter.ts";

/** Single messages of SSH. */
export interface RawProtocol {
  session(channel: number, window: number, packetSize: number): void;
  channelEOF(channel: number): void;
  channelClose(channel: number): void;
  channelData(channel: number, data: Buffer): void;
  channelWindowAdjust(channel: number, bytes: number): void;
  channelSuccess(channel: number): void;
  channelFailure(channel: number): void;
  subsystem(channel: number, name: string, wantReply: boolean): void;
  exec(channel: number, command: string, wantReply: boolean): void;
  shell(channel: number, wantReply: boolean): void;
  rekey(): void;
  ping(): void;
  requestFailure(): void;
}

/** What of ssh2's client the tests use. */
export interface RawClient {
  /** Its own; the one way to say what no client of good will does. */
  readonly _protocol: RawProtocol;
  on(event: "ready" | "close", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(
    event: "keyboard-interactive",
    listener: (n: string, i: string, l: string, p: readonly unknown[], answer: (answers: string[]) => void) => void,
  ): this;
  connect(config: Readonly<Record<string, unknown>>): this;
  subsys(name: string, done: (error: Error | undefined, channel: RawChannel) => void): this;
  exec(command: string, done: (error: Error | undefined, channel: RawChannel) => void): this;
  shell(done: (error: Error | undefined) => void): this;
  forwardOut(a: string, b: number, c: string, d: number, done: (error: Error | undefined) => void): this;
  end(): this;
}

/** A channel on the client's side. */
export interface RawChannel {
  readonly stderr: { on(event: "data", listener: (data: Buffer) => void): unknown };
  on(event: "data", listener: (data: Buffer) => void): this;
  on(event: "exit", listener: (status: number) => void): this;
  on(event: "close" | "end", listener: () => void): this;
  write(data: Uint8Array): boolean;
  pause(): this;
  resume(): this;
  end(): this;
}

/** How to log in. */
export interface RawLogin {
  readonly username?: string;
  readonly password?: string;
  readonly privateKey?: string;
  /** Answer the server's question instead of sending the password. */
  readonly interactive?: boolean;
  /** More of what ssh2 takes. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A logged-in connection. */
export interface RawConnection extends AsyncDisposable {
  readonly client: RawClient;
  readonly socket: Socket;
  /** Resolves when the connection is closed, whoever did it. */
  readonly closed: Promise<void>;
  /** Opens an SFTP channel; INIT is sent unless told. */
  sftp(init?: boolean): Promise<RawSftp>;
}

/** One SFTP channel. */
export interface RawSftp {
  readonly channel: RawChannel;
  /** Resolves with the exit status, if one came, when the channel is closed. */
  readonly closed: Promise<number | undefined>;
  send(bytes: Uint8Array): void;
  /** Sends a request and gives its answer; fails where the channel closes first. */
  ask(request: Request): Promise<Answer>;
  /** Sends many requests in one go. */
  askAll(requests: readonly Request[]): Promise<readonly Answer[]>;
}

/** Connects and logs in; fails with what ssh2 says. */
export async function connectRaw(port: number, login: RawLogin = {}): Promise<RawConnection> {
  const module: { readonly default: { readonly Client: new () => RawClient } } = await import("ssh2");
  const client = new module.default.Client();
  const closed = Promise.withResolvers<void>();
  const { username = "ada", privateKey, interactive = false, config } = login;
  const password = login.password ?? (privateKey === undefined ? PASSWORD : undefined);
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("close", () => closed.resolve());
  client.on("keyboard-interactive", (_name, _instructions, _language, _prompts, answer) => answer([password ?? ""]));
  await new Promise<void>((resolve, reject) => {
    client.on("ready", resolve);
    client.on("error", reject);
    client.on("close", () => reject(new Error("closed")));
    client.connect({
      sock: socket,
      username,
      ...privateKey === undefined ? {} : { privateKey },
      ...password === undefined || interactive ? {} : { password },
      tryKeyboard: interactive,
      readyTimeout: 0,
      ...config,
    });
  });
  return {
    client,
    socket,
    closed: closed.promise,
    sftp: (init = true) =>
      new Promise((resolve, reject) => {
        client.subsys("sftp", (error, channel) => {
          if (error) return reject(error);
          const sftp = new Sftp(channel);
          if (!init) return resolve(sftp);
          sftp.send(initPacket());
          sftp.greeted.then(() => resolve(sftp), reject);
        });
      }),
    async [Symbol.asyncDispose]() {
      client.end();
      socket.destroy();
      await closed.promise;
    },
  };
}

class Sftp implements RawSftp {
  readonly channel: RawChannel;
  readonly closed: Promise<number | undefined>;
  readonly greeted: Promise<void>;
  readonly #splitter = new PacketSplitter();
  readonly #waiting = new Map<number, PromiseWithResolvers<Answer>>();
  #next = 1;

  constructor(channel: RawChannel) {
    this.channel = channel;
    const closed = Promise.withResolvers<number | undefined>();
    const greeted = Promise.withResolvers<void>();
    greeted.promise.catch(() => {});
    let status: number | undefined;
    channel.on("exit", (code) => status = code);
    channel.on("close", () => {
      closed.resolve(status);
      greeted.reject(new Error("The channel was closed"));
      for (const { reject } of this.#waiting.values()) reject(new Error("The channel was closed"));
    });
    channel.on("data", (data) => {
      for (const packet of this.#splitter.split(data)) {
        if (packet[0] === 2) greeted.resolve();
        else this.#take(readAnswer(packet));
      }
    });
    this.closed = closed.promise;
    this.greeted = greeted.promise;
  }

  send(bytes: Uint8Array): void {
    this.channel.write(Buffer.from(bytes));
  }

  async ask(request: Request): Promise<Answer> {
    const [answer] = await this.askAll([request]);
    if (answer === undefined) throw new Error("There is no answer");
    return answer;
  }

  askAll(requests: readonly Request[]): Promise<readonly Answer[]> {
    const packets: Uint8Array[] = [];
    const answers = requests.map((request) => {
      const id = this.#next++;
      const answer = Promise.withResolvers<Answer>();
      this.#waiting.set(id, answer);
      packets.push(requestPacket(id, request));
      return answer.promise;
    });
    this.send(Buffer.concat(packets));
    return Promise.all(answers);
  }

  #take(answer: Answer): void {
    this.#waiting.get(answer.id)?.resolve(answer);
    this.#waiting.delete(answer.id);
  }
}
