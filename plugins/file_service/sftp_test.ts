import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { type AuthContext, type CheckResult, Failure } from "@waybill/waybill";
import type { z } from "zod";
import { collectLog } from "@waybill/waybill/testing";
import { requireOpenSsh, startOpenSsh } from "@waybill/waybill/testing";
import { sftp, type SftpConfig } from "./sftp.ts";

const ignore = !requireOpenSsh();

/** What a saved auth remembers between connections. */
class SavedAuth {
  pinned: string | undefined;
  constructor(public config: z.input<SftpConfig>) {}

  get context(): AuthContext<z.output<SftpConfig>> {
    return {
      label: "Partner SFTP",
      config: sftp.config.parse(this.config),
      peer: {
        known: this.pinned,
        pin: (fingerprint) => {
          this.pinned = fingerprint;
          return Promise.resolve();
        },
      },
      addresses: { allowPrivate: true },
      signal: new AbortController().signal,
      log: collectLog().log,
    };
  }

  /** What the last check told, also before it threw. */
  results: CheckResult[] = [];

  async check(): Promise<CheckResult[]> {
    const { context } = this;
    await using connection = await sftp.connect(context);
    this.results = [];
    for await (const result of sftp.check(connection, context)) this.results.push(result);
    return this.results;
  }

  async failure(): Promise<Failure> {
    const error = await this.check().then(() => undefined, (error) => error);
    assert.ok(error instanceof Failure, `expected a Failure, got ${error}`);
    return error;
  }
}

const problem = (input: object): string | undefined => sftp.config.safeParse(input).error?.issues[0]?.message;

Deno.test("an SFTP auth needs a host alone, and a password or a key", () => {
  const base = { host: "sftp.example.com", username: "ann" };
  assert.equal(problem(base), "give a password, a private key, or both");
  assert.equal(problem({ ...base, password: "secret" }), undefined);
  assert.match(problem({ ...base, password: "x", host: "sftp://example.com/in" }) ?? "", /without a scheme/);
  assert.match(problem({ ...base, password: "x", host: "sftp.example.com:2222" }) ?? "", /without a .*port/);
  for (const host of ["10.0.0.1", "::1", "[2001:db8::1]", "fe80::1%eth0", "::ffff:127.0.0.1", "my_host"]) {
    assert.equal(problem({ ...base, password: "x", host }), undefined, host);
  }
  assert.match(problem({ ...base, password: "x", host_key: "aa:bb:cc" }) ?? "", /^must be a fingerprint/);
  const parsed = sftp.config.parse({ ...base, password: "x" });
  assert.deepEqual([parsed.port, parsed.folder], [22, ""]);
});

/** A key that Deno makes, as PKCS#8. */
function newKey(passphrase?: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const locked = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return privateKey.export({ type: "pkcs8", format: "pem", ...locked }).toString();
}

Deno.test("an SFTP auth takes a private key that can be used", () => {
  const base = { host: "sftp.example.com", username: "ann" };
  assert.equal(problem({ ...base, private_key: newKey() }), undefined);
  assert.equal(problem({ ...base, private_key: newKey("zzPASSzz"), passphrase: "zzPASSzz" }), undefined);
});

Deno.test("an SFTP auth says at once what is wrong with its private key, and repeats nothing of it", () => {
  const plain = newKey();
  const [, body = ""] = plain.split("\n");
  const openSsh = (type: string) => {
    const text = (value: string) => [0, 0, value.length >> 8, value.length & 255, ...new TextEncoder().encode(value)];
    const key = String.fromCharCode(...text(type));
    const parts = ["none", "none", ""].flatMap(text);
    const magic = new TextEncoder().encode("openssh-key-v1\0");
    const blob = Uint8Array.of(...magic, ...parts, 0, 0, 0, 1, ...text(key), ...text("zzSEKRETzz"));
    return `-----BEGIN OPENSSH PRIVATE KEY-----\n${blob.toBase64()}\n-----END OPENSSH PRIVATE KEY-----\n`;
  };
  const cases: readonly [key: string, passphrase: string | undefined, said: RegExp][] = [
    [
      "zzSEKRETzz",
      undefined,
      /^has no form that is known: give the whole text of an OpenSSH, PEM or PKCS#8 private key/,
    ],
    [
      "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nzzSEKRETzz\n",
      undefined,
      /^is a PuTTY key: convert it with `puttygen key\.ppk -O private-openssh -o key`$/,
    ],
    ["ssh-ed25519 AAAAzzSEKRETzz ann@home", undefined, /^is a public key: give the private key/],
    [newKey("zzPASSzz"), undefined, /^is encrypted and no passphrase was given: give the key's passphrase$/],
    [newKey("zzPASSzz"), "zzWRONGzz", /^cannot be decrypted with this passphrase: check the key's passphrase$/],
    [plain.replace(body, body.slice(20)), undefined, /^is damaged or of a kind that is not supported: give an RSA/],
    [openSsh("ssh-dss"), undefined, /^is a DSA key/],
    [openSsh("sk-ssh-ed25519@openssh.com"), undefined, /^needs its security key/],
    [openSsh("ssh-zzz"), undefined, /^is damaged or of a kind/],
    [openSsh("ssh-ed25519").replace(/.{8}\n-----END/, "\n-----END"), undefined, /^is damaged or of a kind/],
  ];
  for (const [private_key, passphrase, said] of cases) {
    const input = { host: "sftp.example.com", username: "ann", private_key, ...(passphrase && { passphrase }) };
    const { error } = sftp.config.safeParse(input);
    const [issue] = error?.issues ?? [];
    assert.deepEqual(issue?.path, ["private_key"], String(said));
    assert.match(issue?.message ?? "", said);
    for (const secret of ["zzSEKRETzz", "zzPASSzz", "zzWRONGzz", body.slice(20)]) {
      assert.ok(!JSON.stringify(error?.issues).includes(secret), String(said));
    }
  }
});

Deno.test({
  name: "an SFTP check pins the host key, shows it, and refuses another one until it is trusted",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    await Deno.writeTextFile(`${server.folder}/a.csv`, "id\n1\n");
    const { host, port, username, privateKey, folder } = server;
    const auth = new SavedAuth({ host, port, username, private_key: privateKey, folder });

    const before = server.hostKeyFingerprint;
    const lines = await auth.check();
    assert.deepEqual(lines.map(({ name, ok }) => [name, ok]), [
      ["address", true],
      ["host key", true],
      ["login", true],
      ["folder", true],
    ]);
    assert.equal(lines[0]?.detail, `${host} answers on port ${port}`);
    assert.equal(lines[1]?.detail, `${before} (ssh-ed25519), pinned now, at first use`);
    assert.equal(lines[2]?.detail, `"${username}" is logged in`);
    assert.equal(lines[3]?.detail, `Folder "${folder}" holds 1 entry`);
    assert.equal(auth.pinned, before);
    assert.match((await auth.check())[1]?.detail ?? "", /as pinned$/);

    await server.restartWithNewHostKey();
    const failure = await auth.failure();
    assert.equal(failure.kind, "auth");
    assert.ok(failure.message.includes(before) && failure.message.includes(server.hostKeyFingerprint), failure.message);
    assert.match(failure.hint ?? "", /waybill auth trust-host-key 'Partner SFTP'/);

    const { config } = auth;
    auth.config = { ...config, host_key: server.hostKeyFingerprint };
    assert.match((await auth.check())[1]?.detail ?? "", /as given up front$/);
    assert.equal(auth.pinned, server.hostKeyFingerprint);
    auth.config = config;
    assert.match((await auth.check())[1]?.detail ?? "", /as pinned$/);

    auth.pinned = undefined;
    assert.match((await auth.check())[1]?.detail ?? "", /pinned now/);
  },
});

Deno.test({
  name: "an SFTP check tells a folder that is not there and a key given up front that does not fit",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    const { host, port, username, privateKey, folder } = server;
    const config = { host, port, username, private_key: privateKey };

    const missing = new SavedAuth({ ...config, folder: `${folder}/missing` });
    assert.equal((await missing.failure()).kind, "config");
    assert.deepEqual(missing.results.at(-1), {
      name: "folder",
      ok: false,
      detail: `Folder "${folder}/missing" does not exist`,
      hint: "Check the folder and the file name",
    });

    const given = `SHA256:${"x".repeat(43)}`;
    const failure = await new SavedAuth({ ...config, folder, host_key: given }).failure();
    assert.equal(failure.kind, "auth");
    assert.match(failure.message, /is not the one given up front/);
    assert.match(
      (await new SavedAuth({ ...config, folder, host_key: server.hostKeyFingerprint }).check())[1]?.detail ?? "",
      /as given up front$/,
    );
  },
});

Deno.test({
  name: "an SFTP auth with the wrong user fails with a reason and trusts nobody",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    const { host, port, privateKey } = server;
    const nobody = await new SavedAuth({ host, port, username: "nobody-here", private_key: privateKey }).failure();
    assert.equal(nobody.kind, "auth");
    assert.match(nobody.message, /refused the login of "nobody-here"/);

    // Neither a wrong user nor a wrong server must decide whom to trust from then on.
    const refused = new SavedAuth({ host, port, username: "nobody-here", private_key: privateKey });
    await refused.failure();
    assert.equal(refused.pinned, undefined);
  },
});

Deno.test({
  name: "a job over SFTP stays in the auth's folder, and without one goes where the login may",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    await Deno.mkdir(`${server.folder}/in/daily`, { recursive: true });
    await Deno.writeTextFile(`${server.folder}/secret.csv`, "id\n1\n");
    await Deno.writeTextFile(`${server.folder}/in/a.csv`, "id\n1\n");
    const { host, port, username, privateKey, folder } = server;
    const base = { host, port, username, private_key: privateKey };
    {
      const { context } = new SavedAuth({ ...base, folder: `${folder}/in` });
      await using connection = await sftp.connect(context);
      const { files } = connection;
      assert.equal((await files.stat("daily/../a.csv")).kind, "file");
      assert.equal((await files.stat(`${folder}/in/a.csv`)).kind, "file");
      for (const path of ["../secret.csv", "daily/../../secret.csv", `${folder}/secret.csv`]) {
        await assert.rejects(files.stat(path), {
          kind: "config",
          message: `Path "${path}" leads out of the auth's folder "${folder}/in"`,
          hint: "Give a path in it, starting there",
        });
      }
    }
    await using connection = await sftp.connect(new SavedAuth(base).context);
    assert.equal((await connection.files.stat(`${folder}/secret.csv`)).kind, "file");
    await assert.rejects(connection.files.list(".."), {
      kind: "config",
      message: 'Path ".." leads out of the login directory',
    });
  },
});
