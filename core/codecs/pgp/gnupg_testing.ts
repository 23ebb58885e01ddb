/**
 * A real GnuPG with a home of its own, for tests.
 *
 * @module
 */
import { requirePeer } from "../../testing/peer.ts";

const GPG = "/usr/bin/gpg";
const GPGCONF = "/usr/bin/gpgconf";

/** A key pair, armored. */
export interface KeyPair {
  readonly secret: string;
  readonly public: string;
}

/** GnuPG with its keys. */
export interface GnuPg extends AsyncDisposable {
  /** The home, for what is not offered here. */
  readonly folder: string;
  /**
   * Makes a key `<name@test.invalid>` with a primary key that signs and a subkey that encrypts (none where it is absent),
   * without a passphrase unless told.
   */
  makeKey(name: string, options: KeyOptions): Promise<KeyPair>;
  /** Takes a key of others, and trusts it. */
  importKey(armored: string): Promise<void>;
  /** Runs gpg; gives its output. Throws with what it says where it fails. */
  run(args: readonly string[], input?: Uint8Array | string): Promise<Uint8Array>;
}

/** What key to make. */
export interface KeyOptions {
  /** `rsa2048`, `ed25519`, … */
  readonly sign: string;
  /** `rsa2048`, `cv25519`, … */
  readonly encrypt?: string;
  readonly passphrase?: string;
  /** When to make it: `20200101T000000`. */
  readonly at?: string;
  /** When it ends: `never` unless told, or a number of days such as `5d`. */
  readonly expire?: string;
  /** The same of the subkey. */
  readonly subkeyExpire?: string;
}

/** Whether GnuPG is installed: throws under `CI=true` where it is not, else says so and gives false. */
export function requireGnuPg(): boolean {
  return requirePeer("GnuPG (Debian package gpg)", GPG) &&
    requirePeer("gpg-agent (Debian package gpg-agent)", "/usr/bin/gpg-agent") &&
    requirePeer("gpgconf (Debian package gpgconf)", GPGCONF);
}

/** Makes a home. */
export async function openGnuPg(): Promise<GnuPg> {
  // The agent's socket lies in it, and its path may have 108 bytes.
  const folder = await Deno.makeTempDir({ prefix: "gpg-" });
  await Deno.writeTextFile(`${folder}/gpg-agent.conf`, "allow-loopback-pinentry\ns2k-count 65536\n");
  return new Home(folder);
}

class Home implements GnuPg {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async makeKey(name: string, options: KeyOptions): Promise<KeyPair> {
    const { sign, encrypt, passphrase = "", at, expire = "never", subkeyExpire = expire } = options;
    const uid = `<${name}@test.invalid>`;
    const how = ["--passphrase", passphrase, ...at === undefined ? [] : ["--faked-system-time", `${at}!`]];
    await this.run([...how, "--quick-gen-key", uid, sign, "cert,sign", expire]);
    if (encrypt !== undefined) {
      await this.run([...how, "--quick-add-key", await this.#fingerprint(uid), encrypt, "encr", subkeyExpire]);
    }
    return {
      secret: decode(await this.run(["--passphrase", passphrase, "--armor", "--export-secret-keys", uid])),
      public: decode(await this.run(["--armor", "--export", uid])),
    };
  }

  async importKey(armored: string): Promise<void> {
    await this.run(["--import"], armored);
  }

  async run(args: readonly string[], input: Uint8Array | string = ""): Promise<Uint8Array> {
    const common = ["--homedir", this.folder, "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"];
    const trust = ["--trust-model", "always", "--no-auto-check-trustdb"];
    return await runPeer(GPG, [...common, ...trust, ...args], input);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await runPeer(GPGCONF, ["--homedir", this.folder, "--kill", "all"]);
    await Deno.remove(this.folder, { recursive: true });
  }

  async #fingerprint(uid: string): Promise<string> {
    const lines = decode(await this.run(["--with-colons", "--list-keys", uid])).split("\n");
    return lines.find((line) => line.startsWith("fpr:"))?.split(":")[9] ?? "";
  }
}

/** Runs a program to its end; gives its output. Throws with what it says where it fails. */
export async function runPeer(
  program: string,
  args: readonly string[],
  input: Uint8Array | string = "",
): Promise<Uint8Array> {
  const process = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : input;
  const given = new Blob([bytes.slice()]).stream().pipeTo(process.stdin)
    // A program may end before it has read everything; what it says is told below.
    .catch(() => {});
  const { success, stdout, stderr } = await process.output();
  await given;
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${decode(stderr)}`);
  return stdout;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
