/**
 * The parts of the package `ssh2` in use, declared here: the package brings no types, and the published ones would
 * bring an old version of Node.js's along, which hides the runtime's own.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** What the package exports. */
export interface Ssh2Module {
  readonly Client: new () => Client;
  readonly Server: new (config: ServerConfig, onConnection: (client: ServerClient) => void) => Server;
  readonly utils: {
    /** Gives the error back instead of throwing it. */
    parseKey(text: string, passphrase?: string): ParsedKey | Error;
    readonly sftp: { readonly STATUS_CODE: StatusCodes };
  };
}

/** SFTP's status codes by name. */
export interface StatusCodes {
  readonly OK: number;
  readonly EOF: number;
  readonly NO_SUCH_FILE: number;
  readonly FAILURE: number;
}

/** A key that was read. */
export interface ParsedKey {
  /** The algorithm, e.g. `ssh-ed25519`. */
  readonly type: string;
  sign(data: Buffer): Buffer | Error;
  getPrivatePEM(): string;
  /** The public key as it goes over the wire. */
  getPublicSSH(): Buffer;
}

/** Names of algorithms, the preferred ones first. */
export interface Algorithms {
  readonly kex: readonly string[];
  readonly serverHostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly hmac: readonly string[];
  readonly compress: readonly string[];
}

/** Names of the ways to log in (RFC 4252). */
export type AuthenticationType = "none" | "publickey" | "password" | "keyboard-interactive" | "hostbased";

/** A question of the server. */
export interface Prompt {
  readonly prompt: string;
  /** Whether the answer may be shown while it is typed. */
  readonly echo?: boolean;
}

/** One try to log in. */
export type LoginAttempt =
  | { readonly type: "none"; readonly username: string }
  | { readonly type: "publickey"; readonly username: string; readonly key: ParsedKey }
  | { readonly type: "password"; readonly username: string; readonly password: string }
  | {
    readonly type: "keyboard-interactive";
    readonly username: string;
    prompt(
      name: string,
      instructions: string,
      language: string,
      prompts: readonly Prompt[],
      finish: (answers: string[]) => void,
    ): void;
  };

/** Takes the next try to log in. */
export type NextAuthHandler = (attempt: LoginAttempt) => void;

/** How a client connects, over a socket that is connected already. */
export interface ConnectConfig {
  readonly sock: Socket;
  readonly username: string;
  readonly algorithms: Algorithms;
  /** In milliseconds. */
  readonly keepaliveInterval: number;
  readonly keepaliveCountMax: number;
  /** In milliseconds; 0 = for ever. */
  readonly readyTimeout: number;
  readonly hostVerifier: (hostKey: Buffer, verify: (accepted: boolean) => void) => void;
  /** `left` is what the server still takes; null before the first answer. */
  readonly authHandler: (left: AuthenticationType[] | null, partial: boolean, next: NextAuthHandler) => void;
}

/** A connection to a server. */
export interface Client {
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "close" | "ready", listener: () => void): this;
  connect(config: ConnectConfig): this;
  /** Starts the SFTP subsystem. */
  sftp(done: (error: Error | undefined, sftp: SFTPWrapper) => void): this;
  end(): this;
}

/** A file's attributes; a server sends those it likes. */
export interface Attributes {
  /** POSIX mode, its type bits included. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** In bytes. */
  readonly size?: number;
  /** In seconds since the Unix epoch. */
  readonly atime?: number;
  /** In seconds since the Unix epoch. */
  readonly mtime?: number;
}

/** One name of a folder. */
export interface FileEntryWithStats {
  readonly filename: string;
  readonly longname: string;
  readonly attrs: Attributes;
}

/** What a server tells of a file system (OpenSSH's PROTOCOL, 3.4). */
export interface FileSystemStats {
  /** Free blocks, for those who are not root. */
  readonly f_bavail: number;
  /** Files that there may be; 0 where nobody counts. */
  readonly f_files: number;
  /** Files that may still be made by those who are not root. */
  readonly f_favail: number;
  /** 1 = read-only. */
  readonly f_flag: number;
}

type Done = (error: Error | null | undefined) => void;
type DoneWith<T> = (error: Error | null | undefined, value: T) => void;

/** An SFTP session: requests on the client's side, answers on the server's. */
export interface SFTPWrapper extends SftpRequests, SftpAnswers {}

/** What a client asks for. */
export interface SftpRequests {
  realpath(path: string, done: DoneWith<string>): void;
  stat(path: string, done: DoneWith<Attributes>): void;
  lstat(path: string, done: DoneWith<Attributes>): void;
  fstat(handle: Buffer, done: DoneWith<Attributes>): void;
  opendir(path: string, done: DoneWith<Buffer>): void;
  /** The next names; the error with status EOF after the last. */
  readdir(handle: Buffer, done: DoneWith<FileEntryWithStats[]>): void;
  mkdir(path: string, done: Done): void;
  open(path: string, flags: "r" | "w", done: DoneWith<Buffer>): void;
  /** Gives the number of bytes that were read into `buffer` at `offset`. */
  read(handle: Buffer, buffer: Buffer, offset: number, length: number, position: number, done: DoneWith<number>): void;
  write(handle: Buffer, buffer: Buffer, offset: number, length: number, position: number, done: Done): void;
  close(handle: Buffer, done: Done): void;
  rename(from: string, to: string, done: Done): void;
  unlink(path: string, done: Done): void;
  /** Throws where the server did not announce the extension. */
  ext_openssh_rename(from: string, to: string, done: Done): void;
  /** Throws where the server did not announce the extension. */
  ext_openssh_fsync(handle: Buffer, done: Done): void;
  /** Throws where the server did not announce the extension. */
  ext_openssh_statvfs(path: string, done: DoneWith<FileSystemStats>): void;
}

/** What a session hears: how it ends and, on the server's side, what the client asks for. */
export interface SftpEvents {
  readonly error: [];
  readonly end: [];
  readonly close: [];
  readonly REALPATH: [id: number, path: string];
  readonly STAT: [id: number, path: string];
  readonly LSTAT: [id: number, path: string];
  readonly OPENDIR: [id: number, path: string];
  readonly READDIR: [id: number, handle: Buffer];
  readonly REMOVE: [id: number, path: string];
  readonly OPEN: [id: number, path: string, flags: number];
  readonly FSTAT: [id: number, handle: Buffer];
  readonly CLOSE: [id: number, handle: Buffer];
  readonly READ: [id: number, handle: Buffer, offset: number, length: number];
  readonly WRITE: [id: number, handle: Buffer, offset: number, data: Buffer];
  readonly RENAME: [id: number, from: string, to: string];
}

/** What a server hears and answers; `id` ties an answer to its request. */
export interface SftpAnswers {
  on<Event extends keyof SftpEvents>(event: Event, listener: (...values: SftpEvents[Event]) => void): this;
  status(id: number, code: number): void;
  attrs(id: number, attributes: Attributes): void;
  name(id: number, entries: readonly FileEntryWithStats[]): void;
  handle(id: number, handle: Buffer): void;
  data(id: number, data: Buffer): void;
  end(): void;
}

/** How a server starts; only tests make one. */
export interface ServerConfig {
  /** Private keys as text. */
  readonly hostKeys: readonly string[];
}

/** A listening server. */
export interface Server {
  listen(port: number, host: string, onListening: () => void): this;
  address(): { readonly port: number } | string | null;
  close(onClosed: () => void): this;
}

/** A client that connected to a server. */
export interface ServerClient {
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "authentication", listener: (context: ServerLogin) => void): this;
  on(event: "session", listener: (accept: () => ServerSession) => void): this;
  end(): this;
}

/** One try of a client to log in. */
export interface ServerLogin {
  readonly method: AuthenticationType;
  accept(): void;
  /** `left` is what may be tried instead. */
  reject(left: readonly AuthenticationType[]): void;
  /** Asks back; with the method `keyboard-interactive` only. */
  prompt(prompts: readonly Prompt[], onAnswers: (answers: string[]) => void): void;
}

/** A session of a client. */
export interface ServerSession {
  on(event: "sftp", listener: (accept: () => SFTPWrapper) => void): this;
}
