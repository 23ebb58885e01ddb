import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { outcome } from "../decode/decode_testing.ts";
import { matchesGlob } from "./glob.ts";
import { type MadeEnd, type MadeEntry, makeZip } from "./zip_testing.ts";

const A: MadeEntry = { name: "a.csv", content: "id\n1\n" };
const B: MadeEntry = { name: "b.csv", content: "id\n2\n".repeat(100) };
const BOTH = { "a.csv": "id\n1\n", "b.csv": "id\n2\n".repeat(100) };

function zipped(entries: readonly MadeEntry[], end?: MadeEnd) {
  return outcome("x.zip", makeZip(entries, end));
}

Deno.test("the files of an archive come in the order of their names, whatever their order in it", async () => {
  const content = await zipped([B, A]);
  assert.deepEqual(content, BOTH);
  assert.deepEqual(Object.keys(content), ["a.csv", "b.csv"]);
});

Deno.test("stored entries, entries whose sizes follow, and zip64 archives are read", async () => {
  assert.deepEqual(await zipped([{ ...A, stored: true }, { ...B, follows: true }]), BOTH);
  assert.deepEqual(await zipped([A, B], { large: true }), BOTH);
  assert.deepEqual(await zipped([A, B], { large: true, comment: Buffer.from("hello PK\x05\x06") }), BOTH);
  const large = Buffer.alloc(20);
  large.writeUInt16LE(1, 0);
  large.writeUInt16LE(16, 2);
  large.writeBigUInt64LE(5n, 4);
  large.writeBigUInt64LE(5n, 12);
  const entry = { ...A, stored: true, size: 0xffffffff, compressedSize: 0xffffffff };
  assert.deepEqual(await zipped([{ ...entry, fields: large }, B]), BOTH);
  assert.equal(await zipped([{ ...entry, fields: large.subarray(0, 12) }]), damaged('entry "a.csv" lacks its sizes'));
});

Deno.test("what stands before an archive, such as the program that unpacks it, is passed over", async () => {
  for (const large of [false, true]) {
    const archive = Buffer.concat([Buffer.alloc(3_000, "MZ program "), makeZip([A, B], { large })]);
    assert.deepEqual(await outcome("x.zip", archive), BOTH);
  }
});

Deno.test("folders, hidden files and what macOS adds are left out", async () => {
  const more = ["in/", "__MACOSX/._a.csv", ".DS_Store", "in/.hidden"].map((name) => ({ name, stored: true }));
  assert.deepEqual(await zipped([A, B, ...more]), BOTH);
});

Deno.test("names are labels, wherever they seem to lead", async () => {
  const names = ["../../etc/passwd", "/etc/passwd", "C:\\a.csv", "..\\b.csv", "a/../../c.csv"];
  const content = await zipped(names.map((name) => ({ name, content: "x" })));
  assert.deepEqual(Object.keys(content).sort(), [...names].sort());
});

Deno.test("names are UTF-8 where they are that, else code page 437, and never hold a line break", async () => {
  const names: readonly MadeEntry[] = [
    { name: "Zoë.csv", flags: 0x800 },
    { name: "łódź.csv" },
    { name: Uint8Array.of(0x81, 0x62, 0x65, 0x72) },
    { name: "two\nlines\u2028.csv" },
  ];
  assert.deepEqual(
    Object.keys(await zipped(names)).sort(),
    ["two\uFFFDlines\uFFFD.csv", "Zoë.csv", "łódź.csv", "über"].sort(),
  );
});

Deno.test("an archive without files, and one that is empty, are refused", async () => {
  assert.equal(await zipped([]), 'data: Zip archive "x.zip" holds no files');
  assert.equal(await zipped([{ name: "in/", stored: true }]), 'data: Zip archive "x.zip" holds no files');
});

Deno.test("an Excel workbook is told as what it is", async () => {
  const parts = ["[Content_Types].xml", "xl/workbook.xml"].map((name) => ({ name, content: "<x/>" }));
  assert.equal(await outcome("x.xlsx", makeZip(parts)), 'data: File "x.xlsx" is an Excel workbook');
});

function damaged(how: string): string {
  return `data: Zip archive "x.zip" is damaged: ${how}`;
}

const REFUSED: readonly (readonly [what: string, entries: readonly MadeEntry[], end: MadeEnd, outcome: string])[] = [
  ["an encrypted entry", [{ ...A, flags: 1 }], {}, 'data: Zip archive "x.zip" is encrypted: "a.csv"'],
  ["AES encryption", [{ ...A, method: 99, flags: 1 }], {}, 'data: Zip archive "x.zip" is encrypted: "a.csv"'],
  ["Deflate64", [{ ...A, method: 9 }], {}, 'data: Zip archive "x.zip" is packed with Deflate64: "a.csv"'],
  ["bzip2", [{ ...A, method: 12 }], {}, 'data: Zip archive "x.zip" is packed with bzip2: "a.csv"'],
  ["Zstandard", [{ ...A, method: 93 }], {}, 'data: Zip archive "x.zip" is packed with Zstandard: "a.csv"'],
  ["a method nobody knows", [{ ...A, method: 50 }], {}, 'data: Zip archive "x.zip" is packed with method 50: "a.csv"'],
  ["a part of several", [A], { disk: 1 }, 'data: Zip archive "x.zip" is spread over several files'],
  ["one name twice", [A, { ...B, name: "a.csv" }], {}, 'data: Zip archive "x.zip" has two entries named "a.csv"'],
  ["an overlap", [B, { ...A, start: 10 }], {}, damaged('entry "b.csv" overlaps with what follows after it')],
  ["one content for all", [B, { ...B, name: "c", start: 0 }], {}, /overlaps/.source],
  ["a wrong checksum", [A, { ...B, crc: 1 }], {}, damaged('"b.csv" does not match its checksum')],
  [
    "a wrong checksum of a stored entry",
    [{ ...A, stored: true, crc: 1 }],
    {},
    damaged('"a.csv" does not match its checksum'),
  ],
  ["too small a size", [{ ...B, size: 499 }], {}, damaged('"b.csv" is larger than the directory says')],
  ["too large a size", [{ ...B, size: 501 }], {}, damaged('"b.csv" is smaller than the directory says')],
  ["a compressed size that reaches too far", [{ ...B, compressedSize: 99_999 }], {}, /overlaps/.source],
  ["a compressed size that is too small", [{ ...B, compressedSize: 5 }], {}, damaged('"b.csv" cannot be unpacked')],
  ["two names", [{ ...A, localName: "b.csv" }], {}, damaged('"a.csv" is described in two ways')],
  ["an offset that leads nowhere", [{ ...A, start: 1 }], {}, /overlaps|not where/.source],
  ["a directory of more entries than it has", [A], { entries: 2 }, damaged("its directory breaks off")],
  [
    "a directory of fewer entries than it has",
    [A, B],
    { entries: 1 },
    damaged("its directory goes on after its last entry"),
  ],
  ["a directory that starts elsewhere", [A], { offset: 99_999 }, damaged("its directory is not where it should be")],
  ["a directory of another size", [A], { size: 10 }, damaged("its directory breaks off")],
  [
    "two ends",
    [A],
    { comment: Buffer.concat([Buffer.from("PK\x05\x06"), Buffer.alloc(18)]) },
    damaged("it has two ends"),
  ],
];

for (const [what, entries, end, expected] of REFUSED) {
  Deno.test(`an archive with ${what} is refused`, async () => {
    const found = await zipped(entries, end);
    assert.equal(typeof found, "string");
    if (expected.startsWith("data:")) assert.equal(found, expected);
    else assert.match(String(found), new RegExp(`^data: .*(?:${expected})`));
  });
}

Deno.test("an archive that goes on after its end, or lacks it, is refused", async () => {
  const archive = makeZip([A]);
  const message = damaged("its end is missing, or something follows after it");
  assert.equal(await outcome("x.zip", Buffer.concat([archive, Buffer.from("x")])), message);
  assert.equal(await outcome("x.zip", archive.subarray(0, -1)), message);
});

Deno.test("more entries than the limit, or a larger directory, are refused before they are read", async () => {
  const archive = makeZip([A, B]);
  assert.equal(
    await outcome("x.zip", archive, { limits: { entries: 1 } }),
    'data: Zip archive "x.zip" has 2 entries, more than 1',
  );
  assert.equal(
    await outcome("x.zip", archive, { limits: { directoryBytes: 50 } }),
    'data: Zip archive "x.zip" has 102 bytes of directory, more than 50',
  );
});

Deno.test("a pattern chooses among the files; one that matches none tells what there is", async () => {
  const archive = makeZip([A, B, { name: "in/c.csv", content: "3" }, { name: "read.me", content: "binary \0" }]);
  const names = async (members: string) => Object.keys(await outcome("x.zip", archive, { members }));
  assert.deepEqual(await names("*.csv"), ["a.csv", "b.csv", "in/c.csv"]);
  assert.deepEqual(await names("in/*"), ["in/c.csv"]);
  assert.deepEqual(await names("?.csv"), ["a.csv", "b.csv", "in/c.csv"]);
  assert.equal(await outcome("x.zip", archive, { members: "*.txt" }), 'config: No file in "x.zip" matches "*.txt"');
});

Deno.test("patterns match as globs do, in time for any of them", () => {
  const cases: readonly (readonly [name: string, pattern: string, matches: boolean])[] = [
    ["a.csv", "*", true],
    ["a.csv", "a.csv", true],
    ["a.csv", "A.csv", false],
    ["in/a.csv", "a.*", true],
    ["in/a.csv", "*/a.csv", true],
    ["in/deep/a.csv", "in/*.csv", false],
    ["in/deep/a.csv", "in/**.csv", true],
    ["in/deep/a.csv", "**/a.csv", true],
    ["[1].csv", "[1].csv", true],
    ["1.csv", "[1].csv", false],
    ["Zoë", "Zo?", true],
    ["", "*", true],
    ["abc", "a*b*c*", true],
    ["abc", "a?c?", false],
  ];
  for (const [name, pattern, matches] of cases) assert.equal(matchesGlob(name, pattern), matches, `${name} ${pattern}`);
  assert.equal(matchesGlob("a".repeat(500), `${"a*".repeat(100)}b`), false);
});
