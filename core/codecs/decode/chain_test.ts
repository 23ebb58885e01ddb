import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Failure } from "../../contracts/failure.ts";
import type { FileStore } from "../../contracts/file_store.ts";
import { memoryStore } from "../../files/memory.ts";
import type { Spool, SpoolFile } from "../spool.ts";
import { memorySpool } from "../spool_memory.ts";
import { makeZip } from "../zip/zip_testing.ts";
import { openDecoded } from "./chain.ts";
import { decoded, latin1, outcome } from "./decode_testing.ts";
import type { Decrypt } from "./decoded_file.ts";

const TEXT = "id,name\n1,Ann\n2,Bob\n";
const gz = (bytes: Uint8Array | string) => new Uint8Array(gzipSync(bytes));
const zst = (bytes: Uint8Array | string) => new Uint8Array(zstdCompressSync(bytes));
const zip = (name: string, content: Uint8Array | string) => makeZip([{ name, content }]);

/** Stands for PGP: the message is the plaintext after a start that is one of a PGP message. */
const START = Uint8Array.of(0x85, 0x01, 0x0c, 0x03);
const sealed = (bytes: Uint8Array | string) => new Uint8Array(Buffer.concat([START, Buffer.from(bytes)]));
const unseal: Decrypt = async (message, { spool }) => {
  const file = await spool.create();
  const bytes = Buffer.concat(await Array.fromAsync(message));
  if (bytes.at(-1) === 0x21) throw new Failure("data", "The message was tampered with");
  await file.append(bytes.subarray(START.length));
  return file;
};

/** A spool that counts the files that are there. */
function countingSpool(): Spool & { readonly open: Set<SpoolFile>; made: number } {
  const open = new Set<SpoolFile>();
  const memory = memorySpool();
  return {
    open,
    made: 0,
    async create() {
      const file = await memory.create();
      const dispose = file[Symbol.asyncDispose].bind(file);
      file[Symbol.asyncDispose] = async () => {
        open.delete(file);
        await dispose();
      };
      open.add(file);
      this.made++;
      return file;
    },
  };
}

const NESTED: readonly (readonly [name: string, bytes: Uint8Array, content: Readonly<Record<string, string>>])[] = [
  ["a.csv", Buffer.from(TEXT), { "a.csv": TEXT }],
  ["a.csv.gz", gz(TEXT), { "a.csv.gz": TEXT }],
  ["a.csv.zst", zst(TEXT), { "a.csv.zst": TEXT }],
  ["a.csv.pgp", sealed(TEXT), { "a.csv.pgp": TEXT }],
  ["a.csv.gz.pgp", sealed(gz(TEXT)), { "a.csv.gz.pgp": TEXT }],
  ["a.csv.pgp.gz", gz(sealed(TEXT)), { "a.csv.pgp.gz": TEXT }],
  ["a.zip.pgp", sealed(zip("a.csv", TEXT)), { "a.csv": TEXT }],
  ["a.zip", zip("a.csv.pgp", sealed(TEXT)), { "a.csv.pgp": TEXT }],
  ["a.zip", zip("a.csv.gz", gz(TEXT)), { "a.csv.gz": TEXT }],
  ["a.zip.gz", gz(zip("a.csv", TEXT)), { "a.csv": TEXT }],
  ["a.zip", zip("b.zip", zip("a.csv", TEXT)), { "b.zip/a.csv": TEXT }],
  ["a", gz(zst(gz(TEXT))), { a: TEXT }],
  ["a.csv", gz(TEXT), { "a.csv": TEXT }],
  ["a.csv.gz", Buffer.from(TEXT), { "a.csv.gz": TEXT }],
  ["a.zst", Buffer.from("Zoë\n"), { "a.zst": Buffer.from("Zoë\n").toString("latin1") }],
  ["empty.gz", new Uint8Array(0), { "empty.gz": "" }],
];

for (const [name, bytes, content] of NESTED) {
  Deno.test(`${name} of ${bytes.length} bytes is opened through all that it is wrapped in`, async () => {
    for (const verify of [true, false]) {
      assert.deepEqual(await decoded(name, bytes, { decrypt: unseal, verify }), content);
    }
  });
}

Deno.test("a member tells its layers, its path, its size, and how much of the file was read", async () => {
  const bytes = makeZip([{ name: "a.csv.gz", content: gz(TEXT) }, { name: "b.csv", content: TEXT, stored: true }]);
  const files = memoryStore({ "in/x.zip": bytes });
  const entry = await files.stat("in/x.zip");
  await using file = await openDecoded({ files, entry }, { spool: memorySpool() });
  assert.deepEqual(file.archive?.map(({ name }) => name), ["a.csv.gz", "b.csv"]);
  assert.equal(file.tooLargeForFields, false);
  const members = await Array.fromAsync(file.members);
  assert.deepEqual(members.map(({ name, path, layers, size }) => ({ name, path, layers, size })), [
    { name: "a.csv.gz", path: "in/x.zip/a.csv.gz", layers: ["zip", "gzip"], size: undefined },
    { name: "b.csv", path: "in/x.zip/b.csv", layers: ["zip"], size: TEXT.length },
  ]);
  const [first, last] = members;
  assert.ok(first && last);
  await latin1(await first.open());
  assert.ok(first.share() > 0 && first.share() < 1);
  await latin1(await last.open());
  assert.equal(last.share(), 1);
  assert.equal((await Array.fromAsync(file.members)).length, 2);
});

Deno.test("every member is opened at every offset", async () => {
  const bytes = makeZip([
    { name: "a.csv", content: TEXT },
    { name: "b.csv", content: TEXT, stored: true },
    { name: "c.gz", content: gz(TEXT) },
    { name: "d.zst", content: zst(TEXT) },
    { name: "e.pgp", content: sealed(TEXT) },
  ]);
  for (
    const [name, content] of [["x.zip", bytes], ["x.zip.pgp", sealed(bytes)], ["x.csv", Buffer.from(TEXT)]] as const
  ) {
    const files = memoryStore({ [name]: content });
    const entry = await files.stat(name);
    for (const verify of [true, false]) {
      await using file = await openDecoded({ files, entry }, { spool: memorySpool(), decrypt: unseal, verify });
      for await (const member of file.members) {
        for (let offset = 0; offset <= TEXT.length + 1; offset++) {
          assert.equal(await latin1(await member.open(offset)), TEXT.slice(offset), `${member.path} ${offset}`);
        }
      }
    }
  }
});

Deno.test("a PGP message without a key to decrypt it is a failure of the job", async () => {
  assert.equal(
    await outcome("a.csv.pgp", sealed(TEXT)),
    'config: File "a.csv.pgp" is encrypted with PGP, and there is no key to decrypt it',
  );
  assert.match(String(await outcome("a.gpg", Buffer.from("text"))), /^config: /);
});

Deno.test("what one member lacks is known before any is handed out", async () => {
  const bad = gz(TEXT).with(-1, 9);
  const bytes = makeZip([{ name: "a.csv", content: TEXT }, { name: "b.csv.gz", content: bad }]);
  const message =
    'data: File "x.zip/b.csv.gz" is no whole gzip file: its content does not match its checksum or its form';
  assert.equal(await outcome("x.zip", bytes), message);
  assert.match(
    String(await outcome("x.zip", zip("a.pgp", sealed(`${TEXT}!`)), { decrypt: unseal })),
    /^data: File "x.zip\/a.pgp" cannot be decrypted: the message was tampered with$/,
  );
});

Deno.test("nothing of what was spooled is left, whether it went well or not", async () => {
  const cases = [["x.zip.pgp", sealed(zip("a.csv.pgp", sealed(gz(TEXT))))], ["x.gz", gz(TEXT).with(-1, 9)]] as const;
  for (const [name, bytes] of cases) {
    const spool = countingSpool();
    await outcome(name, bytes, { spool, decrypt: unseal });
    assert.ok(spool.made > 0);
    assert.equal(spool.open.size, 0);
  }
});

Deno.test("a plain file is read from the store alone, a compressed one once", async () => {
  const opened: string[] = [];
  const files = memoryStore({ "a.csv": TEXT, "a.gz": gz(TEXT.repeat(20_000)) });
  const watched: FileStore = {
    ...files,
    open: async (path, options) => {
      const stream = await files.open(path, options);
      return stream.pipeThrough(
        new TransformStream(
          {
            transform: (piece: Uint8Array, controller) => {
              opened.push(`${path} ${piece.length}`);
              controller.enqueue(piece);
            },
          },
          undefined,
          { highWaterMark: 0 },
        ),
      );
    },
  };
  const read = async (path: string) => {
    const spool = countingSpool();
    const entry = await files.stat(path);
    opened.length = 0;
    await using file = await openDecoded({ files: watched, entry }, { spool });
    for await (const member of file.members) await latin1(await member.open());
    return { files: spool.made, bytes: opened.length };
  };
  assert.deepEqual(await read("a.csv"), { files: 0, bytes: 2 });
  assert.deepEqual(await read("a.gz"), { files: 1, bytes: 2 });
});

Deno.test("more layers than the limit are refused, and so is an archive that holds itself for ever", async () => {
  const message = (name: string) => `data: File "${name}" is wrapped in more than 4 layers`;
  let bytes = gz(TEXT);
  for (let depth = 0; depth < 4; depth++) bytes = gz(bytes);
  assert.equal(await outcome("a.gz", bytes), message("a.gz"));
  let archive = zip("x.csv", TEXT);
  for (let depth = 0; depth < 9; depth++) {
    archive = makeZip([{ name: "a.zip", content: archive }, { name: "b.zip", content: archive }]);
  }
  assert.equal(await outcome("a.zip", archive), message("a.zip/a.zip/a.zip/a.zip/a.zip"));
});

Deno.test("a file that unpacks to too much is refused before anything is handed out", async () => {
  const limits = { freeBytes: 100_000, ratio: 10 };
  const zeros = new Uint8Array(1_000_000);
  const message = (name: string, most: string) => `data: File "${name}" unpacks to more than ${most}`;
  assert.equal(await outcome("a.gz", gz(zeros), { limits }), message("a.gz", "10 times its size"));
  assert.equal(await outcome("a.zst", zst(zeros), { limits }), message("a.zst", "10 times its size"));
  assert.equal(await outcome("a.zip", zip("a", zeros), { limits }), message("a.zip", "10 times its size"));
  assert.equal(await outcome("a.gz", gz(gz(gz(zeros))), { limits }), message("a.gz", "10 times its size"));
  assert.equal(
    await outcome("a.gz", gz(zeros), { limits: { decodedBytes: 999_999 } }),
    message("a.gz", "999999 bytes"),
  );
  // Entries that would each pass add up.
  const many = makeZip(Array.from({ length: 20 }, (_, at) => ({ name: `${at}`, content: new Uint8Array(9_000) })));
  assert.equal(await outcome("a.zip", many, { limits }), message("a.zip", "10 times its size"));
  assert.equal(typeof await outcome("a.gz", gz(zeros)), "object");
});

Deno.test("a decoding that is stopped ends with what stopped it, and leaves nothing", async () => {
  const stop = new AbortController();
  const spool = countingSpool();
  const reason = new Failure("cancelled", "stopped");
  const files = memoryStore({ "a.gz": gz(crypto.getRandomValues(new Uint8Array(60_000)).toHex().repeat(10)) });
  const entry = await files.stat("a.gz");
  const opening = openDecoded({ files, entry }, { spool, signal: stop.signal, verifying: () => stop.abort(reason) });
  await assert.rejects(opening, reason);
  assert.equal(spool.open.size, 0);
});
