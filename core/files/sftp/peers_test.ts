/** Every algorithm that is offered, against the SSH servers that partners run, and what is refused. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { Failure } from "../../contracts/failure.ts";
import { requireOpenSsh, run, startOpenSsh } from "../../testing/openssh.ts";
import { openSftpStore } from "../sftp.ts";
import { ALGORITHMS } from "./algorithms.ts";
import { SftpConnection } from "./connection.ts";
import { requireDropbear, startDropbear } from "./dropbear_testing.ts";
import { settingsOf, type SftpOptions } from "./options.ts";
import { readRemote } from "./read.ts";
import type { Algorithms } from "./ssh2_types.ts";

type Kind = "kex" | "serverHostKey" | "cipher" | "hmac";

/** A server of any make. */
interface Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly folder: string;
  authorize(publicKey: string): Promise<void>;
}

const keygen = "/usr/bin/ssh-keygen";

/** Keys that users have, by what makes them. */
const USER_KEYS: readonly (readonly string[])[] = [
  ["-t", "ed25519"],
  ["-t", "rsa", "-b", "2048"],
  ["-t", "ecdsa", "-b", "256"],
  ["-t", "ecdsa", "-b", "384"],
  ["-t", "ecdsa", "-b", "521"],
];

async function makeKey(type: readonly string[]): Promise<{ readonly secret: string; readonly public: string }> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-key-" });
  try {
    await run(keygen, ["-q", "-N", "", "-f", `${folder}/key`, ...type]);
    return {
      secret: await Deno.readTextFile(`${folder}/key`),
      public: await Deno.readTextFile(`${folder}/key.pub`),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** OpenSSH with a host key of every type, which changes the connection's keys every few hundred KiB. */
async function openSshWithEveryKey(): Promise<Server> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-keys-" });
  const types = ["rsa", "ecdsa-256", "ecdsa-384", "ecdsa-521"];
  for (const type of types) {
    const [name = "", bits = "2048"] = type.split("-");
    await run(keygen, ["-q", "-N", "", "-t", name, "-b", bits, "-f", `${folder}/${type}`]);
  }
  const server = await startOpenSsh({
    config: ["RekeyLimit 300K", ...types.map((type) => `HostKey ${folder}/${type}`)],
  });
  return {
    host: server.host,
    port: server.port,
    username: server.username,
    folder: server.folder,
    authorize: (key) => server.authorize(key),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What a server knows: its first packet, SSH_MSG_KEXINIT (RFC 4253, section 7.1), which is not encrypted. */
async function known(server: Server): Promise<Readonly<Record<Kind, readonly string[]>>> {
  const socket = connect(server.port, server.host);
  socket.write("SSH-2.0-test\r\n");
  let bytes = Buffer.alloc(0);
  for await (const piece of socket) {
    bytes = Buffer.concat([bytes, piece]);
    const start = bytes.indexOf("\n") + 1;
    if (start > 0 && bytes.length >= start + 4 && bytes.length >= start + 4 + bytes.readUInt32BE(start)) break;
  }
  socket.destroy();
  // Behind the packet's lengths, its type and a random cookie.
  let at = bytes.indexOf("\n") + 1 + 5 + 1 + 16;
  const next = (): string[] => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.toString("latin1", at - length, at).split(",");
  };
  const [kex, serverHostKey, cipher] = [next(), next(), next()];
  next();
  return { kex, serverHostKey, cipher, hmac: next() };
}

/** More than a server sends before it changes the keys. */
const content = Buffer.concat(
  Array.from({ length: 20_000 }, (_, index) => createHash("sha256").update(`${index}`).digest()),
);

/** Reads a file with nothing but these algorithms; gives the type of the host key. */
async function fetchWith(
  options: SftpOptions,
  algorithms: Partial<Algorithms>,
  [remote, expected]: readonly [remote: string, content: Uint8Array],
): Promise<string> {
  let keyType = "";
  const settings = {
    ...settingsOf(options),
    verifyHostKey: (_: string, type: string) => (keyType = type) !== "",
    algorithms: { ...ALGORITHMS, ...algorithms },
  };
  const connection = new SftpConnection(settings);
  try {
    const stream = await readRemote(connection, { remote, path: "a.bin" }, {});
    const bytes = Buffer.from(await new Response(stream).arrayBuffer());
    assert.ok(bytes.equals(expected), Deno.inspect(algorithms));
    return keyType;
  } finally {
    await connection.close();
  }
}

const SERVERS: readonly {
  readonly name: string;
  readonly present: boolean;
  readonly start: () => Promise<Server>;
  /** What no version of it lacks. */
  readonly has: readonly string[];
}[] = [
  {
    name: "OpenSSH",
    present: requireOpenSsh(),
    start: openSshWithEveryKey,
    has: [
      "curve25519-sha256",
      "diffie-hellman-group-exchange-sha256",
      "rsa-sha2-512",
      "ecdsa-sha2-nistp521",
      "aes256-gcm@openssh.com",
      "hmac-sha2-512-etm@openssh.com",
    ],
  },
  {
    name: "Dropbear",
    present: requireDropbear() && requireOpenSsh(),
    start: startDropbear,
    has: ["curve25519-sha256", "rsa-sha2-256", "ecdsa-sha2-nistp256", "aes256-ctr", "hmac-sha2-256"],
  },
  {
    name: "Dropbear with a P-521 host key",
    present: requireDropbear() && requireOpenSsh(),
    start: () => startDropbear(["ed25519", "rsa", "ecdsa-521"]),
    has: ["ecdsa-sha2-nistp521"],
  },
];

for (const { name, present, start, has } of SERVERS) {
  Deno.test({
    name: `SFTP reads from ${name} with every key exchange, host key, cipher and MAC that both know, and no other`,
    ignore: !present,
    fn: async () => {
      await using server = await start();
      const { host, port, username, folder } = server;
      const large = [`${folder}/large.bin`, content] as const;
      // A key exchange over a large group takes a second: one is enough.
      const small = [`${folder}/small.bin`, content.subarray(0, 1_000)] as const;
      for (const [path, bytes] of [large, small]) await Deno.writeFile(path, bytes);
      const key = await makeKey(["-t", "ed25519"]);
      await server.authorize(key.public);
      const options = { host, port, username, privateKey: key.secret, verifyHostKey: () => true };
      const both = await known(server);
      const worked: string[] = [];
      for (const kind of ["kex", "serverHostKey", "cipher", "hmac"] as const) {
        for (const algorithm of ALGORITHMS[kind]) {
          // Ciphers that authenticate take no MAC.
          const alone = { ...kind === "hmac" ? { cipher: ["aes256-ctr"] } : {}, [kind]: [algorithm] };
          const fetching = fetchWith(options, alone, kind === "cipher" || kind === "hmac" ? large : small);
          if (both[kind].includes(algorithm)) {
            const keyType = await fetching;
            if (kind === "serverHostKey") assert.equal(keyType, algorithm.replace(/^rsa-sha2-.*/, "ssh-rsa"));
            worked.push(algorithm);
          } else await refused(fetching, algorithm);
        }
      }
      for (const algorithm of has) assert.ok(worked.includes(algorithm), `${algorithm} was not tried`);
    },
  });
}

for (const { name, present, start } of SERVERS.slice(0, 2)) {
  Deno.test({
    name: `SFTP logs in to ${name} with a key of every type, and files come and go whole`,
    ignore: !present,
    fn: async () => {
      await using server = await start();
      const { host, port, username, folder } = server;
      for (const type of USER_KEYS) {
        const key = await makeKey(type);
        const options = { host, port, username, folder, privateKey: key.secret, verifyHostKey: () => true };
        await assert.rejects(openSftpStore(options), (error) => error instanceof Failure && error.kind === "auth");
        await server.authorize(key.public);
        await using store = await openSftpStore(options);
        await store.write("a.bin", new Blob([content]).stream());
        const bytes = Buffer.from(await new Response(await store.open("a.bin")).arrayBuffer());
        assert.ok(bytes.equals(content), type.join(" "));
        await store.move("a.bin", "done/b.bin");
        assert.deepEqual((await store.list("done")).entries.map((entry) => entry.name), ["b.bin"]);
        await store.remove("done/b.bin");
      }
    },
  });
}

/** Fails as what has to be changed on the server, and says what they do not have in common. */
async function refused(work: Promise<unknown>, what: string): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof Failure, `${what}: ${Deno.inspect(error)}`);
    assert.equal(error.kind, "config", `${what}: ${error.message}`);
    assert.match(error.message, /^No common encryption with server "127\.0\.0\.1:\d+": .*no matching /);
    assert.match(error.hint ?? "", /operator to update it: SHA-1 and CBC are refused/);
    return true;
  });
}

Deno.test({
  name: "SFTP refuses an OpenSSH server that has nothing but weak encryption, before any login",
  ignore: !requireOpenSsh(),
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "waybill-keys-" });
    await run(keygen, ["-q", "-N", "", "-t", "rsa", "-b", "2048", "-f", `${folder}/rsa`]);
    const weak = [
      ["KexAlgorithms diffie-hellman-group14-sha1"],
      ["KexAlgorithms diffie-hellman-group1-sha1,diffie-hellman-group-exchange-sha1"],
      [`HostKey ${folder}/rsa`, "HostKeyAlgorithms ssh-rsa"],
      ["Ciphers aes256-cbc,aes128-cbc,3des-cbc"],
      ["Ciphers aes256-ctr", "MACs hmac-sha1,hmac-md5,hmac-sha1-96,umac-64@openssh.com"],
    ];
    for (const config of weak) {
      await using server = await startOpenSsh({ config });
      let asked = 0;
      const opening = openSftpStore({ ...server, verifyHostKey: () => ++asked > 0 });
      await refused(opening, config.join());
      assert.equal(asked, 0);
    }
    await Deno.remove(folder, { recursive: true });
  },
});
