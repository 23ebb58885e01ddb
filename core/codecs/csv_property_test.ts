import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { parse as csvParse } from "csv-parse/sync";
import fc from "fast-check";
import papaparse from "papaparse";
import { Failure } from "../contracts/failure.ts";
import { readAll, utf8 } from "./csv_testing.ts";

/** Cells as peers and this reader can agree on them. */
function cellsOf(lines: readonly string[]): string[][] {
  return lines.map((line) => Object.values<string>(JSON.parse(line)));
}

const cell = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 4 }),
  fc.constantFrom(
    "",
    " ",
    '"',
    '""',
    "\n",
    "\r\n",
    "\r",
    "a,b;c\td|e",
    "é",
    "日本",
    "😀",
    "\\",
    "\u2028",
    "\x7f",
    "\u0001",
  ),
  fc.array(fc.constantFrom("a", '"', "\n", "\r", ",", ";", "é"), { maxLength: 8 }).map((parts) => parts.join("")),
).filter((text) => !text.includes("\0"));

/** A table, its dialect, and which cells are quoted although they need not be. */
const table = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t", "|"),
  lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
  lastLineEnds: fc.boolean(),
  mark: fc.boolean(),
  width: fc.integer({ min: 1, max: 5 }),
}).chain((dialect) =>
  fc.record({
    dialect: fc.constant(dialect),
    rows: fc.array(
      fc.array(fc.tuple(cell, fc.boolean()), { minLength: dialect.width, maxLength: dialect.width }),
      { minLength: 1, maxLength: 8 },
    ),
    piece: fc.integer({ min: 1, max: 40 }),
  })
);

Deno.test("generated tables read cell by cell as they were written, and as csv-parse and papaparse read them", () => {
  fc.assert(
    fc.property(table, ({ dialect, rows, piece }) => {
      const { delimiter, lineEnd } = dialect;
      const names = Array.from({ length: dialect.width }, (_, column) => `c${column}`);
      const written = rows.map((row) =>
        row.map(([text, quoted]) => {
          const must = text === "" && dialect.width === 1 || /["\r\n]/.test(text) || text.includes(delimiter);
          return quoted || must ? `"${text.replaceAll('"', '""')}"` : text;
        }).join(delimiter)
      );
      const text = (dialect.mark ? "\uFEFF" : "") + [names.join(delimiter), ...written].join(lineEnd) +
        (dialect.lastLineEnds ? lineEnd : "");
      const expected = rows.map((row) => row.map(([value]) => value.toWellFormed()));
      const { lines, rejected } = readAll(utf8(text), { delimiter }, piece);
      assert.deepEqual(rejected, []);
      assert.deepEqual(cellsOf(lines), expected);
      const parsed: string[][] = csvParse(utf8(text), {
        delimiter,
        bom: true,
        record_delimiter: lineEnd,
      });
      assert.deepEqual(parsed.slice(1), expected);
      const papa: { data: string[][] } = papaparse.parse(text.replace("\uFEFF", "").toWellFormed(), {
        delimiter,
        newline: lineEnd,
        skipEmptyLines: false,
      });
      const papaRows = dialect.lastLineEnds ? papa.data.slice(1, -1) : papa.data.slice(1);
      assert.deepEqual(papaRows, expected);
    }),
    { numRuns: 3_000 },
  );
});

/** Bytes in which every rule of the reader comes up often. */
const messy = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(...["a", "b", ",", ",", '"', '"', "\n", "\r", "\r\n", "é", "1,2,3\n"].map(utf8)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 3 }) },
  ),
  { maxLength: 60 },
).map((parts) => new Uint8Array(Buffer.concat(parts)));

const NAMES = ["x", "y", "z"];
const START = { names: NAMES, position: { offset: 0, line: 1, cells: 0, recovering: false } };

Deno.test("the size of the pieces and of the batches changes nothing", () => {
  fc.assert(
    fc.property(messy, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 2, max: 30 }), (bytes, piece, limit) => {
      for (const maxRecordBytes of [limit, 1_000_000]) {
        const whole = readAll(bytes, { resume: START, maxRecordBytes });
        const parts = readAll(bytes, { resume: START, maxRecordBytes, batchRows: 1, batchBytes: piece }, piece);
        assert.deepEqual(parts.lines, whole.lines);
        assert.deepEqual(parts.rejected, whole.rejected);
        assert.deepEqual(parts.positions.at(-1), whole.positions.at(-1));
        assert.equal(whole.positions.at(-1)?.offset, bytes.length);
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("reading resumed after any record goes on exactly", () => {
  fc.assert(
    fc.property(messy, fc.integer({ min: 2, max: 30 }), (bytes, maxRecordBytes) => {
      const options = { maxRecordBytes, batchRows: 1 };
      const whole = readAll(bytes, { ...options, resume: START }, 3);
      let rows = 0;
      for (const position of whole.positions) {
        const rest = readAll(bytes.subarray(position.offset), { ...options, resume: { names: NAMES, position } });
        rows = whole.lines.length - rest.lines.length;
        assert.deepEqual(rest.lines, whole.lines.slice(rows));
        assert.deepEqual(rest.rejected, whole.rejected.filter((row) => row.offset >= position.offset));
      }
      assert.equal(rows, whole.lines.length);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a rejected row stands in the file where it says, on the line it says", () => {
  fc.assert(
    fc.property(messy, (bytes) => {
      for (const { raw, offset, line } of readAll(bytes, { resume: START, maxRecordBytes: 20 }).rejected) {
        assert.deepEqual(raw, bytes.slice(offset, offset + raw.length));
        const before = Buffer.from(bytes.subarray(0, offset)).toString("latin1");
        assert.equal(line, 1 + (before.match(/\r\n|\r|\n/g)?.length ?? 0));
      }
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("without its rejected rows a file reads the same: every byte is in a row, a reject or a blank line", () => {
  fc.assert(
    fc.property(messy, (bytes) => {
      const { lines, rejected } = readAll(bytes, { resume: START });
      const kept: Uint8Array[] = [];
      let from = 0;
      for (const { raw, offset } of rejected) {
        kept.push(bytes.subarray(from, offset));
        from = offset + raw.length;
      }
      const clean = readAll(Buffer.concat([...kept, bytes.subarray(from)]), { resume: START });
      assert.deepEqual(clean.rejected, []);
      assert.deepEqual(clean.lines, lines);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("any bytes at all give rows, rejects or a Failure", () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), messy), fc.integer({ min: 1, max: 50 }), (bytes, piece) => {
      try {
        readAll(bytes, { maxRecordBytes: 50 }, piece);
      } catch (error) {
        if (error instanceof assert.AssertionError || !(error instanceof Failure)) throw error;
        assert.ok(error.kind === "data");
      }
    }),
    { numRuns: 5_000 },
  );
});
