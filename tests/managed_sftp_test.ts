/**
 * The managed SFTP server as people use it from end to end: `waybill serve`, an account made at the command line, files
 * put by OpenSSH's `sftp`, a job that runs when one has come, and the account's end.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { OpenSshClient, requireOpenSshClient } from "../server/sftp/programs_testing.ts";
import { temporaryFolder } from "./support/home.ts";
import { DATABASE_KINDS, type Place } from "./support/place.ts";
import { runCli, startServerWithSftp } from "./support/waybill_process.ts";

for (const kind of DATABASE_KINDS) {
  Deno.test({
    name: `files that a partner uploads are imported when they have come, on ${kind.name}`,
    ignore: !kind.present || !requireOpenSshClient(),
    fn: async () => {
      await using folder = await temporaryFolder();
      await using places = await kind.start();
      const place = await places.make(join(folder.path, "home"));
      await using keys = await OpenSshClient.make(0);
      await using server = startServerWithSftp(place);
      const port = Number(await server.logged(/SFTP on \S+ port (\d+)/));
      const client = keys.to(port);
      await makeAccount(place, client);

      await client.write("people_20260101.csv", "id,email\n1,ann@example.com\n2,bob@example.com\n");
      await client.write("people_20260102.csv", "id,email\n1,ann@example.com\n3,cy@example.com\n");
      await ok(client.sftp("partner", ["mkdir in", "put people_20260101.csv in/"]));
      await cli(place, [
        ...["job", "create", "csv-import", "--label", "nightly", "--auth", "partner", "--folder", "in"],
        ...["--file", "people_20260101.csv", "--prefix", "people_", "--stream", "people", "--identify-by", "email"],
        ...["--keep-updated", "--frequency", "on-arrival", "--diff"],
      ]);
      await imported(place, ["people_20260101.csv"]);
      await ok(client.sftp("partner", ["put people_20260102.csv in/.part", "rename in/.part in/people_20260102.csv"]));
      await imported(place, ["people_20260101.csv", "people_20260102.csv"]);
      // Where the rename was long in coming, a run for the part found nothing to read.
      const runs: readonly { readonly accepted: number }[] = await cli(place, ["run", "list"]);
      assert.deepEqual(runs.map(({ accepted }) => accepted).filter((rows) => rows > 0), [1, 2]);

      await endsAtOnce(place, client);
      const log = await cli(place, ["sftp", "log", "--limit", "1000"]);
      const actions = new Set(log.map(({ action }: { action: string }) => action));
      for (const action of ["login", "logout", "make_folder", "upload", "rename"]) {
        assert.ok(actions.has(action), action);
      }
    },
  });
}

async function makeAccount(place: Place, client: OpenSshClient): Promise<void> {
  await client.write("password", "Secret-12\n");
  const made = await cli(place, [
    ...["auth", "create", "managed-sftp", "--label", "partner", "--username", "partner"],
    ...["--public-key", await client.publicKey(), "--password-file", `${client.folder}/password`],
  ]);
  assert.deepEqual(made.secrets, ["password"]);
  const byPassword = await client.sftpWithPassword("partner", "Secret-12", ["pwd"], ["PubkeyAuthentication=no"]);
  assert.match(byPassword.out, /Remote working directory: \//);
  const other = await runCli(place, [
    ...["auth", "create", "managed-sftp", "--label", "again", "--username", "partner"],
    ...["--public-key", await client.publicKey()],
  ]);
  assert.equal(other.code, 3);
  assert.match(other.stderr, /The username "partner" is taken/);
}

/** A session is ended by an operator, and with the account, at once; its files stay until they are purged. */
async function endsAtOnce(place: Place, client: OpenSshClient): Promise<void> {
  const session = () => client.ssh("partner", ["-N"]).then(({ code }) => code);
  const open = async () => (await cli(place, ["sftp", "sessions"])).length > 0;
  await until(async () => !await open());
  const kicked = session();
  await until(open);
  await cli(place, ["sftp", "kick", "partner"]);
  assert.notEqual(await kicked, 0);
  await until(async () => !await open());
  const deleted = session();
  await until(open);
  await cli(place, ["auth", "delete", "partner"]);
  assert.notEqual(await deleted, 0);
  assert.notEqual((await client.sftp("partner", ["ls"], ["PasswordAuthentication=no"])).code, 0);
  const [account] = await cli(place, ["sftp", "accounts"]);
  assert.deepEqual([account.auth_id, account.files], [null, 2]);
  assert.equal((await cli(place, ["sftp", "purge", "partner"])).files, 2);
  assert.deepEqual(await cli(place, ["sftp", "accounts"]), []);
}

async function imported(place: Place, files: readonly string[]): Promise<void> {
  await until(async () => {
    const found: readonly { readonly path: string }[] = await cli(place, ["job", "files", "nightly"]);
    return files.every((name) => found.some(({ path }) => path.endsWith(name)));
  });
  await until(async () => {
    const runs: readonly { readonly status: string }[] = await cli(place, ["run", "list"]);
    return runs.every(({ status }) => status === "succeeded");
  });
}

/** Waits until something is so; a test that waits for ever is ended by whoever runs it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 100));
}

async function cli(place: Place, args: readonly string[]) {
  const { code, stdout, stderr } = await runCli(place, [...args, "--json"]);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

async function ok(running: Promise<{ readonly code: number; readonly err: string }>): Promise<void> {
  const { code, err } = await running;
  assert.deepEqual([code, err], [0, ""]);
}
