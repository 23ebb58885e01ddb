// What OpenSSH does not do but other servers do, shown against a server made of ssh2's own parts: it asks for the
// password interactively, answers reads with less than was asked for, and knows no extension.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync } from "node:crypto";
import type { ServerLogin, SFTPWrapper } from "./ssh2_types.ts";
import { Failure } from "../../contracts/failure.ts";
import { openSftpStore } from "../sftp.ts";
import { loadSsh2 } from "./ssh2.ts";

const PASSWORD = "Geheim-123";
const MTIME = 1_700_000_000;

interface SimpleServer extends AsyncDisposable {
  readonly port: number;
  readonly files: Map<string, Buffer>;
  /** The questions asked, with the answers given. */
  readonly answers: string[][];
}

/** A server of one flat folder; a read is answered with `share` bytes at most, and a rename to `refused` not at all. */
async function serve(
  share: number,
  refused: (to: string, times: number) => boolean = () => false,
): Promise<SimpleServer> {
  const { Server, utils } = await loadSsh2();
  const files = new Map<string, Buffer>();
  const answers: string[][] = [];
  const hostKey = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const server = new Server({ hostKeys: [hostKey.export({ type: "pkcs1", format: "pem" }).toString()] }, (client) => {
    client.on("error", () => {});
    client.on("authentication", (context: ServerLogin) => {
      if (context.method !== "keyboard-interactive") return context.reject(["keyboard-interactive"]);
      context.prompt([{ prompt: "User: ", echo: true }, { prompt: "Password: ", echo: false }], (given) => {
        answers.push(given);
        if (given[1] === PASSWORD) context.accept();
        else context.reject(["keyboard-interactive"]);
      });
    });
    client.on(
      "session",
      (accept) =>
        accept().on(
          "sftp",
          (acceptSftp) => answerRequests(acceptSftp(), files, share, refused, utils.sftp.STATUS_CODE),
        ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address !== "string");
  return {
    port: address.port,
    files,
    answers,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function answerRequests(
  sftp: SFTPWrapper,
  files: Map<string, Buffer>,
  share: number,
  refused: (to: string, times: number) => boolean,
  code: { readonly OK: number; readonly EOF: number; readonly NO_SUCH_FILE: number; readonly FAILURE: number },
): void {
  const attributes = (file: Buffer) => ({
    mode: 0o100644,
    uid: 0,
    gid: 0,
    size: file.length,
    atime: MTIME,
    mtime: MTIME,
  });
  const nameOf = (handle: Buffer) => handle.toString();
  const put = (name: string, at: number, data: Buffer) => {
    const before = files.get(name) ?? Buffer.alloc(0);
    const after = Buffer.alloc(Math.max(before.length, at + data.length));
    before.copy(after);
    data.copy(after, at);
    files.set(name, after);
  };
  const found = (id: number, name: string) => {
    const file = files.get(name);
    if (file === undefined) sftp.status(id, code.NO_SUCH_FILE);
    else sftp.attrs(id, attributes(file));
  };
  sftp.on("REALPATH", (id) => {
    sftp.name(id, [{ filename: "/", longname: "/", attrs: attributes(Buffer.alloc(0)) }]);
  });
  sftp.on("OPEN", (id, name, flags) => {
    if (flags & 0x10) files.set(name, Buffer.alloc(0));
    if (files.has(name)) sftp.handle(id, Buffer.from(name));
    else sftp.status(id, code.NO_SUCH_FILE);
  });
  sftp.on("FSTAT", (id, handle) => found(id, nameOf(handle)));
  sftp.on("STAT", (id, name) => found(id, name));
  sftp.on("READ", (id, handle, offset, length) => {
    const part = files.get(nameOf(handle))?.subarray(offset, offset + Math.min(length, share)) ?? Buffer.alloc(0);
    if (part.length === 0) sftp.status(id, code.EOF);
    else sftp.data(id, part);
  });
  sftp.on("WRITE", (id, handle, offset, data) => {
    put(nameOf(handle), offset, Buffer.from(data));
    sftp.status(id, code.OK);
  });
  sftp.on("CLOSE", (id) => sftp.status(id, code.OK));
  sftp.on("REMOVE", (id, name) => sftp.status(id, files.delete(name) ? code.OK : code.NO_SUCH_FILE));
  const renames = new Map<string, number>();
  sftp.on("RENAME", (id, from, to) => {
    const file = files.get(from);
    renames.set(to, (renames.get(to) ?? 0) + 1);
    if (refused(to, renames.get(to) ?? 0)) return sftp.status(id, code.FAILURE);
    // As the draft has it: an existing target is an error.
    if (file === undefined || files.has(to)) return sftp.status(id, code.FAILURE);
    files.set(to, file);
    files.delete(from);
    sftp.status(id, code.OK);
  });
  sftp.on("end", () => sftp.end());
}

const options = (server: SimpleServer, password = PASSWORD) => ({
  host: "127.0.0.1",
  port: server.port,
  username: "somebody",
  password,
  verifyHostKey: () => true,
});

Deno.test("SFTP logs in where the server asks for the password, and answers only the hidden question", async () => {
  await using server = await serve(32_768);
  await using _store = await openSftpStore(options(server));
  assert.deepEqual(server.answers, [["", PASSWORD]]);
  await assert.rejects(
    openSftpStore(options(server, "falsch")),
    (error) => error instanceof Failure && error.kind === "auth" && !error.message.includes("falsch"),
  );
});

Deno.test("SFTP read asks again for what a short answer left out", async () => {
  const blocks = Array.from({ length: 43_751 }, (_, index) => createHash("md5").update(`${index}`).digest());
  const bytes = Buffer.concat(blocks).subarray(0, 700_001);
  for (const share of [9_973, 20_000, 32_768]) {
    await using server = await serve(share);
    server.files.set("/a.bin", bytes);
    await using store = await openSftpStore(options(server));
    const chunks: Uint8Array[] = [];
    for await (const chunk of await store.open("a.bin", { offset: 5 })) chunks.push(chunk);
    assert.ok(Buffer.compare(Buffer.concat(chunks), bytes.subarray(5)) === 0, `${share} bytes an answer`);
  }
});

Deno.test("SFTP write replaces a file on a server without the rename extension", async () => {
  await using server = await serve(32_768);
  server.files.set("/a.csv", Buffer.from("old"));
  await using store = await openSftpStore(options(server));
  assert.equal((await store.write("a.csv", new Blob(["newer"]).stream())).size, 5);
  assert.deepEqual([...server.files].map(([name, file]) => [name, file.toString()]), [["/a.csv", "newer"]]);
});

const told = (server: SimpleServer) => Object.fromEntries([...server.files].map(([name, file]) => [name, `${file}`]));

Deno.test("SFTP write gives the old file its name back where the server does not take the new one", async () => {
  // The first try finds the old file in the way, the second is refused for a reason of the server's own.
  await using server = await serve(32_768, (to, times) => to === "/a.csv" && times === 2);
  server.files.set("/a.csv", Buffer.from("old"));
  await using store = await openSftpStore(options(server));
  await assert.rejects(store.write("a.csv", new Blob(["newer"]).stream()), { kind: "transient" });
  assert.deepEqual(told(server), { "/a.csv": "old" });
});

Deno.test("SFTP write says where the old file is when it cannot have its name back", async () => {
  await using server = await serve(32_768, (to, times) => to === "/a.csv" && times > 1);
  server.files.set("/a.csv", Buffer.from("old"));
  await using store = await openSftpStore(options(server));
  const where = /could not replace "\/a\.csv": what it held is in "(\/+\.a\.csv\.waybill-job1-[0-9a-f]{8}\.old)" now$/;
  const error = await store.write("a.csv", new Blob(["newer"]).stream(), { owner: "job1" }).catch((error) => error);
  assert.ok(error instanceof Failure && error.kind === "transient", String(error));
  const aside = where.exec(error.message)?.[1] ?? error.message;
  assert.deepEqual(told(server), { [aside]: "old" });
});

Deno.test("SFTP write tells what kept the server from replacing where nothing was in the way", async () => {
  await using server = await serve(32_768, (to) => to === "/a.csv");
  await using store = await openSftpStore(options(server));
  await assert.rejects(store.write("a.csv", new Blob(["newer"]).stream()), { kind: "transient", message: /"a\.csv"/ });
  assert.deepEqual(told(server), {});
});
