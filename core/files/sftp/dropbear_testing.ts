/**
 * A real Dropbear server on loopback, for tests: the SSH server of small machines, with OpenSSH's program for SFTP.
 *
 * @module
 */
import { freePort } from "../../testing/free_port.ts";
import { run } from "../../testing/openssh.ts";
import { requirePeer } from "../../testing/peer.ts";

const DROPBEAR = "/usr/sbin/dropbear";
const KEYGEN = "/usr/bin/dropbearkey";

/** A host key of each type; it takes four at most. */
const HOST_KEYS = ["ed25519", "rsa", "ecdsa-256", "ecdsa-384"];

/** A running server. */
export interface DropbearServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** A throw-away user, whose home is the served folder. */
  readonly username: string;
  readonly folder: string;
  /** Lets a key log in: a line of `authorized_keys`. */
  authorize(publicKey: string): Promise<void>;
}

/** Whether it can be started; it looks for keys in the user's own home, so that it takes a user made for it, and root. */
export function requireDropbear(): boolean {
  return requirePeer("Dropbear (Debian package dropbear-bin)", DROPBEAR) &&
    requirePeer("root, to make a throw-away user", Deno.uid() === 0 ? "/usr/sbin/useradd" : undefined);
}

/** Starts one with these host keys; `ecdsa-521` is one more. */
export async function startDropbear(hostKeys: readonly string[] = HOST_KEYS): Promise<DropbearServer> {
  const home = await Deno.makeTempDir({ prefix: "waybill-dropbear-" });
  const folder = `${home}/files`;
  const username = `waybill-${crypto.randomUUID().slice(0, 8)}`;
  const end: (() => Promise<unknown>)[] = [() => Deno.remove(home, { recursive: true })];
  const dispose = async () => {
    for (const step of end.toReversed()) await step();
  };
  try {
    await Deno.chmod(home, 0o755);
    await Deno.mkdir(`${folder}/.ssh`, { recursive: true });
    await run("/usr/sbin/useradd", ["--no-create-home", "--home-dir", folder, "--shell", "/bin/sh", username]);
    end.push(() => run("/usr/sbin/userdel", ["--force", username]));
    await run("/usr/bin/chown", ["-R", username, folder]);
    const keys: string[] = [];
    for (const hostKey of hostKeys) {
      const file = `${home}/${hostKey}`;
      const [type = "", bits] = hostKey.split("-");
      await run(KEYGEN, ["-t", type, "-f", file, ...bits === undefined ? [] : ["-s", bits]]);
      keys.push("-r", file);
    }
    const { port, process, log } = await start(home, keys);
    end.push(async () => {
      process.kill("SIGTERM");
      await process.status;
      await log;
    });
    return {
      host: "127.0.0.1",
      port,
      username,
      folder,
      authorize: (key) => Deno.writeTextFile(`${folder}/.ssh/authorized_keys`, `${key.trim()}\n`, { append: true }),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Starts the program on a free port, and waits until it listens, which it does not say. */
async function start(home: string, keys: readonly string[]) {
  const port = freePort();
  const process = new Deno.Command(DROPBEAR, {
    args: ["-F", "-E", "-s", "-P", `${home}/pid`, "-p", `127.0.0.1:${port}`, ...keys],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let ended = false;
  process.status.then(() => ended = true);
  let said = "";
  const log = process.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said = (said + text).slice(-4_000)) }),
  );
  while (!ended) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return { port, process, log };
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  await log;
  throw new Error(`dropbear ended: ${said}`);
}
