/**
 * A real OpenSSH server on loopback, for tests.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { freePort } from "./free_port.ts";
import { requirePeer } from "./peer.ts";

const SSHD = "/usr/sbin/sshd";
const KEYGEN = "/usr/bin/ssh-keygen";
/** Both of procps, which openssh-server depends on. */
const PS = "/usr/bin/ps";
const KILL = "/usr/bin/kill";

/** How to start the server. */
export interface OpenSshOptions {
  /** Lines for the top of `sshd_config`, where the first word on a matter wins. */
  readonly config?: readonly string[];
  /** Arguments for its SFTP server: `-P posix-rename` takes an extension away, `-R` makes it read-only. */
  readonly sftp?: string;
  /**
   * Makes a throw-away user who can log in with this password; only root can. Its home, and the store's login
   * directory, is the served folder.
   */
  readonly password?: string;
}

/** A running server. */
export interface OpenSshServer extends AsyncDisposable {
  /** The loopback address. */
  readonly host: string;
  /** A port that was free. */
  readonly port: number;
  /** Who may log in: the throw-away user where a password was asked for, else the current user. */
  readonly username: string;
  /** An Ed25519 key, in OpenSSH's form, that may log in. */
  readonly privateKey: string;
  /** `SHA256:…` of the host key in use. */
  readonly hostKeyFingerprint: string;
  /** The folder to work in: absolute, empty at first. */
  readonly folder: string;
  /** Lets one more key log in: a line of `authorized_keys`. */
  authorize(publicKey: string): Promise<void>;
  /** Cuts every connection there is; new ones are accepted. */
  dropConnections(): Promise<void>;
  /** Starts again on the same port with another host key. */
  restartWithNewHostKey(): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/** Whether OpenSSH is installed: throws under `CI=true` where it is not, else says so and gives false. */
export function requireOpenSsh(): boolean {
  return requirePeer("OpenSSH server (Debian package openssh-server)", SSHD) &&
    requirePeer("ssh-keygen (Debian package openssh-client)", KEYGEN);
}

/** Whether a password login can be tested: it takes a throw-away user, and so root. */
export function requirePasswordUsers(): boolean {
  if (Deno.uid() === 0) return requirePeer("useradd (Debian package passwd)", "/usr/sbin/useradd");
  return requirePeer("root, to make a throw-away user", undefined);
}

/** Starts a server; ask {@linkcode requireOpenSsh} first. */
export async function startOpenSsh(options: OpenSshOptions = {}): Promise<OpenSshServer> {
  const server = new OpenSsh(await Deno.makeTempDir({ prefix: "waybill-sshd-" }), freePort(), options);
  try {
    await server.prepare();
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class OpenSsh implements OpenSshServer {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly folder: string;
  username = "";
  privateKey = "";
  hostKeyFingerprint = "";
  readonly #options: OpenSshOptions;
  readonly #home: string;
  #process: Deno.ChildProcess | undefined;
  #log: Promise<void> = Promise.resolve();
  #user: string | undefined;

  constructor(home: string, port: number, options: OpenSshOptions) {
    this.#home = home;
    this.port = port;
    this.folder = `${home}/files`;
    this.#options = options;
  }

  async prepare(): Promise<void> {
    // A throw-away user has to pass through.
    await Deno.chmod(this.#home, 0o755);
    await Deno.mkdir(this.folder);
    await this.#makeUser();
    await run(KEYGEN, ["-q", "-t", "ed25519", "-N", "", "-C", "waybill-test", "-f", `${this.#home}/user_key`]);
    this.privateKey = await Deno.readTextFile(`${this.#home}/user_key`);
    await this.authorize(await Deno.readTextFile(`${this.#home}/user_key.pub`));
    await this.#makeHostKey();
    // Where sshd drops its privileges to; Debian makes it at boot, a container has none.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    await Deno.writeTextFile(`${this.#home}/sshd_config`, this.#config());
  }

  #config(): string {
    return [
      ...this.#options.config ?? [],
      `ListenAddress ${this.host}:${this.port}`,
      `HostKey ${this.#home}/host_key`,
      `AuthorizedKeysFile ${this.#home}/authorized_keys`,
      `PidFile none`,
      "StrictModes no",
      "UsePAM no",
      "PermitRootLogin yes",
      `PasswordAuthentication ${this.#user === undefined ? "no" : "yes"}`,
      "KbdInteractiveAuthentication no",
      "PermitUserRC no",
      "PrintMotd no",
      "MaxStartups 100",
      "MaxAuthTries 20",
      "UseDNS no",
      `Subsystem sftp internal-sftp ${this.#options.sftp ?? ""}`,
      "LogLevel VERBOSE",
      "",
    ].join("\n");
  }

  async #makeUser(): Promise<void> {
    const { password } = this.#options;
    if (password === undefined) {
      this.username = await run("/usr/bin/id", ["-un"]);
      return;
    }
    const user = `waybill-${crypto.randomUUID().slice(0, 8)}`;
    await run("/usr/sbin/useradd", ["--no-create-home", "--home-dir", this.folder, "--shell", "/bin/sh", user]);
    this.#user = user;
    this.username = user;
    await run("/usr/sbin/chpasswd", [], `${user}:${password}\n`);
    await run("/usr/bin/chown", [user, this.folder]);
  }

  async #makeHostKey(): Promise<void> {
    const path = `${this.#home}/host_key`;
    for (const file of [path, `${path}.pub`]) await Deno.remove(file).catch(() => {});
    await run(KEYGEN, ["-q", "-t", "ed25519", "-N", "", "-f", path]);
    const blob = (await Deno.readTextFile(`${path}.pub`)).split(" ")[1] ?? "";
    const hash = createHash("sha256").update(blob, "base64").digest("base64");
    this.hostKeyFingerprint = `SHA256:${hash.replace(/=+$/, "")}`;
  }

  async authorize(publicKey: string): Promise<void> {
    await Deno.writeTextFile(`${this.#home}/authorized_keys`, `${publicKey.trim()}\n`, { append: true });
  }

  /** Starts sshd and waits until it says that it listens. */
  async start(): Promise<void> {
    const process = new Deno.Command(SSHD, {
      args: ["-D", "-e", "-f", `${this.#home}/sshd_config`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#process = process;
    let log = "";
    await new Promise<void>((resolve, reject) => {
      this.#log = process.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
        new WritableStream({
          write(text) {
            if (log.includes("Server listening")) return;
            log += text;
            if (log.includes("Server listening")) resolve();
          },
        }),
      ).catch(() => {});
      process.status.then(() => this.#log).then(() => reject(new Error(`sshd ended: ${log}`)));
    });
  }

  async dropConnections(): Promise<void> {
    const pid = this.#process?.pid;
    if (pid !== undefined) await killDescendants(pid);
  }

  async restartWithNewHostKey(): Promise<void> {
    await this.#end();
    await this.#makeHostKey();
    await this.start();
  }

  async #end(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    await killDescendants(process.pid);
    try {
      process.kill("SIGTERM");
    } catch {
      // It ended by itself.
    }
    await process.status;
    await this.#log;
  }

  async stop(): Promise<void> {
    try {
      await this.#end();
    } finally {
      const user = this.#user;
      this.#user = undefined;
      if (user !== undefined) await run("/usr/sbin/userdel", ["--force", user]);
      await Deno.remove(this.#home, { recursive: true }).catch(() => {});
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Runs a program and gives its output; throws with what it said where it fails. */
export async function run(program: string, args: readonly string[], input = ""): Promise<string> {
  const process = new Deno.Command(program, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`${program} failed: ${text(stderr)}`);
  return text(stdout);
}

/** Ends the processes that `pid` started, and those that they did: sshd's sessions outlive it. */
async function killDescendants(pid: number): Promise<void> {
  const parents = (await run(PS, ["-e", "-o", "pid=,ppid="])).split("\n").map((line) =>
    line.trim().split(/\s+/).map(Number)
  );
  const found = [pid];
  for (const ancestor of found) {
    for (const [child, parent] of parents) if (child !== undefined && parent === ancestor) found.push(child);
  }
  const victims = found.slice(1).map(String);
  // One that ended by itself meanwhile makes the program complain, and is no fault.
  if (victims.length > 0) await run(KILL, ["-KILL", ...victims]).catch(() => {});
}
