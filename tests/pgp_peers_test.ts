/**
 * Partners whose programs are Sequoia and RNP: what they encrypt is imported over SFTP, what is encrypted for them they
 * read from the server.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { testCli } from "../cli/cli_testing.ts";
import { runPeer } from "../core/codecs/pgp/gnupg_testing.ts";
import { makeZip } from "../core/codecs/zip/zip_testing.ts";
import { collectLog, type OpenSshServer, requireOpenSsh, requirePeer, startOpenSsh } from "@waybill/waybill/testing";
import { sftpPgpPublic } from "../plugins/file_service/mod.ts";
import { temporaryFolder } from "./support/home.ts";

const SQOP = "/usr/bin/sqop";
const RNP = "/usr/bin/rnp";
const RNPKEYS = "/usr/bin/rnpkeys";
const PASSWORD = "open sesame";

const csv = (file: number) => `id,email\n${file},a${file}@example.com\n${file + 100},b${file}@example.com\n`;

/** A program, with a key pair of ours and one of the partner's. */
interface Partner {
  /** Our private key, its passphrase, and the public key of the partner. */
  readonly secret: Uint8Array;
  readonly passphrase?: string;
  readonly signer: Uint8Array;
  /** What it can encrypt for us: by name, with whether it signs it. */
  readonly files: readonly (readonly [name: string, message: Uint8Array, signed: boolean])[];
  /** Its public key, and how it decrypts what is for it. */
  readonly publicKey: Uint8Array;
  decrypt(message: Uint8Array): Promise<Uint8Array>;
  /** Fails unless the message is one that we have signed. */
  verify(message: Uint8Array): Promise<unknown>;
}

async function sequoia(folder: string): Promise<Partner> {
  const key = async (name: string) => {
    const secret = await runPeer(SQOP, ["generate-key", `${name} <${name}@test.invalid>`]);
    const cert = await runPeer(SQOP, ["extract-cert"], secret);
    await Deno.writeFile(join(folder, `${name}.key`), secret);
    await Deno.writeFile(join(folder, `${name}.cert`), cert);
    return { secret, cert };
  };
  const [ours, partner] = [await key("ours"), await key("partner")];
  const encrypt = (content: string | Uint8Array, ...args: string[]) =>
    runPeer(SQOP, ["encrypt", ...args, "--", join(folder, "ours.cert")], content);
  const sign = ["--sign-with", join(folder, "partner.key")];
  return {
    secret: ours.secret,
    signer: partner.cert,
    files: [
      ["sequoia-0.csv.asc", await encrypt(csv(0)), false],
      ["sequoia-1.csv.pgp", await encrypt(csv(1), "--no-armor", ...sign), true],
      ["sequoia-2.csv.asc", await encrypt(csv(2), ...sign), true],
      [
        "sequoia-3.zip.pgp",
        await encrypt(makeZip([{ name: "a.csv", content: csv(3) }]), "--no-armor", ...sign),
        true,
      ],
    ],
    publicKey: partner.cert,
    decrypt: (message) => runPeer(SQOP, ["decrypt", "--", join(folder, "partner.key")], message),
    verify: async (message) => {
      const said = join(folder, "verifications");
      const verify = ["--verify-with", join(folder, "ours.cert"), "--verify-out", said];
      await runPeer(SQOP, ["decrypt", ...verify, "--", join(folder, "partner.key")], message);
      assert.notEqual(await Deno.readTextFile(said), "");
    },
  };
}

async function rnp(home: string): Promise<Partner> {
  const common = ["--homedir", home, "--notty", "--password", PASSWORD];
  for (const name of ["ours", "partner"]) {
    await runPeer(RNPKEYS, [...common, "--generate-key", "--numbits", "2048", "--userid", `<${name}@test.invalid>`]);
  }
  const exported = (name: string, ...args: string[]) =>
    runPeer(RNPKEYS, [...common, "--export-key", ...args, `<${name}@test.invalid>`]);
  const encrypt = (content: string | Uint8Array, ...args: string[]) =>
    runPeer(RNP, [...common, "--encrypt", "-r", "<ours@test.invalid>", ...args], content);
  const sign = ["--sign", "--userid", "<partner@test.invalid>"];
  return {
    secret: await exported("ours", "--secret"),
    passphrase: PASSWORD,
    signer: await exported("partner"),
    files: [
      ["rnp-0.csv.pgp", await encrypt(csv(0)), false],
      ["rnp-1.csv.asc", await encrypt(csv(1), "--armor", "--bzip2", ...sign), true],
      ["rnp-2.csv.gz.pgp", await encrypt(gzipSync(csv(2)), "-z", "0", "--aead=ocb", ...sign), true],
      ["rnp-3.csv.pgp", await encrypt(csv(3), "--aead=eax", "--cipher", "AES128", ...sign), true],
    ],
    publicKey: await exported("partner"),
    decrypt: (message) => runPeer(RNP, [...common, "--decrypt"], message),
    verify: async (message) => {
      const path = join(home, "message");
      await Deno.writeFile(path, message);
      const args = [...common, "--decrypt", "--output", join(home, "plain"), path];
      const { stderr } = await new Deno.Command(RNP, { args }).output();
      assert.match(new TextDecoder().decode(stderr), /^Good signature made/m);
    },
  };
}

/** Imports the partner's files by the command line; an auth that requires the signature takes none without. */
async function importAll(server: OpenSshServer, partner: Partner): Promise<void> {
  const { secret, passphrase, signer, files } = partner;
  await using cli = await testCli();
  const file = async (name: string, content: string | Uint8Array) => {
    await Deno.writeFile(join(cli.folder, name), new Uint8Array(new TextEncoder().encode(String(content))));
    return join(cli.folder, name);
  };
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const auth = ["--host", server.host, "--port", String(server.port), "--username", server.username]
    .concat("--folder", server.folder, "--private-key-file", await file("ssh", server.privateKey))
    .concat("--pgp-private-key-file", await file("pgp", text(secret)))
    .concat(passphrase === undefined ? [] : ["--pgp-passphrase-file", await file("passphrase", passphrase)]);
  await cli.json("auth", "create", "sftp-pgp-private", "--label", "all", ...auth);
  const strict = [...auth, "--pgp-signer-key-file", await file("signer", text(signer))];
  await cli.json("auth", "create", "sftp-pgp-private", "--label", "signed", ...strict);
  for (const [name, message, signed] of files) {
    await Deno.writeFile(join(server.folder, name), message);
    for (const label of signed ? ["signed"] : ["all", "signed"]) {
      const into = ["--stream", label, "--identify-by", "id", "--json"];
      const { code, stdout, stderr } = await cli.run([
        ...["run", "csv-import", "--auth", label, "--file", name],
        ...into,
      ]);
      if (label === "signed" && !signed) {
        assert.equal(code, 5, stderr);
        assert.match(stderr, /cannot be decrypted: .*sign/);
        continue;
      }
      assert.equal(code, 0, `${name}: ${stderr}`);
      const { accepted, rejected } = JSON.parse(stdout);
      assert.deepEqual([accepted, rejected], [2, 0], name);
    }
  }
  const events = async (stream: string) => (await cli.json("stream", "show", stream)).events;
  assert.deepEqual([await events("all"), await events("signed")], [2, 6]);
  const { attributes } = await cli.json("profile", "get", "id", "103") as { attributes: Record<string, unknown> };
  assert.equal(attributes.email, "b3@example.com");
}

/** Writes a file that is encrypted for the partner and signed, as exports are; the partner reads it on the server. */
async function handOver(server: OpenSshServer, partner: Partner): Promise<void> {
  const { host, port, username, privateKey, folder } = server;
  const context = {
    label: "Partner",
    config: sftpPgpPublic.config.parse({
      host,
      port,
      username,
      private_key: privateKey,
      folder,
      pgp_public_key: new TextDecoder().decode(partner.publicKey),
      pgp_signing_key: new TextDecoder().decode(partner.secret),
      ...(partner.passphrase === undefined ? {} : { pgp_signing_passphrase: partner.passphrase }),
    }),
    peer: { known: server.hostKeyFingerprint, pin: () => Promise.reject(new Error("pinned already")) },
    addresses: { allowPrivate: true },
    signal: new AbortController().signal,
    log: collectLog().log,
  };
  const content = csv(7).repeat(20_000);
  {
    await using connection = await sftpPgpPublic.connect(context);
    const message = await connection.encrypt(new Blob([content]).stream());
    await connection.files.write("out/people.csv.pgp", message);
  }
  const message = await Deno.readFile(join(folder, "out/people.csv.pgp"));
  assert.equal(new TextDecoder().decode(await partner.decrypt(message)), content);
  await partner.verify(message);
}

for (
  const [name, present, start] of [
    ["Sequoia", requirePeer("Sequoia (Debian package sqop)", SQOP), sequoia],
    ["RNP", requirePeer("RNP (Debian package rnp)", RNP), rnp],
  ] as const
) {
  Deno.test({
    name: `files that ${name} encrypted and signed are imported over SFTP, and it reads what is encrypted for it`,
    ignore: !present || !requireOpenSsh(),
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await startOpenSsh();
      const partner = await start(folder.path);
      await importAll(server, partner);
      await handOver(server, partner);
    },
  });
}
