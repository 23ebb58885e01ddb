import assert from "node:assert/strict";
import * as openpgp from "openpgp";
import {
  type AuthContext,
  type AuthDefinition,
  type CheckResult,
  type ConfigOf,
  type ConfigSchema,
  Failure,
} from "@waybill/waybill";
import { memorySpool } from "@waybill/waybill/codecs";
import { collectLog, requireOpenSsh, startOpenSsh } from "@waybill/waybill/testing";
import { localFolder } from "./local_folder.ts";
import { encryption } from "./pgp_keys.ts";
import { sftpPgpPrivate } from "./sftp_pgp_private.ts";
import { sftpPgpPublic } from "./sftp_pgp_public.ts";

const ignore = !requireOpenSsh();
const ANYWHERE = { allowPrivate: true };
const LOGIN = { host: "sftp.example.com", username: "ann", password: "zzPASSWORDzz" };
const SSH = "-----BEGIN OPENSSH PRIVATE KEY-----\nzzSEKRETzz\n-----END OPENSSH PRIVATE KEY-----\n";
const PUTTY = "PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nzzSEKRETzz\n";

interface Keys {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes a key for "Ann". */
async function makeKey(options: Partial<Parameters<typeof openpgp.generateKey>[0]> = {}): Promise<Keys> {
  const userIDs = { name: "Ann", email: "ann@test.invalid" };
  return await openpgp.generateKey({ type: "curve25519", userIDs, ...options, format: "armored" });
}

async function revoked(): Promise<Keys> {
  const made = await openpgp.generateKey({
    type: "curve25519",
    userIDs: { name: "Ann", email: "ann@test.invalid" },
    format: "object",
  });
  const reason = { reasonForRevocation: { flag: openpgp.enums.reasonForRevocation.noReason, string: "" } };
  const { privateKey, publicKey } = await openpgp.revokeKey({ key: made.privateKey, ...reason, format: "object" });
  return { privateKey: privateKey.armor(), publicKey: publicKey.armor() };
}

/** Checks a configuration as it is when an auth is saved. */
async function save(auth: AuthDefinition, config: object): Promise<void> {
  await auth.checkConfig?.(auth.config.parse(config), ANYWHERE);
}

/** Saving must be refused with words that hold nothing of what is secret. */
async function refused(auth: AuthDefinition, config: object, said: RegExp): Promise<void> {
  const error = await save(auth, config).then(() => undefined, (error) => error);
  assert.ok(error instanceof Failure, `${said}: ${error}`);
  assert.equal(error.kind, "config");
  assert.match(error.message, said);
  assert.ok(error.hint, String(said));
  const text = JSON.stringify([error.message, error.hint]);
  for (const secret of ["zzSEKRETzz", "zzPASSzz", "zzWRONGzz", "zzPASSWORDzz", "PRIVATE KEY BLOCK"]) {
    assert.ok(!text.includes(secret), text);
  }
}

Deno.test("a PGP private key that cannot be used is refused when it is saved, with the reason and no secret", async () => {
  const good = await makeKey();
  const locked = await makeKey({ passphrase: "zzPASSzz" });
  const past = new Date(Date.now() - 10 * 86_400_000);
  const expired = await makeKey({ date: past, keyExpirationTime: 86_400 });
  const cases: readonly [key: string, passphrase: string | undefined, said: RegExp][] = [
    ["zzSEKRETzz", undefined, /^The PGP private key is no PGP key$/],
    [PUTTY, undefined, /is a PuTTY key, which is for SSH$/],
    [SSH, undefined, /is an SSH key$/],
    [good.publicKey, undefined, /^The PGP private key is a public key$/],
    [good.privateKey.replace(/\n[^\n]{20}/, "\nzzSEKRETzz"), undefined, /is no PGP key, or is damaged$/],
    [locked.privateKey, undefined, /is locked by a passphrase, and none is given$/],
    [locked.privateKey, "zzWRONGzz", /^The passphrase does not open the PGP private key$/],
    [expired.privateKey, undefined, /^The PGP private key "Ann <ann@test.invalid>" expired on \d{4}-/],
    [(await revoked()).privateKey, undefined, /"Ann <ann@test.invalid>" was revoked$/],
    [(await makeKey({ subkeys: [{ sign: true }] })).privateKey, undefined, /cannot decrypt: it can only sign/],
  ];
  for (const auth of [sftpPgpPrivate, localFolder]) {
    const base = auth.id === "local-folder" ? { folder: "/srv" } : LOGIN;
    for (const [pgp_private_key, pgp_passphrase, said] of cases) {
      await refused(auth, { ...base, pgp_private_key, ...(pgp_passphrase && { pgp_passphrase }) }, said);
    }
    await save(auth, { ...base, pgp_private_key: good.privateKey });
    await save(auth, { ...base, pgp_private_key: locked.privateKey, pgp_passphrase: "zzPASSzz" });
    await save(auth, { ...base, pgp_private_key: good.privateKey, pgp_signer_key: expired.publicKey });
    const signer = { ...base, pgp_private_key: good.privateKey, pgp_signer_key: good.privateKey };
    await refused(auth, signer, /^The PGP key of the signer is a private key$/);
  }
  const folder = { folder: "/srv", pgp_passphrase: "zzPASSzz" };
  await refused(localFolder, folder, /^`pgp_passphrase` is given without a PGP private key$/);
});

Deno.test("a PGP public key that cannot be used is refused when it is saved, with the reason and no secret", async () => {
  const good = await makeKey();
  const past = new Date(Date.now() - 10 * 86_400_000);
  const cases: readonly [key: string, said: RegExp][] = [
    ["zzSEKRETzz", /^The PGP public key is no PGP key$/],
    ["ssh-ed25519 AAAAzzSEKRETzz ann@home", /is an SSH public key$/],
    [good.privateKey, /^The PGP public key is a private key$/],
    [good.publicKey + good.publicKey, /holds 2 keys$/],
    [(await makeKey({ date: past, keyExpirationTime: 86_400 })).publicKey, /expired on \d{4}-/],
    [(await revoked()).publicKey, /was revoked$/],
    [(await makeKey({ subkeys: [{ sign: true }] })).publicKey, /cannot encrypt: it can only sign/],
  ];
  for (const [pgp_public_key, said] of cases) {
    await refused(sftpPgpPublic, { ...LOGIN, pgp_public_key }, said);
    await refused(localFolder, { folder: "/srv", pgp_public_key }, said);
  }
  await save(sftpPgpPublic, { ...LOGIN, pgp_public_key: good.publicKey });
});

Deno.test("a PGP signing key that cannot be used is refused when it is saved, and told apart from the recipient's", async () => {
  const { publicKey } = await makeKey();
  const own = await makeKey();
  const locked = await makeKey({ passphrase: "zzPASSzz" });
  const past = new Date(Date.now() - 10 * 86_400_000);
  const expired = await makeKey({ date: past, keyExpirationTime: 86_400 });
  const cases: readonly [key: string, passphrase: string | undefined, said: RegExp][] = [
    ["zzSEKRETzz", undefined, /^The PGP signing key is no PGP key$/],
    [own.publicKey, undefined, /^The PGP signing key is a public key$/],
    [locked.privateKey, undefined, /^The PGP signing key is locked by a passphrase, and none is given$/],
    [locked.privateKey, "zzWRONGzz", /^The passphrase does not open the PGP signing key$/],
    [expired.privateKey, undefined, /^The PGP signing key "Ann <ann@test\.invalid>" expired on \d{4}-/],
  ];
  for (const [auth, base] of [[sftpPgpPublic, LOGIN], [localFolder, { folder: "/srv" }]] as const) {
    for (const [pgp_signing_key, pgp_signing_passphrase, said] of cases) {
      const signing = { pgp_signing_key, ...(pgp_signing_passphrase && { pgp_signing_passphrase }) };
      await refused(auth, { ...base, pgp_public_key: publicKey, ...signing }, said);
    }
    const given = { ...base, pgp_public_key: publicKey, pgp_signing_passphrase: "zzPASSzz" };
    await save(auth, { ...given, pgp_signing_key: locked.privateKey });
    await refused(auth, given, /^`pgp_signing_passphrase` is given without a PGP signing key$/);
  }
  const alone = { folder: "/srv", pgp_signing_key: own.privateKey };
  await refused(localFolder, alone, /^`pgp_signing_key` is given without a PGP public key$/);
});

Deno.test("a file is encrypted to the recipient's key and signed with one's own; a key that has expired does neither", async () => {
  const partner = await makeKey();
  const own = await makeKey({ passphrase: "zzPASSzz" });
  const past = new Date(Date.now() - 10 * 86_400_000);
  const expired = await makeKey({ date: past, keyExpirationTime: 86_400 });
  const content = new TextEncoder().encode("id\r\n1\r\n");
  const stream = () => new Blob([content]).stream();
  const keys = {
    pgp_public_key: partner.publicKey,
    pgp_signing_key: own.privateKey,
    pgp_signing_passphrase: "zzPASSzz",
  };
  const binaryMessage = await new Response(await encryption(keys)(stream())).bytes();
  const { data, signatures } = await openpgp.decrypt({
    message: await openpgp.readMessage({ binaryMessage }),
    decryptionKeys: await openpgp.readPrivateKey({ armoredKey: partner.privateKey }),
    verificationKeys: await openpgp.readKey({ armoredKey: own.publicKey }),
    expectSigned: true,
    format: "binary",
  });
  assert.deepEqual([new Uint8Array(data), await signatures[0]?.verified], [content, true]);
  const message = /^The PGP signing key "Ann <ann@test\.invalid>" expired on/;
  await assert.rejects(encryption({ ...keys, pgp_signing_key: expired.privateKey })(stream()), {
    kind: "auth",
    message,
  });
  const recipient = { kind: "auth", message: /^The PGP public key "Ann <ann@test\.invalid>" expired on/ };
  await assert.rejects(encryption({ ...keys, pgp_public_key: expired.publicKey })(stream()), recipient);
});

Deno.test("auth methods over SFTP with PGP take and refuse what the plain one does", () => {
  const problem = (auth: AuthDefinition, config: object) => auth.config.safeParse(config).error?.issues[0]?.message;
  for (
    const [auth, key] of [[sftpPgpPrivate, "pgp_private_key"], [sftpPgpPublic, "pgp_public_key"]] as const
  ) {
    const base = { host: "sftp.example.com", username: "ann", [key]: "key" };
    assert.equal(problem(auth, base), "give a password, a private key, or both");
    assert.match(problem(auth, { ...base, private_key: PUTTY }) ?? "", /^is a PuTTY key/);
    assert.equal(problem(auth, { ...base, password: "x" }), undefined);
    assert.notEqual(problem(auth, LOGIN), undefined);
  }
});

/** Connects, checks, and gives what the check told. */
async function check<Config extends ConfigSchema, Connection extends object>(
  auth: AuthDefinition<Config, Connection>,
  config: object,
  use: (connection: Connection) => Promise<void> = async () => {},
): Promise<{ readonly lines: CheckResult[]; readonly thrown?: unknown }> {
  const context: AuthContext<ConfigOf<Config>> = {
    label: "Partner",
    config: auth.config.parse(config),
    peer: { known: undefined, pin: () => Promise.resolve() },
    addresses: ANYWHERE,
    signal: new AbortController().signal,
    log: collectLog().log,
  };
  await using connection = await auth.connect(context);
  await use(connection);
  const lines: CheckResult[] = [];
  try {
    for await (const line of auth.check(connection, context)) lines.push(line);
  } catch (thrown) {
    return { lines, thrown };
  }
  return { lines };
}

Deno.test({
  name: "a check of an SFTP auth with PGP tells address, host key, login, folder and keys, with their end",
  ignore,
  fn: async () => {
    await using server = await startOpenSsh();
    const { host, port, username, privateKey, folder } = server;
    const login = { host, port, username, private_key: privateKey, folder };
    const key = await makeKey({ keyExpirationTime: 400 * 86_400 });
    const { lines } = await check(sftpPgpPrivate, { ...login, pgp_private_key: key.privateKey });
    assert.deepEqual(lines.map(({ name, ok }) => [name, ok]), [
      ["address", true],
      ["host key", true],
      ["login", true],
      ["folder", true],
      ["PGP private key", true],
    ]);
    const end = /^[0-9A-F]{40} of "Ann <ann@test\.invalid>", X25519, until \d{4}-\d\d-\d\d$/;
    assert.match(lines.at(-1)?.detail ?? "", end);

    const given = await check(sftpPgpPublic, { ...login, pgp_public_key: key.publicKey }, async (connection) => {
      const message = await connection.encrypt(new Blob(["id\n1\n"]).stream());
      await connection.files.write("people.csv.pgp", message);
    });
    assert.deepEqual([given.lines.at(-1)?.name, given.lines.length], ["PGP public key", 5]);
    assert.match(given.lines.at(-1)?.detail ?? "", end);
    await check(sftpPgpPrivate, { ...login, pgp_private_key: key.privateKey }, async ({ files, decrypt }) => {
      const limits = { maxBytes: 1e6, maxRatio: 10 };
      await using plain = await decrypt(await files.open("people.csv.pgp"), { spool: memorySpool(), limits });
      assert.equal(await new Response(plain.open()).text(), "id\n1\n");
    });
  },
});

Deno.test("a check tells of a key that has expired since it was saved, and files are still decrypted", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const date = new Date(Date.now() - 10 * 86_400_000);
    const key = await makeKey({ date, keyExpirationTime: 5 * 86_400 });
    const encrypted = await openpgp.encrypt({
      message: await openpgp.createMessage({ binary: new TextEncoder().encode("id\n1\n") }),
      encryptionKeys: await openpgp.readKey({ armoredKey: key.publicKey }),
      date: new Date(date.getTime() + 1_000),
    });
    await Deno.writeTextFile(`${folder}/a.csv.asc`, String(encrypted));
    const { lines, thrown } = await check(
      localFolder,
      { folder, pgp_private_key: key.privateKey },
      async ({ files, decrypt }) => {
        const limits = { maxBytes: 1e6, maxRatio: 10 };
        await using plain = await decrypt!(await files.open("a.csv.asc"), { spool: memorySpool(), limits });
        assert.equal(await new Response(plain.open()).text(), "id\n1\n");
      },
    );
    assert.deepEqual(lines.map(({ name, ok }) => [name, ok]), [["folder", true], ["PGP private key", false]]);
    assert.match(lines[1]?.detail ?? "", /expired on/);
    assert.ok(thrown instanceof Failure && thrown.kind === "auth");
    const { lines: plain } = await check(localFolder, { folder }, async (connection) => {
      assert.deepEqual([connection.decrypt, connection.encrypt], [undefined, undefined]);
    });
    assert.equal(plain.length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
