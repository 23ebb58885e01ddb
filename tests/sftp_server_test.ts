// The managed SFTP server with its files in the database and on the disk, and the programs that people use with it.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes, randomInt } from "node:crypto";
import { onEachDatabase, type TestDatabases } from "../core/testing/each_database_testing.ts";
import { lftp, paramiko, rclone, SCENARIOS } from "../server/sftp/interop_testing.ts";
import { requireOpenSshClient } from "../server/sftp/programs_testing.ts";
import { connectRaw, type RawSftp } from "../server/sftp/raw_client_testing.ts";
import { makeTree, readTree } from "../server/sftp/tree_testing.ts";
import { type ManagedServer, placeMany, startManagedServer, USER } from "./support/managed_server.ts";

/** A test on each database, with a server. */
function serverTest(
  name: string,
  test: (server: ManagedServer) => Promise<void>,
  options: { readonly quota?: number } = {},
): void {
  onEachDatabase(name, async (databases: TestDatabases) => {
    if (!requireOpenSshClient()) return;
    await using server = await startManagedServer(databases, options);
    await test(server);
    assert.deepEqual(server.lines.filter(({ level }) => level === "error"), []);
  });
}

/** Nothing is left: no row, no byte, no file on the disk. */
async function assertEmpty({ peer }: ManagedServer): Promise<void> {
  assert.deepEqual((await peer.store.list("")).entries, []);
  assert.equal(await peer.bytes(), 0);
  assert.deepEqual(await peer.stored(), []);
}

for (const scenario of SCENARIOS) {
  serverTest(scenario.name, async (server) => {
    if (!scenario.available()) return;
    await scenario.run(server.target, server.client.folder);
    await assertEmpty(server);
  });
}

serverTest("OpenSSH: a tree goes there and back, with times that are the server's own", async (server) => {
  const { client, peer } = server;
  await makeTree(`${client.folder}/tree`);
  await Deno.utime(`${client.folder}/tree/plain.csv`, 1, 1);
  const up = await client.sftp(USER.username, ["put -pr tree", "ls -la tree", "get -pr tree back"]);
  assert.deepEqual([up.code, up.err], [0, ""]);
  assert.deepEqual(await readTree(`${client.folder}/back`), await readTree(`${client.folder}/tree`));
  assert.ok((await peer.store.stat("tree/plain.csv")).modified > Date.now() - 600_000);
  const copied = await client.scp(USER.username, ["-r", "PEER:tree", "copied"]);
  assert.deepEqual([copied.code, copied.err], [0, ""]);
  assert.deepEqual(await readTree(`${client.folder}/copied`), await readTree(`${client.folder}/tree`));
});

serverTest("10,000 entries are listed by every program", async ({ client, peer, target }) => {
  const names = Array.from({ length: 10_000 }, (_, index) => `file-${String(index).padStart(5, "0")}.csv`);
  await placeMany(peer, "many", names);
  const sorted = (text: string, from = "") =>
    text.split("\n").filter((line) => line.endsWith(".csv")).map((line) => line.replace(from, "")).sort();
  const openssh = await client.sftp(USER.username, ["ls -1 many"]);
  assert.deepEqual(sorted(openssh.out, "many/"), names);
  assert.deepEqual(sorted((await lftp(target, client.folder, ["cls -1 many"])).out, "many/"), names);
  assert.deepEqual(sorted((await rclone(target, client.folder, ["lsf", "PEER:/many"])).out), names);
  const listing = "names = sorted(sftp.listdir('many'))\nassert len(names) == 10000, len(names)\nprint(names[-1])";
  assert.equal((await paramiko(target, client.folder, listing)).out.trim(), names.at(-1));
});

serverTest("files beyond 4 GiB: both halves of a position count, there and back", async ({ client, peer, target }) => {
  const size = 2 ** 32 + 123_456;
  const begun = 2 ** 32 - 50_000;
  const end = randomBytes(200_000);
  // Most of it is a hole, here and there, so that only its end crosses the network.
  const whole = await Deno.open(`${client.folder}/huge`, { write: true, create: true });
  await whole.truncate(size);
  await whole.seek(size - end.length, Deno.SeekMode.Start);
  await whole.write(end);
  whole.close();
  const made = await paramiko(
    target,
    client.folder,
    `
with open("huge", "rb") as local, sftp.open("huge", "w") as remote:
    remote.truncate(${begun})
    local.seek(${begun})
    remote.seek(${begun})
    remote.write(local.read())
`,
  );
  assert.equal(made.code, 0, made.err);
  assert.equal((await peer.store.stat("huge")).size, size);
  await Deno.truncate(`${client.folder}/huge`, begun);
  const down = await client.sftp(USER.username, ["ls -l huge", "reget huge"]);
  assert.deepEqual([down.code, down.err], [0, ""]);
  assert.match(down.out, new RegExp(` ${size} `));
  using back = await Deno.open(`${client.folder}/huge`);
  assert.equal((await back.stat()).size, size);
  await back.seek(size - end.length, Deno.SeekMode.Start);
  const read = new Uint8Array(end.length);
  for (let at = 0; at < read.length;) at += await back.read(read.subarray(at)) ?? assert.fail("it ends too early");
  assert.ok(end.equals(read));
});

serverTest("keys are renewed during a transfer, at every MiB", async ({ client, peer }) => {
  await Deno.writeFile(`${client.folder}/big`, randomBytes(12 * 1024 * 1024));
  const options = ["RekeyLimit=1M"];
  const ended = await client.sftp(USER.username, ["put big", "get big back"], options);
  assert.deepEqual([ended.code, ended.err], [0, ""]);
  assert.ok(Buffer.from(await client.read("back")).equals(Buffer.from(await client.read("big"))));
  assert.equal(await peer.bytes(), 12 * 1024 * 1024);
});

async function open(sftp: RawSftp, path: string, flags: number): Promise<string> {
  const answer = await sftp.ask({ kind: "open", path, flags });
  assert.ok(answer.type === "handle", JSON.stringify(answer));
  return answer.handle;
}

async function message(sftp: RawSftp, request: Parameters<RawSftp["ask"]>[0]): Promise<string> {
  const answer = await sftp.ask(request);
  assert.ok(answer.type === "status");
  return answer.message;
}

const MIB = 1024 * 1024;
const WRITE_NEW = 2 | 8 | 16;
const WRITE_ON = 2 | 8;

serverTest("an upload that breaks off at any MiB is nothing to jobs, and goes on from there", async (server) => {
  const { port, peer, client } = server;
  const content = randomBytes(6 * MIB);
  await client.write("up.csv", content);
  for (let broken = 0; broken <= 6; broken++) {
    const path = `up${broken}.csv`;
    const connection = await connectRaw(port, USER);
    const sftp = await connection.sftp();
    const handle = await open(sftp, path, WRITE_NEW);
    for (let at = 0; at < broken * MIB; at += MIB / 8) {
      await sftp.ask({ kind: "write", handle, position: at, data: content.subarray(at, at + MIB / 8) });
    }
    connection.socket.destroy();
    // With all that it had begun: a round has two sessions, of which this is the first.
    while (server.logouts() <= 2 * broken) await new Promise((resolve) => setTimeout(resolve, 5));
    await assert.rejects(peer.store.stat(path));
    // Where nothing or all of it came, there is nothing to go on with.
    const ended = await client.sftp(USER.username, [`${broken % 6 === 0 ? "put" : "reput"} up.csv ${path}`]);
    assert.deepEqual([ended.code, ended.err], [0, ""], path);
    const seen = await new Response(await peer.store.open(path)).bytes();
    assert.ok(content.equals(seen), path);
  }
  assert.equal(await peer.bytes(), 7 * content.length);
  assert.equal((await peer.stored()).length, 7);
});

serverTest(
  "uploads killed at 50 random points are whole or absent to jobs, and the room is counted right",
  async (server) => {
    const { port, peer } = server;
    const content = randomBytes(256 * 1024);
    for (let round = 0; round < 50; round++) {
      const connection = await connectRaw(port, USER);
      const sftp = await connection.sftp();
      const before = await peer.store.stat("a.csv").catch(() => undefined);
      const work = (async () => {
        const handle = await open(sftp, "a.csv", WRITE_NEW);
        for (let at = 0; at < content.length; at += 16 * 1024) {
          await sftp.ask({ kind: "write", handle, position: at, data: content.subarray(at, at + 16 * 1024) });
        }
        await sftp.ask({ kind: "close", handle });
      })().catch(() => {});
      const limit = randomInt(22);
      let asked = 0;
      while (asked++ < limit) await Promise.race([work, sftp.ask({ kind: "stat", path: "/" })]).catch(() => {});
      connection.socket.destroy();
      await connection.closed;
      await work;
      // A close that came before the end is still done.
      while (server.logouts() <= round) await new Promise((resolve) => setTimeout(resolve, 5));
      const after = await peer.store.stat("a.csv").catch(() => undefined);
      if (before !== undefined) assert.ok(after !== undefined, "the file that was there stays");
      if (after !== undefined) {
        assert.ok(content.equals(await new Response(await peer.store.open("a.csv")).bytes()), `round ${round}`);
      }
    }
    await using connection = await connectRaw(port, USER);
    const sftp = await connection.sftp();
    const handle = await open(sftp, "a.csv", WRITE_NEW);
    await sftp.ask({ kind: "write", handle, position: 0, data: content });
    assert.equal(await message(sftp, { kind: "close", handle }), "");
    assert.equal(await peer.bytes(), content.length);
    assert.equal(await message(sftp, { kind: "remove", path: "a.csv" }), "");
    await assertEmpty(server);
  },
);

serverTest("of two sessions that write one file the later goes on, and the other is told", async (server) => {
  const { port, peer } = server;
  await using first = await connectRaw(port, USER);
  await using second = await connectRaw(port, USER);
  const [one, two] = [await first.sftp(), await second.sftp()];
  const early = await open(one, "a.csv", WRITE_NEW);
  assert.equal(await message(one, { kind: "write", handle: early, position: 0, data: Buffer.from("first") }), "");
  const late = await open(two, "a.csv", WRITE_ON);
  assert.equal(await message(two, { kind: "write", handle: late, position: 5, data: Buffer.from(", second") }), "");
  assert.match(
    await message(one, { kind: "write", handle: early, position: 0, data: Buffer.from("FIRST") }),
    /^Another session goes on with this upload/,
  );
  assert.equal(await message(two, { kind: "close", handle: late }), "");
  assert.match(await message(one, { kind: "close", handle: early }), /^Another session/);
  assert.equal(await new Response(await peer.store.open("a.csv")).text(), "first, second");
});

serverTest("past the quota a write is refused in words, and what was there stays", async (server) => {
  const { port, peer, client } = server;
  await client.write("ok.bin", randomBytes(600_000));
  assert.equal((await client.sftp(USER.username, ["put ok.bin"])).code, 0);
  await client.write("more.bin", randomBytes(600_000));
  assert.notEqual((await client.sftp(USER.username, ["put more.bin"])).code, 0);
  await using connection = await connectRaw(port, USER);
  const sftp = await connection.sftp();
  const handle = await open(sftp, "ok.bin", WRITE_NEW);
  const refused = await message(sftp, { kind: "write", handle, position: MIB, data: Buffer.from("x") });
  assert.match(refused, /quota|room|full|limit/i);
  assert.doesNotMatch(refused, /\/tmp|managed\//);
  assert.notEqual(await message(sftp, { kind: "close", handle }), "");
  const room = await sftp.ask({ kind: "space", path: "/" });
  assert.ok(room.type === "numbers" && room.numbers[2] === MIB / 4096);
  assert.deepEqual((await peer.store.list("")).entries.map(({ name, size }) => [name, size]), [["ok.bin", 600_000]]);
  assert.equal(await peer.bytes(), 600_000);
}, { quota: MIB });
