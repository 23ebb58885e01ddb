import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { openCsv } from "./csv.ts";
import { readAll, utf8 } from "./csv_testing.ts";
import { openText, type TextOptions } from "./encoding.ts";

/** A file that is given in pieces of `piece` bytes. */
function file(bytes: Uint8Array, piece = bytes.length || 1) {
  return async (offset: number) =>
    ReadableStream.from(
      Array.from(
        { length: Math.ceil((bytes.length - offset) / piece) },
        (_, index) => bytes.slice(offset + index * piece, offset + (index + 1) * piece),
      ),
    );
}

async function decoded(bytes: Uint8Array, options: TextOptions = {}, piece?: number): Promise<Uint8Array> {
  const { bytes: stream } = await openText(file(bytes, piece), options);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const utf16le = (text: string) => new Uint8Array(Buffer.from(text, "utf16le"));
const utf16be = (text: string) => new Uint8Array(Buffer.from(text, "utf16le").swap16());

Deno.test("UTF-8 passes as it is, its byte order mark included", async () => {
  for (const encoding of ["auto", "utf-8", "UTF8"]) {
    for (const text of ["\uFEFFid\n1\n", "é", ""]) {
      for (const offset of [0, 1]) {
        assert.deepEqual(await decoded(utf8(text), { encoding, offset }, 1), utf8(text).slice(offset));
      }
    }
  }
});

Deno.test("a UTF-8 file is opened at the offset where reading goes on", async () => {
  const opened: number[] = [];
  const open = (offset: number) => {
    opened.push(offset);
    return file(utf8("0123456789"))(offset);
  };
  assert.equal(await new Response((await openText(open, { offset: 7 })).bytes).text(), "789");
  assert.deepEqual(opened, [0, 7]);
});

Deno.test("UTF-16 with a byte order mark is found out, from any offset and in any pieces", async () => {
  await fc.assert(fc.asyncProperty(
    fc.string({ unit: "binary" }),
    fc.integer({ min: 1, max: 5 }),
    fc.nat(20),
    async (text, piece, offset) => {
      const marked = `\uFEFF${text}`;
      assert.deepEqual(await decoded(utf16le(marked), { offset }, piece), utf8(text).slice(offset));
      assert.deepEqual(await decoded(utf16be(marked), { encoding: "utf-16", offset }, piece), utf8(text).slice(offset));
    },
  ));
});

Deno.test("a byte order mark stands above the encoding named, from any offset and in any pieces, and a note says so", async () => {
  const text = "\uFEFFid,name\n1,é\n";
  const files = { "utf-8": utf8(text), "utf-16le": utf16le(text), "utf-16be": utf16be(text) };
  for (const [mark, bytes] of Object.entries(files)) {
    const expected = mark === "utf-8" ? utf8(text) : utf8(text.slice(1));
    for (const named of ["windows-1252", "shift_jis", "utf-8", "utf-16le", "utf-16be"]) {
      for (const offset of [0, 4]) {
        assert.deepEqual(await decoded(bytes, { encoding: named, offset }, 1), expected.slice(offset));
      }
      const { encoding, note } = await openText(file(bytes), { encoding: named });
      assert.equal(encoding, mark);
      assert.equal(
        note,
        mark === named
          ? undefined
          : `The file starts with the byte order mark of ${mark}, so it is read as that and not as ${named}`,
      );
    }
    for (const open of ["auto", undefined, ...mark === "utf-8" ? [] : ["utf-16"]]) {
      assert.equal((await openText(file(bytes), open === undefined ? {} : { encoding: open })).note, undefined);
    }
  }
});

Deno.test("UTF-16 without a byte order mark is read by its name", async () => {
  assert.deepEqual(await decoded(utf16be("é😀"), { encoding: "utf-16be" }), utf8("é😀"));
  assert.equal((await openText(file(utf16le("a")), { encoding: "UTF-16LE" })).encoding, "utf-16le");
});

Deno.test("what cannot be decoded becomes a byte that no UTF-8 has, and a U+FFFD of the file stays", async () => {
  const lone = utf16le("\uFEFFa\uD800b\uDC00\uFFFD\uD800");
  assert.deepEqual([...await decoded(lone, {}, 1)], [0x61, 0xff, 0x62, 0xff, 0xef, 0xbf, 0xbd, 0xff]);
  assert.deepEqual([...await decoded(Uint8Array.of(0xff, 0xfe, 0x61))], [0xff]);
  assert.deepEqual([...await decoded(Uint8Array.of(0x61, 0xaa), { encoding: "windows-1253" })], [0x61, 0xff]);
  assert.deepEqual([...await decoded(Uint8Array.of(0x61, 0x81), { encoding: "shift_jis" })], [0x61, 0xff]);
});

Deno.test("named encodings are read as the platform's decoder reads them, in any pieces", async () => {
  for (const encoding of ["windows-1252", "iso-8859-15", "windows-1251", "shift_jis", "gb18030", "euc-kr", "big5"]) {
    const bytes = Uint8Array.from({ length: 255 }, (_, code) => code + 1);
    const expected = new TextDecoder(encoding).decode(bytes).replaceAll("\uFFFD", "\uDBFF");
    for (const piece of [1, 7, 255]) {
      const text = await decoded(bytes, { encoding }, piece);
      const parts = Buffer.from(text).toString("latin1").split("\xff");
      assert.equal(parts.map((part) => Buffer.from(part, "latin1").toString()).join("\uDBFF"), expected);
    }
  }
});

Deno.test("an unknown encoding is a failure that names some known ones", async () => {
  await assert.rejects(openText(file(utf8("a")), { encoding: "utf-9" }), {
    kind: "config",
    message: 'Encoding "utf-9" is not known',
    hint: /windows-1252/,
  });
});

Deno.test("a row with undecodable bytes is rejected, whatever the encoding", async () => {
  const { bytes } = await openText(file(utf16le("\uFEFFid,name\n1,a\uD800\n2,\uFFFD\n")));
  const { lines, rejected } = readAll(new Uint8Array(await new Response(bytes).arrayBuffer()));
  assert.deepEqual(lines, ['{"id":"2","name":"\uFFFD"}']);
  assert.deepEqual(rejected.map((row) => row.reason), ["Holds bytes that cannot be decoded"]);
});

Deno.test("a CSV file in UTF-16 resumes at every position", async () => {
  const bytes = utf16le("\uFEFFid,name\r\n1,é\r\n2,\u65E5\u672C\r\n3,x\uD800\r\n4,z");
  const whole = readAll(await decoded(bytes), { batchRows: 1 });
  for (const [index, position] of whole.positions.slice(0, -1).entries()) {
    const text = await openText(file(bytes, 3), { offset: position.offset });
    const csv = await openCsv(text.bytes, { resume: { position, names: whole.names } });
    const lines: string[] = [];
    for await (const { batch } of csv.chunks) {
      lines.push(...new TextDecoder().decode(batch.bytes).split("\n").slice(0, -1));
    }
    assert.deepEqual(lines, whole.lines.slice(index + 1));
  }
});

Deno.test("cancelling the text closes the file", async () => {
  let cancelled = 0;
  const open = async () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(utf8("abc")),
      cancel: () => {
        cancelled++;
      },
    });
  for (const encoding of ["auto", "utf-8", "latin1"]) await (await openText(open, { encoding })).bytes.cancel();
  assert.equal(cancelled, 3);
});
