/**
 * A running server with users and files in memory, and the programs that talk to it.
 *
 * @module
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import type { ManagedLogins, ManagedUser } from "../../core/engine/managed/logins.ts";
import { collectLog, type LogLine } from "../../core/testing/collect_log.ts";
import type { SftpEvent } from "./journal.ts";
import type { SftpLimits } from "./limits.ts";
import { MemoryAccount } from "./memory_files_testing.ts";
import { type SftpServer, startSftpServer } from "./server.ts";
import { loadSsh2Server } from "./ssh2.ts";

/** The password of every user that has one. */
export const PASSWORD = "Geheim-123";

/** Users in memory. */
export class MemoryLogins implements ManagedLogins {
  readonly users = new Map<string, ManagedUser>();
  /** Names whose passwords were checked; undefined for unknown ones. */
  readonly checked: (string | undefined)[] = [];

  add(username: string, user: Partial<ManagedUser> = {}): ManagedUser {
    const added: ManagedUser = {
      account: 1,
      auth: "0".repeat(32),
      tree: "1".repeat(32),
      username,
      publicKeys: [],
      hasPassword: true,
      requireBoth: false,
      quota: undefined,
      revision: 1,
      ...user,
    };
    this.users.set(username, added);
    return added;
  }

  async find(username: string): Promise<ManagedUser | undefined> {
    return this.users.get(username);
  }

  async checkPassword(user: ManagedUser | undefined, password: string): Promise<boolean> {
    this.checked.push(user?.username);
    return user?.hasPassword === true && password === PASSWORD;
  }

  async revisions(usernames: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map(usernames.flatMap((name) => {
      const user = this.users.get(name);
      return user === undefined ? [] : [[name, user.revision]];
    }));
  }
}

/** A server, and what it works with. */
export interface TestServer extends AsyncDisposable {
  readonly server: SftpServer;
  readonly port: number;
  readonly logins: MemoryLogins;
  /** Every user's files. */
  readonly account: MemoryAccount;
  readonly events: readonly SftpEvent[];
  readonly lines: readonly LogLine[];
}

/** How a server for tests differs. */
export interface TestServerOptions {
  /** 127.0.0.1 unless told. */
  readonly host?: string;
  /** Any free one unless told. */
  readonly port?: number;
  readonly limits?: Partial<SftpLimits>;
  readonly clock?: () => number;
  readonly hostKeys?: readonly string[];
}

let hostKey: string | undefined;

/** A private key that is made once a process. */
export function testHostKey(): string {
  hostKey ??= generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    .export({ type: "sec1", format: "pem" }).toString();
  return hostKey;
}

/** `SHA256:…` of that key. */
export async function hostKeyFingerprint(): Promise<string> {
  const { utils } = await loadSsh2Server();
  const key = utils.parseKey(testHostKey());
  if (key instanceof Error) throw key;
  return `SHA256:${createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "")}`;
}

/** Starts a server with a user called `ada`. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const logins = new MemoryLogins();
  const account = new MemoryAccount();
  const events: SftpEvent[] = [];
  const { log, lines } = collectLog();
  logins.add("ada");
  const server = await startSftpServer({
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    hostKeys: options.hostKeys ?? [testHostKey()],
    logins,
    filesOf: () => account.session(),
    journal: { record: (event) => void events.push(event) },
    log,
    ...options.limits === undefined ? {} : { limits: options.limits },
    ...options.clock === undefined ? {} : { clock: options.clock },
  });
  return {
    server,
    port: server.address.port,
    logins,
    account,
    events,
    lines,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Waits until something is so: what ends a connection here comes to the server after the client knows of it. */
export async function until(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
}
