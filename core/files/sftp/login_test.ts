import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:net";
import { Failure, type FailureKind } from "../../contracts/failure.ts";
import { type OpenSshServer, requireOpenSsh, requirePasswordUsers, run, startOpenSsh } from "../../testing/openssh.ts";
import { startProxy } from "../../testing/proxy.ts";
import { openSftpStore } from "../sftp.ts";
import type { SftpOptions } from "./options.ts";

const ignore = !requireOpenSsh();
const openssl = "/usr/bin/openssl";

function trusting(server: OpenSshServer): SftpOptions {
  const { host, port, username } = server;
  return { host, port, username, verifyHostKey: (fingerprint) => fingerprint === server.hostKeyFingerprint };
}

/** Opens and closes a store: the login works. */
async function logsIn(options: SftpOptions): Promise<void> {
  await using store = await openSftpStore(options);
  assert.equal((await store.stat("")).kind, "folder");
}

/** The opening fails with this kind, and no text of the failure or its causes holds a secret. */
async function refuses(options: SftpOptions, kind: FailureKind, part: RegExp): Promise<Failure> {
  let failure: unknown;
  await assert.rejects(openSftpStore(options), (error) => {
    failure = error;
    return true;
  });
  assert.ok(failure instanceof Failure, String(failure));
  assert.equal(failure.kind, kind, failure.message);
  assert.match(failure.message, part);
  const said = Deno.inspect(failure) + JSON.stringify(failure) + failure.hint;
  for (const secret of [options.password, options.passphrase]) {
    if (secret) assert.ok(!said.includes(secret), said);
  }
  const body = options.privateKey?.split("\n")[1];
  if (body) assert.ok(!said.includes(body));
  return failure;
}

/** A fresh key made by `program`: its private text and its line for `authorized_keys`. */
async function makeKey(program: string, args: readonly string[]): Promise<{ privateKey: string; publicKey: string }> {
  const folder = await Deno.makeTempDir({ prefix: "waybill-key-" });
  try {
    const file = `${folder}/key`;
    await run(program, args.map((arg) => arg === "FILE" ? file : arg));
    const privateKey = await Deno.readTextFile(file);
    // ssh-keygen reads any form, given the passphrase the tests use and the mode it insists on.
    await Deno.chmod(file, 0o600);
    return { privateKey, publicKey: await run("/usr/bin/ssh-keygen", ["-y", "-P", "geheim", "-f", file]) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const keygen = (...args: string[]) => makeKey("/usr/bin/ssh-keygen", ["-q", "-f", "FILE", ...args]);
const genpkey = (...args: string[]) => makeKey(openssl, ["genpkey", "-out", "FILE", ...args]);
const plain = ["-N", ""];
const locked = ["-N", "geheim"];
const lockedPkcs8 = ["-aes-256-cbc", "-pass", "pass:geheim"];

const KEYS: readonly [string, "plain" | "locked", () => Promise<{ privateKey: string; publicKey: string }>][] = [
  ["OpenSSH Ed25519", "plain", () => keygen("-t", "ed25519", ...plain)],
  ["OpenSSH RSA", "plain", () => keygen("-t", "rsa", "-b", "2048", ...plain)],
  ["OpenSSH ECDSA P-256", "plain", () => keygen("-t", "ecdsa", "-b", "256", ...plain)],
  ["OpenSSH ECDSA P-384", "plain", () => keygen("-t", "ecdsa", "-b", "384", ...plain)],
  ["OpenSSH ECDSA P-521", "plain", () => keygen("-t", "ecdsa", "-b", "521", ...plain)],
  ["encrypted OpenSSH Ed25519", "locked", () => keygen("-t", "ed25519", ...locked)],
  ["encrypted OpenSSH RSA", "locked", () => keygen("-t", "rsa", "-b", "2048", ...locked)],
  ["PEM RSA", "plain", () => keygen("-t", "rsa", "-b", "2048", "-m", "PEM", ...plain)],
  ["PEM ECDSA", "plain", () => keygen("-t", "ecdsa", "-m", "PEM", ...plain)],
  ["encrypted PEM RSA", "locked", () => keygen("-t", "rsa", "-b", "2048", "-m", "PEM", ...locked)],
  ["encrypted PEM ECDSA", "locked", () => keygen("-t", "ecdsa", "-m", "PEM", ...locked)],
  ["PKCS#8 RSA", "plain", () => keygen("-t", "rsa", "-b", "2048", "-m", "PKCS8", ...plain)],
  ["PKCS#8 ECDSA P-521", "plain", () => keygen("-t", "ecdsa", "-b", "521", "-m", "PKCS8", ...plain)],
  ["encrypted PKCS#8 RSA", "locked", () => genpkey("-algorithm", "RSA", ...lockedPkcs8)],
  [
    "encrypted PKCS#8 ECDSA",
    "locked",
    () => genpkey("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", ...lockedPkcs8),
  ],
];

for (const [form, kind, make] of KEYS) {
  Deno.test({
    name: `SFTP logs in with an ${form} key`,
    ignore,
    fn: async () => {
      await using server = await startOpenSsh();
      const { privateKey, publicKey } = await make();
      const options = { ...trusting(server), privateKey };
      await refuses({ ...options, passphrase: "geheim" }, "auth", /refused the login/);
      await server.authorize(publicKey);
      await logsIn({ ...options, passphrase: kind === "locked" ? "geheim" : "" });
      if (kind === "plain") return;
      await refuses(options, "auth", /encrypted and no passphrase was given/);
      await refuses({ ...options, passphrase: "falsch" }, "auth", /cannot be decrypted with this passphrase/);
    },
  });
}

Deno.test({
  name: "SFTP logs in with PKCS#8 Ed25519 keys, which OpenSSH's own tools cannot read",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    for (const args of [[], lockedPkcs8]) {
      const privateKey = await run(openssl, ["genpkey", "-algorithm", "ED25519", ...args]);
      const der = await run(openssl, ["pkey", "-pubout", "-passin", "pass:geheim"], privateKey);
      const raw = Buffer.from(der.replace(/-----[^-]+-----/g, ""), "base64").subarray(-32);
      const blob = Buffer.concat([Buffer.from("\0\0\0\x0bssh-ed25519\0\0\0\x20", "latin1"), raw]);
      await server.authorize(`ssh-ed25519 ${blob.toString("base64")}`);
      await logsIn({ ...trusting(server), privateKey, passphrase: "geheim" });
    }
  },
});

Deno.test({
  name: "SFTP says what is wrong with a key that is none, public, PuTTY's or damaged",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    const { privateKey, publicKey } = await keygen("-t", "ed25519", ...plain);
    const options = trusting(server);
    const putty = "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n";
    const failure = await refuses({ ...options, privateKey: putty }, "auth", /PuTTY key/);
    assert.equal(failure.hint, "Convert it with `puttygen key.ppk -O private-openssh -o key`");
    await refuses({ ...options, privateKey: publicKey }, "auth", /is a public key/);
    await refuses({ ...options, privateKey: "hello" }, "auth", /no form that is known/);
    await refuses({ ...options, privateKey: privateKey.replace(/\n.{20}/, "\n") }, "auth", /damaged/);
    await refuses({ ...options, privateKey: privateKey.slice(0, 150) }, "auth", /damaged/);
    await refuses(options, "auth", /Neither a password nor a private key/);
    const tried = /refused the login of "nobody-here" \(tried: private key; it takes: publickey\)$/;
    const nobody = await refuses({ ...options, username: "nobody-here", privateKey }, "auth", tried);
    assert.match(
      nobody.hint ?? "",
      /^Check that "nobody-here" is .*, and that the server knows the key SHA256:\S{43} /,
    );
    const untried = /refused the login of "\S+" \(tried: nothing; it takes: publickey\)$/;
    assert.equal((await refuses({ ...options, password: "geheim" }, "auth", untried)).hint, "Give a private key");
  },
});

Deno.test({
  name: "SFTP logs in with a password, with key and password together, and after a key that is refused",
  ignore: ignore || !requirePasswordUsers(),
  fn: async () => {
    const password = "Geheim-123";
    {
      await using server = await startOpenSsh({ password });
      await logsIn({ ...trusting(server), password });
      const { privateKey } = await keygen("-t", "ed25519", ...plain);
      await logsIn({ ...trusting(server), privateKey, password });
      const wrong = { ...trusting(server), password: "falsch" };
      const { hint } = await refuses(wrong, "auth", /\(tried: password; it takes: .*password.*\)$/);
      assert.match(hint ?? "", /^Check that ".*" is the user's name on the server, and the password$/);
      const all = await refuses({ ...wrong, privateKey }, "auth", /\(tried: private key, password; it takes: /);
      assert.match(all.hint ?? "", /knows the key SHA256:\S{43} for this user, and the password$/);
    }
    await using both = await startOpenSsh({ password, config: ["AuthenticationMethods publickey,password"] });
    await logsIn({ ...trusting(both), privateKey: both.privateKey, password });
    await refuses({ ...trusting(both), password }, "auth", /tried: nothing; it takes: publickey\)$/);
    const more = /it took the private key and wants more; tried: nothing; it takes: password\)$/;
    const half = await refuses({ ...trusting(both), privateKey: both.privateKey }, "auth", more);
    assert.equal(half.hint, "Give a password too");
  },
});

Deno.test({
  name: "SFTP shows a host key as OpenSSH does, and refuses one that changed",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    const seen: string[][] = [];
    const pinned = server.hostKeyFingerprint;
    const options: SftpOptions = {
      ...server,
      verifyHostKey: async (...key) => {
        seen.push(key);
        return await Promise.resolve(key[0] === pinned);
      },
    };
    await using store = await openSftpStore(options);
    assert.deepEqual(seen, [[pinned, "ssh-ed25519"]]);
    await server.restartWithNewHostKey();
    const failure = await refuses(options, "auth", /host key .* is not trusted/);
    assert.ok(failure.message.includes(server.hostKeyFingerprint));
    // A reconnect verifies too.
    await assert.rejects(store.stat(""), (error) => error instanceof Failure && error.kind === "auth");
    const own = new Failure("auth", "The pinned key is another one");
    const thrown = await refuses({ ...options, verifyHostKey: () => Promise.reject(own) }, "auth", /pinned/);
    assert.equal(thrown, own);
  },
});

Deno.test({
  name: "SFTP says what is wrong with host, port, folder and service",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    const options = { ...trusting(server), privateKey: server.privateKey };
    await refuses({ ...options, host: "nowhere.invalid" }, "config", /"nowhere.invalid"/);
    await refuses({ ...options, host: "169.254.169.254" }, "config", /metadata address/);
    await refuses({ ...options, addresses: { allowPrivate: false } }, "config", /loopback address/);
    await using store = await openSftpStore({ ...options, folder: "no/such/folder" });
    await assert.rejects(store.list(""), (error) => error instanceof Failure && error.code === "not_found");
    await using plainText = await listen((socket) => socket.end("220 FTP server ready\r\n"));
    await refuses({ ...options, port: plainText.port }, "config", /is not an SSH server/);
    await using silent = await listen(() => {});
    const timeouts = { handshake: 200 };
    await refuses({ ...options, port: silent.port, timeouts }, "transient", /did not finish the login in time/);
    await using closing = await listen((socket) => socket.destroy());
    await refuses({ ...options, port: closing.port }, "transient", /closed the connection/);
    const port = closing.port;
    await closing[Symbol.asyncDispose]();
    await refuses({ ...options, port }, "transient", new RegExp(`"127.0.0.1:${port}" refused the connection`));
    await using shellOnly = await startOpenSsh({ config: ["ForceCommand /bin/false"] });
    await refuses({ ...trusting(shellOnly), privateKey: shellOnly.privateKey }, "config", /offers no SFTP/);
  },
});

Deno.test({
  name: "SFTP opening ends at once when its signal is aborted, and the signal ends an open store too",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    await using silent = await listen(() => controller.abort());
    const controller = new AbortController();
    const options = { ...trusting(server), privateKey: server.privateKey };
    await refuses({ ...options, port: silent.port, signal: controller.signal }, "cancelled", /stopped/);
    await refuses({ ...options, signal: controller.signal }, "cancelled", /stopped/);
    await using proxy = await startProxy(server);
    const later = new AbortController();
    await using store = await openSftpStore({ ...options, port: proxy.port, signal: later.signal });
    proxy.stall();
    const waiting = store.stat("");
    later.abort(new Failure("transient", "The server stops"));
    await assert.rejects(waiting, /The server stops/);
    await assert.rejects(store.stat(""), /The server stops/);
  },
});

/** A TCP server that does one thing with each connection. */
async function listen(
  serve: (socket: import("node:net").Socket) => void,
): Promise<{ port: number } & AsyncDisposable> {
  const sockets = new Set<import("node:net").Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address !== "string");
  let closed = false;
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
