/** Audiences are exported by the command line to servers of every kind, and the programs that partners have read the files. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type OpenSshServer, requireOpenSsh, requirePeer, startOpenSsh } from "@waybill/waybill/testing";
import { openS3Store } from "@waybill/waybill/files";
import { type TestCli, testCli } from "../cli/cli_testing.ts";
import { openGnuPg, requireGnuPg, runPeer } from "../core/codecs/pgp/gnupg_testing.ts";
import { startS3 } from "../core/files/s3/s3_testing.ts";
import { mountSmallDisk, requireSmallDisk } from "./support/small_disk.ts";

const PEOPLE = "id,email,name,tags\n" +
  '1,ada@example.com,"Ada, ""the first""",a|b&c\n2,bob@example.com,Böb,\n3,eve@example.com,=1+1,x\n';
const CSV = "email,id,name,tags\r\n" +
  'ada@example.com,1,"Ada, ""the first""",a&b\\&c\r\nbob@example.com,2,Böb,\r\neve@example.com,3,=1+1,x\r\n';

const UNZIP = "/usr/bin/unzip";
const GZIP = "/usr/bin/gzip";
const OPENSSL = "/usr/bin/openssl";
const ignore = !requireOpenSsh();

/** A command line with three people in it, two of them in the audience `some`. */
async function withPeople(): Promise<TestCli> {
  const cli = await testCli();
  const folder = join(cli.folder, "in");
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "people.csv"), PEOPLE);
  await cli.json("auth", "create", "local-folder", "--label", "here", "--folder", folder);
  await cli.json(
    ...["run", "csv-import", "--auth", "here", "--file", "people.csv", "--stream", "people"],
    ...["--identify-by", "id", "--multi-value", "tags", "--join", "|"],
  );
  await cli.json("audience", "create", "--name", "Some", "--slug", "some", "--filter", 'FILTER NOT id = "2"');
  return cli;
}

/** Saves the auth `partner` for a server. */
async function addPartner(cli: TestCli, server: OpenSshServer, method = "sftp", ...more: string[]): Promise<void> {
  const key = join(cli.folder, "ssh");
  await Deno.writeTextFile(key, server.privateKey);
  await cli.json(
    ...["auth", "create", method, "--label", "partner", "--host", server.host, "--port", String(server.port)],
    ...["--username", server.username, "--folder", server.folder, "--private-key-file", key, ...more],
  );
}

const exportTo = (cli: TestCli, auth: string, ...flags: string[]) =>
  cli.json("run", "sftp-csv-export", "--auth", auth, "--audience", "all", ...flags);

/** Runs it; it must end with this exit code, and say this. */
async function fails(cli: TestCli, code: number, said: RegExp, ...flags: string[]): Promise<void> {
  const printed = await cli.run(["run", "sftp-csv-export", "--auth", "partner", "--audience", "all", ...flags]);
  assert.match(printed.stdout + printed.stderr, said);
  assert.equal(printed.code, code, printed.stderr);
}

const names = async (folder: string) => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test({
  name: "an audience is exported to OpenSSH's server, plain, by gzip and by zip, and read by gzip and unzip",
  ignore: ignore || !requirePeer("unzip (Debian package unzip)", UNZIP) ||
    !requirePeer("gzip (Debian package gzip)", GZIP),
  fn: async () => {
    await using server = await startOpenSsh();
    await using cli = await withPeople();
    await addPartner(cli, server);
    const run = await exportTo(cli, "partner");
    assert.deepEqual([run.status, run.rows, run.bytes, run.path], [
      "succeeded",
      3,
      new TextEncoder().encode(CSV).length,
      "all.csv",
    ]);
    const at = (name: string) => join(server.folder, name);
    assert.equal(await Deno.readTextFile(at("all.csv")), CSV);
    await exportTo(cli, "partner", "--compress", "gzip");
    assert.equal(decode(await runPeer(GZIP, ["-dc", at("all.csv.gz")])), CSV);
    await exportTo(cli, "partner", "--compress", "zip");
    assert.equal(decode(await runPeer(UNZIP, ["-p", at("all.csv.zip"), "all.csv"])), CSV);
    const some = ["run", "sftp-csv-export", "--auth", "partner", "--audience", "some", "--fields", "name,id"];
    await cli.json(...some, "--delimiter", "t", "--line-ending", "lf", "--audience-slug", "--spreadsheet-safe");
    assert.equal(
      await Deno.readTextFile(at("some.csv")),
      'name\tid\taudience_slug\n"Ada, ""the first"""\t1\tsome\n\'=1+1\t3\tsome\n',
    );
    assert.deepEqual(await names(server.folder), ["all.csv", "all.csv.gz", "all.csv.zip", "some.csv"]);
    const plan = await cli.json("job", "plan", ...some.slice(1));
    assert.match(String(plan.summary), /^Would export 2 members of audience "Some" to "some\.csv"$/);
    assert.deepEqual(await names(server.folder), ["all.csv", "all.csv.gz", "all.csv.zip", "some.csv"]);
  },
});

Deno.test({
  name: "an export is encrypted to the partner's PGP key and signed with one's own, and GnuPG reads and verifies it",
  ignore: ignore || !requireGnuPg(),
  fn: async () => {
    await using server = await startOpenSsh();
    await using gpg = await openGnuPg();
    await using cli = await withPeople();
    const partner = await gpg.makeKey("partner", { sign: "rsa2048", encrypt: "rsa2048" });
    const ours = await gpg.makeKey("ours", { sign: "ed25519", passphrase: "open sesame" });
    const files = { recipient: partner.public, signing: ours.secret, passphrase: "open sesame" };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(cli.folder, name), text);
    await addPartner(
      ...[cli, server, "sftp-pgp-public", "--pgp-public-key-file", join(cli.folder, "recipient")] as const,
      ...["--pgp-signing-key-file", join(cli.folder, "signing")],
      ...["--pgp-signing-passphrase-file", join(cli.folder, "passphrase")],
    );
    const { path } = await exportTo(cli, "partner", "--compress", "gzip", "--manifest");
    assert.equal(path, "all.csv.gz.pgp");
    const status = join(gpg.folder, "status");
    const file = join(server.folder, String(path));
    const packed = await gpg.run(["--status-file", status, "--decrypt", file]);
    assert.equal(decode(await runPeer(GZIP, ["-dc"], packed)), CSV);
    const said = await Deno.readTextFile(status);
    for (const word of [/GOODMDC/, /GOODSIG/, /DECRYPTION_INFO 2 9/]) assert.match(said, word);
    // Whose rows nobody can count without the key.
    const verdict = await cli.json("export", "verify", file) as { checks: { ok: boolean | null }[] };
    assert.deepEqual(verdict.checks.map(({ ok }) => ok), [true, true, true, true, null]);
    assert.deepEqual(await names(server.folder), ["all.csv.gz.pgp", "all.csv.gz.pgp.manifest.json"]);
  },
});

Deno.test("an audience is exported to a bucket of S3, into a folder that nobody has to make", async () => {
  await using server = await startS3();
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server.options;
  const store = openS3Store(server.options);
  await using cli = await withPeople();
  await Deno.writeTextFile(join(cli.folder, "secret"), secretAccessKey);
  await cli.json(
    ...["auth", "create", "s3", "--label", "bucket", "--endpoint", endpoint, "--bucket", bucket],
    ...["--access-key-id", accessKeyId, "--secret-access-key-file", join(cli.folder, "secret")],
  );
  const paths: string[] = [];
  for (let run = 1; run <= 2; run++) {
    const { path } = await exportTo(cli, "bucket", "--folder", "out", "--timestamp-format", "YYYYMMDD");
    assert.equal(await new Response(await store.open(String(path))).text(), CSV);
    paths.push(String(path));
  }
  const [first = "", second] = paths;
  assert.match(first, /^out\/all_\d{8}\.csv$/);
  // Unless the day has ended in between.
  assert.match(second ?? "", second?.slice(0, -6) === first.slice(0, -4) ? /-2\.csv$/ : /^out\/all_\d{8}\.csv$/);
  await store.close();
});

Deno.test({
  name: "what a server cannot take is told, and nothing is left behind",
  ignore,
  fn: async () => {
    await using cli = await withPeople();
    {
      await using server = await startOpenSsh({ sftp: "-R" });
      await addPartner(cli, server);
      await fails(cli, 4, /Access to "all\.csv" is denied/);
      assert.deepEqual(await names(server.folder), []);
    }
    await cli.run(["auth", "delete", "partner"]);
    await using server = await startOpenSsh();
    await addPartner(cli, server);
    await fails(cli, 3, /Folder "no\/where" that is to be written to does not exist/, "--folder", "no/where");
    await Deno.mkdir(join(server.folder, "all.csv"));
    await fails(cli, 3, /"all\.csv" is a folder, and the file would have that name/);
    assert.deepEqual(await names(server.folder), ["all.csv"]);
    assert.deepEqual(await names(join(server.folder, "all.csv")), []);
    const unknown = await cli.run(["run", "sftp-csv-export", "--auth", "partner", "--audience", "nobody"]);
    assert.match(unknown.stderr, /"nobody"/);
    assert.equal(unknown.code, 3);
    await fails(cli, 3, /"nickname"/, "--fields", "id,nickname");
  },
});

Deno.test({
  name: "a server whose disk is full says so, and keeps the file of the run before",
  ignore: ignore || !requireSmallDisk(),
  fn: async () => {
    await using disk = await mountSmallDisk({ mebibytes: 1 });
    await using server = await startOpenSsh();
    await using cli = await withPeople();
    // The auth has no folder: the disk is elsewhere on the server.
    await addPartner(cli, { ...server, folder: disk.path });
    await exportTo(cli, "partner");
    disk.fill();
    await fails(cli, 6, /The disk of the server is full: "all\.csv" could not be written/);
    assert.deepEqual(await names(disk.path), ["all.csv", "ballast"]);
    assert.equal(await Deno.readTextFile(join(disk.path, "all.csv")), CSV);
  },
});

Deno.test({
  name: "a manifest is verified by OpenSSL, and export verify tells what was altered",
  ignore: !requirePeer("OpenSSL (Debian package openssl)", OPENSSL),
  fn: async () => {
    await using cli = await withPeople();
    const out = join(cli.folder, "out");
    await Deno.mkdir(out);
    await cli.json("auth", "create", "local-folder", "--label", "out", "--folder", out);
    await exportTo(cli, "out", "--manifest");
    const file = join(out, "all.csv");
    const beside = `${file}.manifest.json`;
    const manifest = JSON.parse(await Deno.readTextFile(beside));
    const { public_key: key } = await cli.json("export", "key");
    assert.equal(manifest.signature.public_key, key);

    // As the documentation has it, without any code of Waybill's: keys sorted, no white space.
    const canonical = (value: unknown): string =>
      Array.isArray(value)
        ? `[${value.map(canonical).join(",")}]`
        : value !== null && typeof value === "object"
        ? `{${
          Object.entries(value).sort().map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(",")
        }}`
        : JSON.stringify(value);
    const { signature, ...signed } = manifest;
    const at = (name: string) => join(cli.folder, name);
    await Deno.writeTextFile(at("signed"), canonical(signed));
    await Deno.writeFile(at("signature"), Uint8Array.fromBase64(signature.value));
    const der = Uint8Array.of(
      0x30,
      0x2a,
      0x30,
      5,
      6,
      3,
      0x2b,
      0x65,
      0x70,
      3,
      0x21,
      0,
      ...Uint8Array.fromBase64(String(key)),
    );
    await Deno.writeFile(at("key.der"), der);
    const how = ["-verify", "-pubin", "-keyform", "DER", "-inkey", at("key.der"), "-rawin", "-in", at("signed")];
    await runPeer(OPENSSL, ["pkeyutl", ...how, "-sigfile", at("signature")]);

    const verify = async (...flags: string[]) => {
      const { code, stdout } = await cli.run(["export", "verify", file, ...flags, "--json"]);
      const wrong = JSON.parse(stdout).checks.filter(({ ok }: { ok: boolean }) => !ok);
      return [code, ...wrong.map(({ name }: { name: string }) => name)];
    };
    assert.deepEqual(await verify(), [0]);
    assert.deepEqual(await verify("--public-key", String(key)), [0]);
    const stranger = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    assert.deepEqual(await verify("--public-key", stranger), [5, "signature"]);
    const original = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, original.replace("Ada", "Eda"));
    assert.deepEqual(await verify(), [5, "sha256"]);
    await Deno.writeTextFile(file, `${original}x,9,,\r\n`);
    assert.deepEqual(await verify(), [5, "bytes", "sha256", "rows"]);
    await Deno.writeTextFile(file, original);
    await Deno.writeTextFile(beside, JSON.stringify({ ...manifest, rows: 2 }));
    assert.deepEqual(await verify(), [5, "signature", "rows"]);
    await Deno.writeTextFile(beside, JSON.stringify({ ...manifest, note: "added" }));
    assert.deepEqual(await verify(), [5, "signature"]);
    await Deno.writeTextFile(beside, "{}");
    assert.equal((await cli.run(["export", "verify", file])).code, 5);
    assert.equal((await cli.run(["export", "verify", file, "--public-key", "short"])).code, 5);
  },
});

Deno.test("export verify tells a file with another one's manifest, one without, and a file that is missing", async () => {
  await using cli = await withPeople();
  const out = join(cli.folder, "out");
  await Deno.mkdir(out);
  await cli.json("auth", "create", "local-folder", "--label", "out", "--folder", out);
  await exportTo(cli, "out", "--manifest");
  const [file, today] = [join(out, "all.csv"), join(out, "today.csv")];
  const verify = (...words: string[]) => cli.run(["export", "verify", ...words]);
  await Deno.copyFile(file, today);
  const lacking = await verify(today);
  assert.equal(lacking.code, 3);
  assert.match(
    lacking.stderr,
    /today\.csv" has no manifest beside it[^]*`--manifest PATH`, or export with `--manifest`/,
  );
  await Deno.copyFile(`${file}.manifest.json`, `${today}.manifest.json`);
  for (const more of [[], ["--manifest", `${file}.manifest.json`]]) {
    const stale = await verify(today, ...more);
    assert.equal(stale.code, 5);
    assert.match(stale.stdout, /name +wrong +the manifest is of "all\.csv"/);
  }
  const nowhere = await verify(file, "--manifest", join(out, "none.json"));
  assert.equal(nowhere.code, 3);
  assert.match(nowhere.stderr, /"none\.json" does not exist/);
  for (const path of [file, `${file}.manifest.json`]) {
    await Deno.remove(path);
    const missing = await verify(file);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /"all\.csv" does not exist/);
  }
});

Deno.test("a list of runs shows of exports what was exported, of imports what was read", async () => {
  await using cli = await withPeople();
  const out = join(cli.folder, "out");
  await Deno.mkdir(out);
  await cli.json("auth", "create", "local-folder", "--label", "out", "--folder", out);
  await exportTo(cli, "out");
  const [head = "", exported = "", imported = ""] = (await cli.run(["run", "list"])).stdout.split("\n");
  const cells = (line: string) =>
    ["read", "accepted", "rejected", "exported"].map((name, index, names) =>
      line.slice(head.indexOf(` ${name} `) + 1, head.indexOf(` ${names[index + 1] ?? "took"} `)).trim()
    );
  assert.deepEqual(cells(exported), ["", "", "", "3"], head);
  assert.deepEqual(cells(imported), ["3", "3", "0", ""], head);
});

Deno.test("a continuous export runs by itself at the times that its schedule says", async () => {
  await using cli = await withPeople();
  const when = ["--continuous", "--frequency", "weekly", "--time-of-day", "06:30", "--timezone", "Europe/Berlin"];
  const job = ["--label", "weekly", "--auth", "here", "--audience", "all", ...when];
  const made = await cli.json("job", "create", "sftp-csv-export", ...job);
  const { next_runs: next } = await cli.json("job", "show", String(made.id)) as { next_runs: string[] };
  assert.equal(next.length, 5);
  for (const time of next) {
    const { hour, minute } = Temporal.Instant.from(time).toZonedDateTimeISO("Europe/Berlin");
    assert.deepEqual([hour, minute], [6, 30]);
  }
  for (const flags of [["--frequency", "on-arrival"], ["--timezone", "Mars/Olympus"], ["--time-of-day", "25:00"]]) {
    const { code, stderr } = await cli.run(["job", "update", "weekly", ...flags]);
    assert.equal(code, 3, stderr);
    assert.match(stderr, new RegExp(flags[0]!.slice(2)));
  }
});

Deno.test({
  name: "an export whose size has changed too much waits for approval, before its file is there",
  fn: async () => {
    await using cli = await withPeople();
    const out = join(cli.folder, "out");
    await Deno.mkdir(out);
    await cli.json("auth", "create", "local-folder", "--label", "out", "--folder", out);
    const job = ["--label", "weekly", "--auth", "out", "--audience", "all", "--hold-change", "50"];
    await cli.json("job", "create", "sftp-csv-export", ...job);
    assert.equal((await cli.json("run", "weekly")).rows, 3);
    await cli.json("audience", "update", "some", "--filter", 'FILTER id = "1"');
    const held = await cli.run(["run", "weekly", "--audience", "some", "--json"]);
    assert.equal(held.code, 8, held.stderr);
    const run = JSON.parse(held.stdout);
    assert.match(run.failure.message, /^The export has 1 row, and the one before 3: 66\.7% fewer; hold_change is 50%$/);
    assert.deepEqual(await names(out), ["all.csv"]);
    await cli.json("run", "approve", run.id);
    const ended = await cli.json("run", "show", run.id);
    assert.deepEqual([ended.status, ended.rows, ended.path], ["succeeded", 1, "some.csv"], JSON.stringify(ended));
  },
});
