import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { streamOf } from "../byte_source.ts";
import { makeZip } from "../zip/zip_testing.ts";
import { decoded, latin1, outcome } from "./decode_testing.ts";
import { gunzip } from "./gzip.ts";
import { unzstd } from "./zstd.ts";

const TEXT = Array.from({ length: 12 }, (_, id) => `${id},name ${id * 7919 % 1000}\n`).join("");
const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const gz = (bytes: Uint8Array | string) => new Uint8Array(gzipSync(bytes));
const zst = (bytes: Uint8Array | string) => new Uint8Array(zstdCompressSync(bytes, checked));
const A = { name: "a.csv", content: TEXT };
const B = { name: "b.csv", content: "1\n" };

const WHOLE: readonly (readonly [what: string, name: string, bytes: Uint8Array, first?: Uint8Array])[] = [
  ["a gzip file", "a.csv.gz", gz(TEXT)],
  ["a gzip file of two members", "a.csv.gz", Buffer.concat([gz(TEXT), gz("13,x\n")]), gz(TEXT)],
  ["a Zstandard file", "a.csv.zst", zst(TEXT)],
  ["a Zstandard file of two frames", "a.csv.zst", Buffer.concat([zst(TEXT), zst("13,x\n")]), zst(TEXT)],
  ["a zip archive", "a.zip", makeZip([A, B])],
  ["a zip archive of stored files", "a.zip", makeZip([{ ...A, stored: true }, B])],
  ["a zip archive whose sizes follow", "a.zip", makeZip([{ ...A, follows: true }, B])],
  ["a zip64 archive", "a.zip", makeZip([A, B], { large: true })],
  ["a gzip file in a zip archive", "a.zip", makeZip([{ name: "a.gz", content: gz(TEXT) }])],
  ["a zip archive in a gzip file", "a.zip.gz", gz(makeZip([A]))],
];

for (const [what, name, bytes, first] of WHOLE) {
  Deno.test(`${what} that is cut off anywhere gives nothing but a failure of the file`, async () => {
    // Nothing at all is an empty file, which whoever reads it refuses.
    for (let length = 1; length < bytes.length; length++) {
      // The first member alone is a whole file, too.
      if (length === first?.length) continue;
      const found = await outcome(name, bytes.subarray(0, length));
      assert.match(String(found), /^data: /, `cut at ${length} of ${bytes.length}`);
    }
  });

  Deno.test(`${what} with any byte changed gives its content or a failure of the file`, async () => {
    const content = await decoded(name, bytes);
    let failed = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const found = await outcome(name, bytes.with(at, (bytes[at] ?? 0) ^ change));
        if (typeof found !== "string") assert.deepEqual(found, content, `byte ${at} ^ ${change}`);
        else {
          assert.match(found, /^data: /, `byte ${at} ^ ${change}`);
          failed++;
        }
      }
    }
    assert.ok(failed > bytes.length, `${failed} failures of ${3 * bytes.length}`);
  });
}

/** The bytes in pieces that start at `cuts`, some of them empty. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other), bytes.length];
  return places.slice(1).map((end, index) => bytes.slice(places[index], end));
}

Deno.test("any bytes come back from gzip and Zstandard, however many members and however they are cut", async () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => {
      return Uint8Array.from({ length: 400 * bytes.length }, (_, at) => bytes[at % bytes.length] ?? 0);
    }),
  );
  const property = fc.asyncProperty(
    fc.array(part, { minLength: 1, maxLength: 4 }),
    fc.array(fc.nat(), { maxLength: 12 }),
    fc.nat(40),
    async (parts, cuts, padding) => {
      const content = Buffer.concat(parts).toString("latin1");
      const zeros = new Uint8Array(padding);
      const gzip = Buffer.concat([...parts.map(gz), zeros]);
      assert.equal(await latin1(streamOf(gunzip(streamOf(inPieces(gzip, cuts)), "a.gz"))), content);
      const zstd = Buffer.concat(parts.map(zst));
      assert.equal(await latin1(streamOf(unzstd(streamOf(inPieces(zstd, cuts)), "a.zst"))), content);
    },
  );
  await fc.assert(property, { numRuns: 150 });
});

Deno.test("what follows a gzip file's end is zeros or a failure, however it is cut", async () => {
  const whole = gz(TEXT);
  const pad = Buffer.alloc(40);
  const read = (pieces: readonly Uint8Array[]) => latin1(streamOf(gunzip(streamOf(pieces), "a.gz")));
  for (const bytes of [Buffer.concat([whole, pad, whole]), Buffer.concat([whole, Buffer.from("x")])]) {
    for (let cut = whole.length - 3; cut < bytes.length; cut++) {
      await assert.rejects(read([bytes.subarray(0, cut), bytes.subarray(cut)]), { kind: "data" });
    }
    await assert.rejects(read(Array.from(bytes, (byte) => Uint8Array.of(byte))), { kind: "data" });
  }
});

Deno.test("reading that is given up midway gives the source up too", async () => {
  for (const [decode, packed] of [[gunzip, gz("x".repeat(3_000_000))], [unzstd, zst("x".repeat(3_000_000))]] as const) {
    const cancelled = Promise.withResolvers<void>();
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(packed.slice()),
      cancel: () => cancelled.resolve(),
    }, { highWaterMark: 1 });
    const reader = streamOf(decode(source, "a")).getReader();
    assert.ok(((await reader.read()).value?.length ?? 0) > 0);
    await reader.cancel();
    await cancelled.promise;
  }
});
