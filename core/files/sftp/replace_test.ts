import assert from "node:assert/strict";
import { Failure } from "../../contracts/failure.ts";
import { type OpenSshServer, requireOpenSsh, startOpenSsh } from "../../testing/openssh.ts";
import { openSftpStore, type SftpStore } from "../sftp.ts";

const ignore = !requireOpenSsh();

async function open(server: OpenSshServer): Promise<SftpStore> {
  return await openSftpStore({ ...server, verifyHostKey: (key) => key === server.hostKeyFingerprint });
}

const names = async ({ folder }: OpenSshServer) =>
  (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);

Deno.test({ name: "SFTP replaces files on OpenSSH without the rename extension", ignore }, async () => {
  await using server = await startOpenSsh({ sftp: "-P posix-rename" });
  await using store = await open(server);
  await Deno.writeTextFile(`${server.folder}/a.csv`, "old");
  for (const content of ["new", "newer"]) {
    await store.write("a.csv", new Blob([content]).stream(), { owner: "job1" });
    assert.equal(await Deno.readTextFile(`${server.folder}/a.csv`), content);
    assert.deepEqual(await names(server), ["a.csv"]);
  }
  await Deno.writeTextFile(`${server.folder}/b.csv`, "b");
  await store.move("b.csv", "a.csv");
  assert.deepEqual([await names(server), await Deno.readTextFile(`${server.folder}/a.csv`)], [["a.csv"], "b"]);
});

Deno.test({ name: "SFTP write over a file that somebody removes meanwhile is no failure", ignore }, async () => {
  await using server = await startOpenSsh({ sftp: "-P posix-rename" });
  await using store = await open(server);
  await Deno.writeTextFile(`${server.folder}/a.csv`, "old");
  const content = ReadableStream.from(async function* () {
    yield new TextEncoder().encode("new");
    await Deno.remove(`${server.folder}/a.csv`);
  }());
  await store.write("a.csv", content);
  assert.deepEqual([await names(server), await Deno.readTextFile(`${server.folder}/a.csv`)], [["a.csv"], "new"]);
});

Deno.test({ name: "SFTP write to a server that may only be read says so, and leaves nothing", ignore }, async () => {
  await using server = await startOpenSsh({ sftp: "-R" });
  await using store = await open(server);
  await assert.rejects(store.write("a.csv", new Blob(["x"]).stream()), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.kind, error.code, error.message], ["auth", "forbidden", 'Access to "a.csv" is denied']);
    return true;
  });
  assert.deepEqual(await names(server), []);
});

Deno.test({
  name: "SFTP write that is stopped, by its store's signal or its own, leaves nothing on the server",
  ignore,
}, async () => {
  await using server = await startOpenSsh();
  for (const whose of ["store", "write"]) {
    const stop = new AbortController();
    const { signal } = stop;
    const verifyHostKey = (key: string) => key === server.hostKeyFingerprint;
    await using store = await openSftpStore({ ...server, verifyHostKey, ...(whose === "store" ? { signal } : {}) });
    const content = ReadableStream.from(async function* () {
      for (;;) {
        yield new Uint8Array(100_000);
        if ((await names(server)).length > 0) stop.abort(new Failure("cancelled", "Stopped"));
      }
    }());
    await assert.rejects(store.write("a.csv", content, whose === "write" ? { signal } : {}), { message: "Stopped" });
    assert.deepEqual(await names(server), [], whose);
  }
});
