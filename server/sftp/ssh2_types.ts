/**
 * The parts of the package `ssh2` that a server uses, declared here: the package brings no types.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Algorithms, AuthenticationType, ParsedKey, Prompt } from "../../core/files/sftp/ssh2_types.ts";

/** What the package exports. */
export interface Ssh2ServerModule {
  readonly Server: new (config: ServerConfig, onConnection: (client: ServerClient, info: ClientInfo) => void) => Server;
  readonly utils: {
    /** Gives the error back instead of throwing it. */
    parseKey(text: string | Buffer): PublicKey | Error;
  };
}

/** How the server speaks. */
export interface ServerConfig {
  /** Private keys as text. */
  readonly hostKeys: readonly string[];
  /** What stands after `SSH-2.0-` in its first line. */
  readonly ident: string;
  readonly algorithms: Algorithms;
  /** In milliseconds; only once somebody has logged in. */
  readonly keepaliveInterval: number;
  readonly keepaliveCountMax: number;
}

/** Speaks SSH on sockets that it is given; it listens nowhere itself. */
export interface Server {
  injectSocket(socket: Socket): void;
}

/** Who connected, known once the first line of the client has come. */
export interface ClientInfo {
  readonly ip: string | undefined;
  readonly port: number | undefined;
  readonly header: { readonly identRaw: string; readonly versions: { readonly software: string } };
}

/** A client that connected. */
export interface ServerClient {
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "close" | "end" | "ready", listener: () => void): this;
  on(event: "authentication", listener: (attempt: LoginAttempt) => void): this;
  on(event: "session", listener: (accept: () => ServerSession | undefined, reject: () => void) => void): this;
  /** Says goodbye and closes the socket for writing. */
  end(): this;
}

/** One try of a client to log in. */
export type LoginAttempt = OtherAttempt | PasswordAttempt | PublicKeyAttempt | PromptAttempt;

interface Answerable {
  readonly username: string;
  /** Lets the client in; of a key without a signature: says that it may sign. */
  accept(): void;
  /** `left` is what may be tried; `partial` says that this try was right and another is needed. */
  reject(left: readonly AuthenticationType[], partial?: boolean): void;
}

/** A try by a way that is not offered. */
export interface OtherAttempt extends Answerable {
  readonly method: "none" | "hostbased";
}

/** A try with a password; an object where the client wants to change it. */
export interface PasswordAttempt extends Answerable {
  readonly method: "password";
  readonly password: unknown;
}

/** A try with a key; without a signature it only asks whether the key would do. */
export interface PublicKeyAttempt extends Answerable {
  readonly method: "publickey";
  /** `algo` is `ssh-rsa` for every RSA key, whatever the hash. */
  readonly key: { readonly algo: string; readonly data: Buffer };
  /** `sha256` or `sha512` of `rsa-sha2-…`; undefined for other algorithms, `ssh-rsa` with its SHA-1 included. */
  readonly hashAlgo: string | undefined;
  readonly signature: Buffer | undefined;
  /** What is signed. */
  readonly blob: Buffer | undefined;
}

/** A try that answers questions. */
export interface PromptAttempt extends Answerable {
  readonly method: "keyboard-interactive";
  /** The answers, or an error where the client tries something else instead. */
  prompt(prompts: readonly Prompt[], onAnswers: (answers: readonly string[] | Error) => void): void;
}

/** A key that was read. */
export interface PublicKey extends ParsedKey {
  /** `hash` only for RSA keys. */
  verify(data: Buffer, signature: Buffer, hash?: string): boolean | Error;
}

/** A session of a client: it becomes what its first request asks for. */
export interface ServerSession {
  on(
    event: "subsystem" | "exec",
    listener: (
      accept: () => ServerChannel | undefined,
      reject: (() => void) | undefined,
      info: { readonly name: string },
    ) => void,
  ): this;
}

/** What runs over a session: what the client sends is read, what is written goes to it. */
export interface ServerChannel {
  /** `maxPacket` of what the client takes: nothing checks what it names. */
  readonly outgoing: { readonly packetSize: number };
  readonly stderr: { write(data: string): boolean; on(event: "error", listener: (error: Error) => void): unknown };
  /** Bytes that wait until the client takes more. */
  readonly writableLength: number;
  /** Bytes that came and were not read yet. */
  readonly readableLength: number;
  on(event: "data", listener: (chunk: Buffer) => void): this;
  on(event: "end" | "close" | "drain", listener: () => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  write(data: Buffer): boolean;
  pause(): this;
  resume(): this;
  /** How the work ended, as a process does: 0 is well. */
  exit(status: number): void;
  /** Closes the channel once everything is written. */
  end(): void;
}
