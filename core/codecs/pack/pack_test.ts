import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { Failure } from "../../contracts/failure.ts";
import { requirePeer } from "../../testing/peer.ts";
import { memoryStore } from "../../files/memory.ts";
import { openDecoded } from "../decode/chain.ts";
import { collect, inPieces, sampleContent } from "../pgp/pgp_testing.ts";
import { runPeer } from "../pgp/gnupg_testing.ts";
import { memorySpool } from "../spool_memory.ts";
import { readDirectory } from "../zip/directory.ts";
import { DECODE_LIMITS } from "../decode/limits.ts";
import { gzip } from "./gzip.ts";
import { archiveEnd, zip } from "./zip.ts";

const modified = Temporal.PlainDateTime.from("2026-11-21T19:46:58");
const file = { name: "köln_2026.csv", modified };

/** What Waybill's own chain reads of a packed file. */
async function decoded(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  const files = memoryStore({ [name]: bytes });
  const entry = await files.stat(name);
  await using opened = await openDecoded({ files, entry }, { spool: memorySpool() });
  const found: Uint8Array[] = [];
  for await (const member of opened.members) found.push(await collect(await member.open()));
  assert.equal(found.length, 1);
  return found[0]!;
}

Deno.test("what is packed in any pieces comes back", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5_000, size: "max" }),
      fc.integer({ min: 1, max: 2_000 }),
      async (bytes, size) => {
        // With a letter before them, no bytes look like a packed or an encrypted file, which the chain would open.
        const content = Uint8Array.of(0x61, ...bytes);
        const packed = await collect(gzip(inPieces(content, size)));
        assert.ok(Buffer.from(content).equals(gunzipSync(packed)));
        const archive = await collect(zip(inPieces(content, size), file));
        assert.ok(Buffer.from(content).equals(await decoded("a.zip", archive)));
      },
    ),
    { numRuns: 50 },
  );
});

Deno.test({
  name: "gunzip, unzip, 7z and Python read what is packed",
  ignore: !requirePeer("unzip (Debian package unzip)", "/usr/bin/unzip") ||
    !requirePeer("7z (Debian package p7zip-full)", "/usr/bin/7z") ||
    !requirePeer("gzip (Debian package gzip)", "/usr/bin/gzip") ||
    !requirePeer("Python (Debian package python3)", "/usr/bin/python3"),
}, async () => {
  const content = sampleContent(3_000_000);
  const folder = await Deno.makeTempDir({ prefix: "pack-" });
  try {
    await Deno.writeFile(`${folder}/a.csv.gz`, await collect(gzip(inPieces(content, 700_001))));
    assert.ok(Buffer.from(content).equals(await runPeer("/usr/bin/gzip", ["-dc", `${folder}/a.csv.gz`])));
    const path = `${folder}/a.zip`;
    await Deno.writeFile(path, await collect(zip(inPieces(content, 700_001), file)));
    await runPeer("/usr/bin/unzip", ["-tqq", path]);
    assert.ok(Buffer.from(content).equals(await runPeer("/usr/bin/unzip", ["-p", path])));
    assert.ok(Buffer.from(content).equals(await runPeer("/usr/bin/7z", ["x", "-so", path])));
    const python = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\ni=z.infolist()[0]\n" +
      "print(z.testzip(), i.filename.encode(), i.date_time, i.file_size, oct(i.external_attr >> 16))";
    assert.equal(
      new TextDecoder().decode(await runPeer("/usr/bin/python3", ["-c", python, path])),
      String.raw`None b'k\xc3\xb6ln_2026.csv' (2026, 11, 21, 19, 46, 58) 3000000 0o100644` + "\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [size, compressed] of [[0xfffffffe, 1_000], [0xffffffff, 1_000], [9e9, 5e9], [5e9, 0xffffff00]] as const
) {
  Deno.test(`an archive with ${compressed} bytes for ${size} has the records that it needs`, async () => {
    const start = 30 + Buffer.byteLength(file.name);
    const tail = archiveEnd(file, start, { crc: 7, size, compressed });
    const total = start + compressed + tail.length;
    const source = {
      name: "a.zip",
      size: total,
      // The content itself nobody reads for the directory.
      open: (offset = 0) =>
        Promise.resolve(ReadableStream.from([
          offset >= total - tail.length ? tail.subarray(offset - (total - tail.length)) : zeros(offset),
        ])),
    };
    const zeros = (offset: number) => {
      const bytes = new Uint8Array(total - offset);
      bytes.set(tail, bytes.length - tail.length);
      return bytes;
    };
    const [entry] = await readDirectory(source, DECODE_LIMITS);
    assert.deepEqual([entry?.name, entry?.size, entry?.compressedSize, entry?.crc, entry?.start], [
      file.name,
      size,
      compressed,
      7,
      0,
    ]);
  });
}

Deno.test("a content that fails fails the packing, and timers go on meanwhile", async () => {
  const failure = new Failure("transient", "The source broke");
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  const content = async function* () {
    const piece = sampleContent(4_000_000);
    for (let left = 12; left > 0; left--) yield piece;
    throw failure;
  };
  try {
    for (const packed of [gzip(content()), zip(content(), file)]) {
      await assert.rejects(collect(packed), (error) => error === failure);
    }
    assert.ok(ticks > 5, `${ticks}`);
  } finally {
    clearInterval(ticking);
  }
});
