/**
 * OpenSSH's programs, set to talk to a server under test.
 *
 * @module
 */
import { requirePeer } from "../../core/testing/peer.ts";

const SFTP = "/usr/bin/sftp";
const SCP = "/usr/bin/scp";
const SSH = "/usr/bin/ssh";
const KEYGEN = "/usr/bin/ssh-keygen";

/** Whether OpenSSH's client programs are there. */
export function requireOpenSshClient(): boolean {
  return [SFTP, SCP, SSH, KEYGEN].every((path) => requirePeer("OpenSSH client (Debian package openssh-client)", path));
}

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder to work in, and the programs of OpenSSH. */
export class OpenSshClient implements AsyncDisposable {
  readonly folder: string;
  readonly #port: number;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.#port = port;
  }

  /** Makes a folder with a key pair (`key`, `key.pub`) in it. */
  static async make(port: number): Promise<OpenSshClient> {
    const folder = await Deno.makeTempDir({ prefix: "waybill-sftp-" });
    const client = new OpenSshClient(folder, port);
    await client.makeKey("key", "ed25519");
    return client;
  }

  /** The same folder and keys, for a server at another port. */
  to(port: number): OpenSshClient {
    return new OpenSshClient(this.folder, port);
  }

  /** Makes one more key pair; gives its public line. */
  async makeKey(name: string, type: string, bits?: number): Promise<string> {
    const size = bits === undefined ? [] : ["-b", String(bits)];
    const { code, err } = await run(KEYGEN, ["-q", "-t", type, ...size, "-N", "", "-f", `${this.folder}/${name}`]);
    if (code !== 0) throw new Error(err);
    return await this.publicKey(name);
  }

  /** The public line of a key. */
  async publicKey(name = "key"): Promise<string> {
    return (await Deno.readTextFile(`${this.folder}/${name}.pub`)).trim();
  }

  /** Writes a file into the folder. */
  async write(name: string, content: Uint8Array | string): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${this.folder}/${name}`, bytes);
  }

  /** Reads a file of the folder. */
  read(name: string): Promise<Uint8Array> {
    return Deno.readFile(`${this.folder}/${name}`);
  }

  /** Runs `sftp -b` with these commands; it stops at the first that fails. */
  async sftp(username: string, commands: readonly string[], options: readonly string[] = []): Promise<Ended> {
    await this.write("batch", `${commands.join("\n")}\n`);
    const args = ["-b", "batch", ...this.#options(options), "-P", String(this.#port), `${username}@127.0.0.1`];
    return await run(SFTP, args, { cwd: this.folder });
  }

  /** Runs `sftp`, with a password; `-b` would forbid to ask for it. */
  async sftpWithPassword(
    username: string,
    password: string,
    commands: readonly string[],
    options: readonly string[] = [],
  ): Promise<Ended> {
    await this.write("askpass", `#!/bin/sh\necho '${password}'\n`);
    await Deno.chmod(`${this.folder}/askpass`, 0o700);
    const args = [...this.#options(options), "-P", String(this.#port), `${username}@127.0.0.1`];
    return await run(SFTP, args, {
      cwd: this.folder,
      env: { SSH_ASKPASS: `${this.folder}/askpass`, SSH_ASKPASS_REQUIRE: "force" },
      input: `${commands.join("\n")}\n`,
    });
  }

  /** Runs `scp`; `PEER:` in an argument becomes the server's. */
  async scp(username: string, args: readonly string[]): Promise<Ended> {
    const named = args.map((arg) => arg.replace(/^PEER:/, `${username}@127.0.0.1:`));
    return await run(SCP, [...this.#options([]), "-P", String(this.#port), ...named], { cwd: this.folder });
  }

  /** Runs `ssh`. */
  async ssh(username: string, args: readonly string[], options: readonly string[] = []): Promise<Ended> {
    const all = [...this.#options(options), "-p", String(this.#port), `${username}@127.0.0.1`, ...args];
    return await run(SSH, all, { cwd: this.folder });
  }

  #options(options: readonly string[]): readonly string[] {
    const settings = [
      ...options,
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "IdentitiesOnly=yes",
      `IdentityFile=${this.folder}/key`,
      "LogLevel=ERROR",
    ];
    return ["-F", "none", ...settings.flatMap((setting) => ["-o", setting])];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds after which it counts as hung, and is ended. */
  readonly patience?: number;
}

const PATIENCE = 120_000;

/** Runs a program to its end; one that hangs is ended by a signal, so its code is not 0. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const process = new Deno.Command(program, {
    args: [...args],
    ...options.cwd === undefined ? {} : { cwd: options.cwd },
    ...options.env === undefined ? {} : { env: { ...options.env } },
    signal: AbortSignal.timeout(options.patience ?? PATIENCE),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = (async () => {
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.input ?? ""));
    await writer.close();
  })().catch(() => {});
  const { code, stdout, stderr } = await process.output();
  await input;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}
