/**
 * One connection, from its first byte to its last.
 *
 * @module
 */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { Log } from "../../core/contracts/log.ts";
import type { ManagedLogins, ManagedUser } from "../../core/engine/managed/logins.ts";
import type { SessionFiles } from "../../core/engine/managed/session_files.ts";
import type { Admission, Stranger } from "./admission.ts";
import type { FailedLogins } from "./attempts.ts";
import { Authentication } from "./authentication.ts";
import { SftpChannel } from "./channel.ts";
import type { UserHandles } from "./handles.ts";
import type { JournalSession, LoginMethod, LoginRefusal, SftpJournal } from "./journal.ts";
import type { SftpLimits } from "./limits.ts";
import { Operations } from "./operations.ts";
import type { LiveSession, SessionRegistry, SftpSession } from "./sessions.ts";
import type { ServerChannel, ServerClient, ServerSession, Ssh2ServerModule } from "./ssh2_types.ts";

/** Bytes that may wait to be sent before nothing more is read: a client that takes nothing gives nothing. */
const UNSENT = 8 * 1024 * 1024;
/** Bytes of a channel that may wait to be read; ssh2 grants 3 MiB at most, so more come from a client that cheats. */
const UNREAD = 4 * 1024 * 1024;
/** The smallest packets that a client may ask for; ssh2 would never be done with packets of 0 bytes. */
const SMALLEST_PACKET = 256;
/** What a client calls itself, cut to so many characters. */
const CLIENT_NAME = 100;

const SFTP_ONLY = "This server offers SFTP only: use scp without -O, or sftp\n";

/** The files of a user, for one channel of a session. */
export type FilesOf = (
  user: ManagedUser,
  session: { readonly id: string; readonly address: string },
) => Promise<SessionFiles & AsyncDisposable>;

/** What all connections of a server share. */
export interface ServerParts {
  readonly limits: SftpLimits;
  readonly logins: ManagedLogins;
  readonly filesOf: FilesOf;
  readonly journal: SftpJournal;
  readonly log: Log;
  readonly clock: () => number;
  readonly failed: FailedLogins;
  readonly admission: Admission;
  readonly registry: SessionRegistry;
  readonly handles: UserHandles;
  readonly parseKey: Ssh2ServerModule["utils"]["parseKey"];
  readonly heavy: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A connection; its socket is handed to ssh2 by the server. */
export class Connection implements Stranger, LiveSession {
  readonly id: string = randomBytes(16).toString("hex");
  readonly address: string;
  readonly #parts: ServerParts;
  readonly #socket: Socket;
  readonly #channels = new Set<SftpChannel>();
  readonly #open = new Set<ServerChannel>();
  readonly #closed = Promise.withResolvers<void>();
  #client: ServerClient | undefined;
  #clientName = "";
  #user: ManagedUser | undefined;
  #started = 0;
  #lastRequest = 0;
  /** By the injected clock. */
  #active: number;
  #reason = "client left";
  #gone = false;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: ServerParts, socket: Socket, address: string) {
    this.#parts = parts;
    this.#socket = socket;
    this.address = address;
    this.#active = parts.clock();
  }

  /** Resolves when the socket is closed and all files are let go of. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  get username(): string {
    return this.#user?.username ?? "";
  }

  get revision(): number {
    return this.#user?.revision ?? 0;
  }

  /** Watches the socket; everything before a login has a deadline. */
  watch(): void {
    const { limits } = this.#parts;
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, limits.keepAlive.interval);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#leave());
    socket.on("data", () => this.#checkFlow());
    this.#deadline = setTimeout(() => this.drop(), limits.login);
  }

  /** The client's first line came: it speaks SSH. */
  greet(client: ServerClient, software: string): void {
    this.#client = client;
    this.#clientName = software.replace(/[^\x20-\x7e]/g, "?").slice(0, CLIENT_NAME);
    client.on("error", (error) => {
      this.#parts.log.debug("An SFTP connection broke", { address: this.address, error: error.message });
      this.end("connection broke");
    });
    const { limits, logins, failed, parseKey, heavy } = this.#parts;
    const authentication = new Authentication({
      logins,
      failed,
      limits,
      parseKey,
      heavy,
      address: this.address,
      wait: (milliseconds) => this.#wait(milliseconds),
      admit: (user, method) => this.#admit(user, method),
      onRefused: (username, user, reason) => this.#refused(username, user, reason),
      onEnough: () => this.end("too many tries"),
    });
    client.on("authentication", (attempt) => {
      // ssh2 throws at whoever answers a connection that is gone.
      authentication.take(attempt).catch((error) => this.#gone ? undefined : this.#bug(error));
    });
    client.on("session", (accept, reject) => {
      if (this.#open.size >= limits.channels) return reject();
      const session = accept();
      if (session !== undefined) this.#serve(session);
    });
  }

  describe(): SftpSession {
    return {
      id: this.id,
      username: this.username,
      account: this.#user?.account ?? 0,
      auth: this.#user?.auth ?? "",
      address: this.address,
      client: this.#clientName,
      started: this.#started,
      lastRequest: this.#lastRequest,
      received: this.#socket.bytesRead,
      sent: this.#socket.bytesWritten,
      uploads: [...this.#channels].flatMap((channel) => channel.uploads),
    };
  }

  /** Whether nothing was asked for a long time. */
  isIdle(): boolean {
    return this.#user !== undefined && this.#parts.clock() - this.#active > this.#parts.limits.idle;
  }

  /** Says goodbye and closes the connection, by force if it takes long. */
  end(reason: string): void {
    if (this.#gone) return;
    this.#reason = reason;
    this.#parts.registry.remove(this.id);
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.drop(), this.#parts.limits.goodbye);
    try {
      this.#client?.end();
    } catch {
      // ssh2 throws for a connection that it has given up; the socket is closed all the same.
    }
    // Nothing that comes after the goodbye counts.
    this.#loseChannels().catch((error) => this.#bug(error));
    if (this.#client === undefined) this.drop();
  }

  drop(): void {
    this.#socket.destroy();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#deadline);
    this.#parts.admission.leave(this);
    this.#parts.registry.remove(this.id);
    this.#loseChannels().catch((error) => this.#bug(error)).then(() => {
      if (this.#user !== undefined) {
        const { bytesRead: received, bytesWritten: sent } = this.#socket;
        this.#record({ kind: "logout", reason: this.#reason, received, sent, ...this.#who(this.#user) });
      }
      this.#closed.resolve();
    });
  }

  async #loseChannels(): Promise<void> {
    await Promise.all([...this.#channels].map((channel) => channel.lose()));
  }

  /** Streams hold what they are given: whoever takes no answers, or sends more than it may, is not read on. */
  #checkFlow(): void {
    const socket = this.#socket;
    if (socket.writableLength > UNSENT && !socket.isPaused()) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
    for (const channel of this.#open) {
      if (channel.readableLength > UNREAD) return this.drop();
    }
  }

  /** Waits; false where the connection ended meanwhile. */
  async #wait(milliseconds: number): Promise<boolean> {
    if (milliseconds > 0 && !this.#gone) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const time = new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds));
      await Promise.race([time, this.#closed.promise]);
      clearTimeout(timer);
    }
    return !this.#gone;
  }

  #admit(user: ManagedUser, method: LoginMethod): boolean {
    const { registry, limits, admission, log } = this.#parts;
    if (this.#gone || registry.count(user.username) >= limits.sessionsOfUser) return false;
    clearTimeout(this.#deadline);
    this.#user = user;
    this.#started = this.#lastRequest = Date.now();
    this.#active = this.#parts.clock();
    admission.known(this);
    registry.add(this);
    const client = this.#clientName;
    log.info("SFTP login", { user: user.username, address: this.address, method, client });
    this.#record({ kind: "login", method, client, ...this.#who(user) });
    return true;
  }

  #refused(username: string, user: ManagedUser | undefined, reason: LoginRefusal): void {
    const { address } = this;
    this.#parts.log.warn("SFTP login refused", { user: username.slice(0, CLIENT_NAME), address, reason });
    this.#record({ kind: "login_refused", username, address, reason, account: user?.account, auth: user?.auth });
  }

  #serve(session: ServerSession): void {
    session.on("exec", (accept) => {
      const channel = this.#checked(accept());
      if (channel === undefined) return;
      // The old `scp` copies by running itself here.
      channel.stderr.write(SFTP_ONLY);
      channel.exit(1);
      channel.end();
      channel.resume();
    });
    session.on("subsystem", (accept, reject, { name }) => {
      const user = this.#user;
      if (name !== "sftp" || user === undefined) return reject?.();
      const channel = this.#checked(accept());
      if (channel !== undefined) this.#startSftp(channel, user).catch((error) => this.#bug(error));
    });
  }

  /** A channel that can be used; what else may happen on it must not end the process. */
  #checked(channel: ServerChannel | undefined): ServerChannel | undefined {
    if (channel === undefined) return undefined;
    channel.on("error", () => this.drop());
    channel.stderr.on("error", () => this.drop());
    if (channel.outgoing.packetSize < SMALLEST_PACKET) {
      this.drop();
      return undefined;
    }
    this.#open.add(channel);
    channel.on("close", () => this.#open.delete(channel));
    return channel;
  }

  async #startSftp(channel: ServerChannel, user: ManagedUser): Promise<void> {
    const { filesOf, limits, handles, log } = this.#parts;
    let closed = false;
    channel.on("close", () => closed = true);
    const files = await filesOf(user, this).catch((error) => {
      channel.exit(1);
      channel.end();
      channel.resume();
      throw error;
    });
    if (this.#gone || closed) return await files[Symbol.asyncDispose]();
    const operations = new Operations({
      files,
      username: user.username,
      maxHandles: limits.handles,
      userHandles: handles,
      journal: (event) => this.#record({ ...event, ...this.#who(user) }),
      onBug: (error) => this.#bug(error),
    });
    const sftp = new SftpChannel({
      channel,
      socket: this.#socket,
      operations,
      onRequest: () => {
        this.#lastRequest = Date.now();
        this.#active = this.#parts.clock();
      },
      onEnd: async () => {
        this.#channels.delete(sftp);
        await files[Symbol.asyncDispose]();
      },
      onBug: (error) => this.#bug(error),
      onFault: (what) => log.warn("An SFTP client was cut off", { user: user.username, address: this.address, what }),
    });
    this.#channels.add(sftp);
    channel.on("close", () => void sftp.lose());
    sftp.start();
  }

  #who({ account, auth, username }: ManagedUser): JournalSession {
    return { session: this.id, account, auth, username, address: this.address };
  }

  #record(event: Parameters<SftpJournal["record"]>[0]): void {
    try {
      this.#parts.journal.record(event);
    } catch (error) {
      this.#bug(error);
    }
  }

  #bug(error: unknown): void {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    this.#parts.log.error("The SFTP server met an error that nobody expected", { address: this.address, error: text });
  }
}
