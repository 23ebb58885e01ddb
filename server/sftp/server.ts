/**
 * The managed SFTP server: listens, and lets in whoever has an account.
 *
 * @module
 */
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { Failure } from "../../core/contracts/failure.ts";
import type { Log } from "../../core/contracts/log.ts";
import type { ManagedLogins } from "../../core/engine/managed/logins.ts";
import { Admission } from "./admission.ts";
import { ALGORITHMS } from "./algorithms.ts";
import { FailedLogins } from "./attempts.ts";
import { Connection, type FilesOf, type ServerParts } from "./connection.ts";
import { UserHandles } from "./handles.ts";
import { fewAtATime } from "./heavy.ts";
import type { SftpJournal } from "./journal.ts";
import { DEFAULT_LIMITS, type SftpLimits } from "./limits.ts";
import { RevisionWatch } from "./revisions.ts";
import { SessionRegistry, type SftpSessions } from "./sessions.ts";
import { loadSsh2Server } from "./ssh2.ts";
import type { Server as SshServer } from "./ssh2_types.ts";

/** Passwords that are checked at a time: each costs a core for a while. */
const PASSWORDS = 4;

/** How to serve. */
export interface SftpServerOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  /** Private keys as text, one of each type: Ed25519, ECDSA or RSA. */
  readonly hostKeys: readonly string[];
  readonly logins: ManagedLogins;
  /** The files of a user, for one channel; disposed of at its end. */
  readonly filesOf: FilesOf;
  readonly journal: SftpJournal;
  readonly log: Log;
  readonly limits?: Partial<SftpLimits>;
  /** Milliseconds that never go back. */
  readonly clock?: () => number;
}

/** A listening server; disposing of it interrupts uploads, ends all connections and resolves once all is let go of. */
export interface SftpServer extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  readonly sessions: SftpSessions;
}

/** Starts the server. Failure `config` where the address cannot be had. */
export async function startSftpServer(options: SftpServerOptions): Promise<SftpServer> {
  const { Server, utils } = await loadSsh2Server();
  const { logins, filesOf, journal, log, clock = () => performance.now() } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const server = new Listening({
    limits,
    logins,
    filesOf,
    journal,
    log,
    clock,
    failed: new FailedLogins(clock, limits.failuresOfAddress),
    admission: new Admission(limits),
    registry: new SessionRegistry(),
    handles: new UserHandles(limits.handlesOfUser),
    parseKey: utils.parseKey,
    heavy: fewAtATime(PASSWORDS),
  });
  server.ssh = new Server({
    hostKeys: options.hostKeys,
    ident: "Waybill",
    algorithms: ALGORITHMS,
    keepaliveInterval: limits.keepAlive.interval,
    keepaliveCountMax: limits.keepAlive.count,
  }, (client, { ip, port, header }) => {
    const connection = server.find(ip, port);
    if (connection !== undefined) return connection.greet(client, header.versions.software);
    // It is gone already; what else ssh2 has to say of it must not end the process.
    client.on("error", () => {}).end();
  });
  await server.listen(options.host, options.port);
  return server;
}

class Listening implements SftpServer {
  ssh: SshServer | undefined;
  address: { readonly host: string; readonly port: number } = { host: "", port: 0 };
  readonly #parts: ServerParts;
  readonly #listener: NetServer;
  /** By where they come from, which is how ssh2 tells whose first line came. */
  readonly #connections = new Map<string, Connection>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#listener = createServer((socket) => this.#accept(socket));
  }

  get sessions(): SftpSessions {
    return this.#parts.registry;
  }

  find(ip: string | undefined, port: number | undefined): Connection | undefined {
    return this.#connections.get(keyOf(ip, port));
  }

  async listen(host: string, port: number): Promise<void> {
    // Nothing would mean every address, which is to be said.
    if (host === "") throw unavailable(host, port, undefined);
    await new Promise<void>((resolve, reject) => {
      this.#listener.once("error", reject);
      this.#listener.listen(port, host, () => {
        this.#listener.off("error", reject);
        resolve();
      });
    }).catch((cause) => {
      throw unavailable(host, port, cause);
    });
    this.#listener.on("error", (error) => this.#parts.log.warn("The SFTP server's socket", { error: error.message }));
    const bound = this.#listener.address();
    if (bound !== null && typeof bound !== "string") this.address = { host: bound.address, port: bound.port };
    const watch = new RevisionWatch(this.#parts.registry, this.#parts.logins, this.#parts.log);
    this.#timer = setInterval(() => {
      for (const connection of this.#connections.values()) if (connection.isIdle()) connection.end("idle");
      watch.look();
    }, this.#parts.limits.revisions);
  }

  #accept(socket: Socket): void {
    const { failed, admission } = this.#parts;
    const { remoteAddress, remotePort } = socket;
    const key = keyOf(remoteAddress, remotePort);
    const address = remoteAddress?.replace(/^::ffff:(?=\d+\.)/, "");
    const connection = new Connection(this.#parts, socket, address ?? "");
    // Two of the same address and port can only come over two addresses of this machine.
    if (
      address === undefined || this.#connections.has(key) || failed.refuses(address) || !admission.enter(connection)
    ) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#connections.set(key, connection);
    connection.closed.then(() => this.#connections.delete(key));
    // ssh2 pauses the socket until it has its parts together; listening for data before that would lose the first line.
    this.ssh?.injectSocket(socket);
    connection.watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    const stopped = new Promise<void>((resolve) => this.#listener.close(() => resolve()));
    const connections = [...this.#connections.values()];
    for (const connection of connections) connection.end("server stops");
    await Promise.all(connections.map(({ closed }) => closed));
    await stopped;
  }
}

function unavailable(host: string, port: number, cause: unknown): Failure {
  const at = `"${host}" port ${port}`;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE" || code === "EACCES") {
    return new Failure("config", `The SFTP server cannot listen on ${at}`, {
      hint: code === "EACCES"
        ? "Choose a port above 1023 with --sftp-port"
        : "Give another port with --sftp-port, or stop what listens there",
      cause,
    });
  }
  return new Failure("config", `The SFTP server cannot listen on ${at}: it is no address of this machine`, {
    hint: "Give one with --sftp-host; 0.0.0.0 and :: stand for all",
    cause,
  });
}

function keyOf(ip: string | undefined, port: number | undefined): string {
  return `${ip} ${port}`;
}
