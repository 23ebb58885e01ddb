import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { CsvReader } from "./csv.ts";
import { readAll, utf8 } from "./csv_testing.ts";

function header(text: string, delimiter = ",") {
  const reader = new CsvReader({ delimiter });
  reader.push(utf8(`${text}\n1\n`));
  reader.finish();
  assert.ok(reader.header);
  return reader.header;
}

Deno.test("empty and repeated names become unique and the notes say so", () => {
  assert.deepEqual(header("name, name ,,name_2,name"), {
    names: ["name", "name_3", "column_3", "name_2", "name_4"],
    delimiter: ",",
    notes: [
      'White space around the name of column 2, "name", is dropped',
      'Column 2 is another "name": it is read as "name_3"',
      'Column 3 has no name: it is read as "column_3"',
      'Column 5 is another "name": it is read as "name_4"',
    ],
  });
  assert.deepEqual(header("column_2,").names, ["column_2", "column_2_2"]);
});

Deno.test("quoted names may hold delimiters, quotes and line ends", () => {
  const { names, lines, positions } = readAll(utf8('"a,b","say ""x""","two\r\nlines"\n1,2,3\n'));
  assert.deepEqual(names, ["a,b", 'say "x"', "two\r\nlines"]);
  assert.equal(lines.length, 1);
  assert.equal(positions.at(-1)?.line, 4);
});

Deno.test("a header of one column that holds another delimiter says which", () => {
  assert.equal(header("id;name").otherDelimiter, ";");
  assert.equal(header("id\tname").otherDelimiter, "\t");
  assert.equal(header("id,name", "|").otherDelimiter, ",");
  assert.equal(header("id").otherDelimiter, undefined);
  assert.equal(header("id,a;b").otherDelimiter, undefined);
});

Deno.test("a first line that names the delimiter is no header, and lines and offsets still count it", () => {
  for (const first of ["sep=;", '"sep=;"', "SEP=;"]) {
    for (const end of ["\n", "\r\n", "\r"]) {
      const bytes = utf8(`\uFEFF${first}${end}id;name${end}1;a,b${end}2;x;y${end}`);
      for (const delimiter of [undefined, ";"]) {
        const read = readAll(bytes, delimiter === undefined ? {} : { delimiter }, 7);
        assert.deepEqual(read.names, ["id", "name"]);
        assert.deepEqual(read.lines, ['{"id":"1","name":"a,b"}']);
        assert.deepEqual(read.rejected.map(({ line }) => line), [4]);
        assert.equal(read.positions.at(-1)?.offset, bytes.length);
      }
    }
  }
  assert.deepEqual(readAll(utf8("sep=\t\nid\tname\n1\tAnn\n")).lines, ['{"id":"1","name":"Ann"}']);
  assert.deepEqual(readAll(utf8("sep=§\nid§name\n1§Ann\n")).lines, ['{"id":"1","name":"Ann"}']);
});

Deno.test("a delimiter that is given stands above the file's first line, and a note says so", () => {
  const { names, delimiter, notes } = header("sep=;\nid|name", "|");
  assert.deepEqual([names, delimiter], [["id", "name"], "|"]);
  assert.deepEqual(notes, ['The first line says sep=;, but the delimiter given is "|"']);
});

Deno.test("a header that only resembles a line naming the delimiter is a header", () => {
  for (const text of ["sep=", "sep=;;", "sep;name", "separator=;", '"sep=;', 'sep="']) {
    assert.ok(readAll(utf8(`${text.replace(/^"/, "'")}\n1\n`)).names[0]?.includes("sep"), text);
  }
});

Deno.test("an empty file and a header without rows are failures of kind data", () => {
  for (const empty of ["", "\n\r\n", "\uFEFF"]) {
    assert.throws(() => readAll(utf8(empty), { name: "a.csv" }), { kind: "data", message: 'File "a.csv" is empty' });
  }
  assert.throws(() => readAll(utf8("id,name\n\n"), { name: "a.csv" }), {
    kind: "data",
    message: 'File "a.csv" holds a header and no rows',
  });
});

const BINARY: readonly [string, Uint8Array, string][] = [
  ["gzip", gzipSync("id,name\n1,x\n"), "gzip data"],
  ["zip", utf8("PK\x03\x04rest"), "a zip archive or an Excel workbook"],
  ["PDF", utf8("%PDF-1.7"), "a PDF document"],
  ["armoured PGP", utf8("-----BEGIN PGP MESSAGE-----\n"), "a PGP message"],
  ["binary PGP", Uint8Array.of(0x85, 0x01, 0x0c, 0x03, 0x11), "a PGP message"],
  ["PNG", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d), "a PNG image"],
  ["UTF-16 with a mark", Uint8Array.of(0xff, 0xfe, 0x61, 0x00), "UTF-16 text"],
  ["UTF-16 without one", Uint8Array.of(0x61, 0, 0x2c, 0, 0x62, 0, 0x0a, 0), "UTF-16 text"],
  ["tar", utf8(`a.csv${"\0".repeat(252)}ustar`), "a tar archive"],
  ["other binary data", Uint8Array.from({ length: 8_192 }, (_, at) => at * 167 >> 3), "binary data"],
];

for (const [what, bytes, said] of BINARY) {
  Deno.test(`${what} is refused by what it looks like`, () => {
    assert.throws(() => readAll(bytes, { name: "in.csv" }), {
      kind: "data",
      message: `File "in.csv" is ${said}, not CSV text`,
    });
  });
}

Deno.test("a header that cannot be read is a failure of kind data", () => {
  assert.throws(() => readAll(Uint8Array.of(0x61, 0xe9, 0x0a, 0x31)), {
    kind: "data",
    hint: "Name the file's encoding",
  });
  assert.throws(() => readAll(utf8('"id,name\n1,2\n')), { kind: "data" });
  assert.throws(() => readAll(utf8('"id"x,name\n1,2\n')), { kind: "data" });
  assert.throws(() => readAll(utf8("x".repeat(1_100_000)), {}, 65_536), { kind: "data" });
  assert.throws(() => readAll(utf8(",".repeat(20_000))), { kind: "data" });
});

Deno.test("a header whose names are too long for an index is a failure of kind data", () => {
  const fits = "é".repeat(500);
  assert.deepEqual(header(`id, ${fits} `).names, ["id", fits]);
  assert.throws(() => readAll(utf8(`id,${fits}x\n1,2\n`), { name: "a.csv" }), {
    kind: "data",
    message: 'The name of column 2 in the header of "a.csv" is longer than 1000 bytes',
  });
});

Deno.test("text in scripts beyond ASCII is no binary data", () => {
  for (const name of ["Å", "Ã", "ナ", "имя", "\u0085"]) assert.deepEqual(header(`${name},b`).names[1], "b");
});
