import assert from "node:assert/strict";
import { openDatabase } from "../core/database/open.ts";
import { homeOf } from "../core/engine/home.ts";
import { ManagedContents } from "../core/engine/managed/contents.ts";
import { put } from "../core/engine/managed/managed_testing.ts";
import { SessionTree } from "../core/engine/managed/session_tree.ts";
import { Uploads } from "../core/engine/managed/uploads.ts";
import { Processes } from "../core/engine/processes.ts";
import { type TestCli, testCli } from "./cli_testing.ts";

async function createAccount(cli: TestCli, username: string): Promise<void> {
  await Deno.writeTextFile(`${cli.folder}/password`, "Secret-12\n");
  const create = ["auth", "create", "managed-sftp", "--label", "partner", "--username", username];
  await cli.json(...create, "--password-file", `${cli.folder}/password`);
}

/** Uploads two files and the beginning of a third. */
async function upload(cli: TestCli): Promise<void> {
  const home = homeOf(`${cli.folder}/home`);
  await using database = await openDatabase(home.database);
  const { id, account_id } = await database.kysely.selectFrom("managed_trees").select(["id", "account_id"])
    .executeTakeFirstOrThrow();
  await using session = new SessionTree({
    database,
    contents: new ManagedContents(home.managedDir),
    uploads: new Uploads(),
    tree: { account: account_id, id },
    quota: undefined,
    session: { id: null, username: "acme", address: "127.0.0.1" },
  });
  for (const name of ["a.csv", "b.csv"]) await put(session, name, "id\n1\n");
  const begun = await session.open("c.csv", { write: true, create: true });
  await begun.write(0, new TextEncoder().encode("id\n"));
  await begun.interrupt();
}

Deno.test("a change of the username says what the account before it holds, and how to get it back", async () => {
  await using cli = await testCli();
  await createAccount(cli, "acme");
  await upload(cli);
  const [account] = await cli.json("sftp", "accounts") as unknown as Record<string, unknown>[];
  assert.deepEqual([account?.files, account?.unfinished, account?.bytes], [2, 1, 13]);

  const same = await cli.run(["auth", "update", "partner", "--quota-bytes", "1000"]);
  assert.doesNotMatch(same.stderr, /stay until/);
  const { stderr } = await cli.run(["auth", "update", "partner", "--username", "acme-2"]);
  assert.match(stderr, /^2 files and 1 unfinished upload of account "acme" stay until 90 days after their upload$/m);
  assert.match(stderr, /^Jobs and users of account "acme-2" do not see them$/m);
  assert.match(stderr, /waybill auth update partner --username acme$/m);
  assert.match(stderr, /waybill sftp purge acme$/m);

  const back = await cli.run(["auth", "update", "partner", "--username", "acme"]);
  assert.doesNotMatch(back.stderr, /stay until/, "the account before it holds nothing");
  const [again] = await cli.json("sftp", "accounts") as unknown as Record<string, unknown>[];
  assert.deepEqual([again?.username, again?.auth_label, again?.files], ["acme", "partner", 2]);

  const deleted = await cli.run(["auth", "delete", "partner"]);
  assert.match(deleted.stderr, /^2 files and 1 unfinished upload of account "acme" stay until 90 days/m);
});

Deno.test("every process that serves SFTP is shown, the newest first", async () => {
  await using cli = await testCli();
  assert.deepEqual((await cli.json("sftp", "show")).addresses, []);
  const home = homeOf(`${cli.folder}/home`);
  await using database = await openDatabase(home.database);
  await using first = await Processes.join(database, home.processesDir, "serve");
  await first.servesSftpAt({ host: "127.0.0.1", port: 2022 });
  await using second = await Processes.join(database, home.processesDir, "serve");
  await second.servesSftpAt({ host: "127.0.0.1", port: 2023 });
  await database.kysely.updateTable("processes").set({ started_at: 0 }).where("id", "=", first.id).execute();
  const { stdout } = await cli.run(["sftp", "show"]);
  assert.match(stdout, /^address +127\.0\.0\.1 port 2023, 127\.0\.0\.1 port 2022$/m);
});
