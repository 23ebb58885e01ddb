import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure } from "../contracts/failure.ts";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue, RecordBatch, Row } from "../contracts/records.ts";
import { type IndexedBatch, indexRows, isEmptyValue, MAX_BATCH_BYTES, MAX_BATCH_ROWS } from "./indexed_batch.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A batch of lines, without the spans of its columns. */
function linesBatch(lines: readonly string[], times?: readonly number[]): RecordBatch {
  const encoded = lines.map((line) => encoder.encode(line));
  const rows = [0];
  for (const line of encoded) rows.push(rows.at(-1)! + line.length);
  return {
    bytes: encoder.encode(lines.join("")),
    rows: Uint32Array.from(rows),
    times: Float64Array.from(times ?? lines.map(() => NaN)),
  };
}

/** Two rows, the second without `b`. */
function sound(): IndexedBatch {
  return {
    ...linesBatch(['{"a":"x","b":12}\n', '{"a":null}\n'], [5, NaN]),
    columns: { names: ["a", "b"], spans: Uint32Array.of(5, 8, 13, 15, 22, 26, 26, 26) },
  };
}

/** The rows that an indexed batch says it holds, read by its spans alone. */
function rowsOf({ bytes, times, columns: { names, spans } }: IndexedBatch): Row[] {
  return Array.from(times, (time, row) => {
    const entries = names.flatMap((name, column): [string, JsonValue][] => {
      const at = 2 * (row * names.length + column);
      const text = decoder.decode(bytes.subarray(spans[at], spans[at + 1]));
      return text === "" ? [] : [[name, parseJson(text)]];
    });
    return { fields: Object.fromEntries(entries), ...(Number.isNaN(time) ? {} : { time }) };
  });
}

/** The rows that its lines hold. */
function parsedRows({ bytes, rows, times }: RecordBatch): Row[] {
  return Array.from(times, (time, row) => ({
    fields: parseJson(decoder.decode(bytes.subarray(rows[row], rows[row + 1]))),
    ...(Number.isNaN(time) ? {} : { time }),
  }));
}

Deno.test("a sound batch is taken as it is", () => {
  const batch = sound();
  assert.equal(indexRows(batch), batch);
  assert.deepEqual(rowsOf(batch), [{ fields: { a: "x", b: 12 }, time: 5 }, { fields: { a: null } }]);
});

const empty = { bytes: new Uint8Array(), rows: Uint32Array.of(0), times: new Float64Array() };

Deno.test("no rows are a batch too", () => {
  assert.equal(indexRows([]).times.length, 0);
  assert.equal(indexRows(empty).times.length, 0);
  assert.equal(indexRows({ ...empty, columns: { names: ["a"], spans: new Uint32Array() } }).times.length, 0);
  const blank = indexRows({ ...linesBatch(["{}\n"]), columns: { names: ["a"], spans: Uint32Array.of(0, 0) } });
  assert.deepEqual(rowsOf(blank), [{ fields: {} }]);
});

/** A batch broken in one respect, and the words of the rule it breaks. */
const BROKEN: readonly (readonly [what: string, batch: () => RecordBatch, rule: RegExp])[] = [
  [
    "too many bytes",
    () => ({ ...empty, bytes: new Uint8Array(MAX_BATCH_BYTES + 1), rows: Uint32Array.of(MAX_BATCH_BYTES + 1) }),
    /at most 67108864 bytes/,
  ],
  ["too many rows", () => ({ ...empty, times: new Float64Array(MAX_BATCH_ROWS + 1) }), /1000000 rows/],
  ["no end of the last row", () => ({ ...sound(), rows: Uint32Array.of(0, 17) }), /one entry more than `times`/],
  ["rows that start late", () => ({ ...sound(), rows: Uint32Array.of(1, 17, 28) }), /start at 0/],
  ["bytes behind the last row", () => ({ ...sound(), rows: Uint32Array.of(0, 17, 27) }), /end at `bytes.length`/],
  [
    "rows out of order",
    () => ({ ...linesBatch(["{}\n", "{}\n"]), rows: Uint32Array.of(0, 9, 6) }),
    /Row 0 .* one JSON/,
  ],
  ["a row of two bytes", () => linesBatch(["{}\n", "{}"]), /Row 1 .* one JSON object and a line feed/],
  ["a row without line feed", () => linesBatch(["{}\n", '{"a":1}']), /Row 1 .* one JSON object and a line feed/],
  ["a list", () => linesBatch(["[1]\n"]), /Row 0 .* one JSON object/],
  ["white space before the object", () => linesBatch([' {"a":1}\n']), /Row 0 .* one JSON object/],
  ["a carriage return", () => linesBatch(['{"a":1}\r\n']), /Row 0 .* one JSON object/],
  ["broken JSON", () => linesBatch(["{}\n", '{"a":}\n']), /Row 1 .* one JSON object/],
  ["bytes that are no UTF-8", () => {
    const batch = linesBatch(['{"a":"xx"}\n']);
    batch.bytes[6] = 0xff;
    return batch;
  }, /`bytes` must be UTF-8/],
  ["half a millisecond", () => linesBatch(["{}\n", "{}\n"], [1, 1.5]), /Row 1 .* time 1.5, no whole number/],
  ["a time past all dates", () => linesBatch(["{}\n"], [8.64e15 + 1]), /Row 0 .* time 8640000000000001, .* a date/],
  ["an infinite time", () => ({ ...sound(), times: Float64Array.of(NaN, Infinity) }), /Row 1 .* time Infinity/],
  ["too few spans", () => withColumns(["a", "b"], [5, 8, 13, 15]), /two entries for each row and column/],
  ["a name twice", () => withColumns(["a", "a"], [5, 8, 13, 15, 22, 26, 26, 26]), /names must be unique/],
  ["a span of another row", () => withColumns(["a", "b"], [22, 26, 13, 15, 22, 26, 26, 26]), /Row 0 .* its spans say/],
  ["a span that ends before it starts", () => withSpan(0, 8, 5), /Row 0 .* its spans say/],
  ["a span past the row", () => withSpan(2, 13, 17), /Row 0 .* its spans say/],
  ["a span that starts in the value", () => withSpan(0, 6, 8), /Row 0 .* its spans say/],
  ["a span that ends in the value", () => withSpan(0, 5, 7), /Row 0 .* its spans say/],
  ["a last span that ends in the value", () => withSpan(2, 13, 14), /Row 0 .* its spans do not name/],
  ["columns in another order", () => withColumns(["b", "a"], [13, 15, 5, 8, 26, 26, 22, 26]), /Row 0/],
  ["a first value without span", () => withSpan(0, 5, 5), /Row 0 .* its spans say/],
  ["a name that the row spells otherwise", () => withColumns(["ab", "b"], [5, 8, 13, 15, 22, 26, 26, 26]), /Row 0/],
  ["a last value without span", () => withSpan(2, 13, 13), /Row 0 .* its spans do not name/],
  [
    "white space behind the last value",
    () => ({ ...linesBatch(['{"a":1 }\n']), columns: { names: ["a"], spans: Uint32Array.of(5, 6) } }),
    /Row 0 .* its spans do not name/,
  ],
  [
    "white space before a value",
    () => ({ ...linesBatch(['{"a": 1}\n']), columns: { names: ["a"], spans: Uint32Array.of(6, 7) } }),
    /white space/,
  ],
];

function withColumns(names: readonly string[], spans: readonly number[]): RecordBatch {
  return { ...sound(), columns: { names, spans: Uint32Array.from(spans) } };
}

/** The sound batch with one span of its first row moved. */
function withSpan(at: number, from: number, to: number): RecordBatch {
  const { columns: { names, spans } } = sound();
  return withColumns(names, spans.with(at, from).with(at + 1, to) as unknown as number[]);
}

for (const [what, batch, rule] of BROKEN) {
  Deno.test(`a batch with ${what} is a bug of the plugin, which is told the rule`, () => {
    assert.throws(() => indexRows(batch()), (error: unknown) => {
      assert(error instanceof TypeError, String(error));
      assert.match(error.message, rule);
      return true;
    });
  });
}

Deno.test("a row whose time is no whole number of milliseconds is a failure of the data", () => {
  for (const time of [0.5, Infinity, -8.64e15 - 1]) {
    assert.throws(() => indexRows([{ fields: {} }, { fields: {}, time }]), (error: unknown) => {
      assert(error instanceof Failure, String(error));
      assert.equal(error.kind, "data");
      assert.match(error.message, /^Row 1 .*whole number of milliseconds/);
      return true;
    });
  }
});

const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.dictionary(
    fc.oneof(fc.constantFrom("a", "b", "1", "", "__proto__", 'q"\\', "é"), fc.string({ unit: "binary" })),
    fc.jsonValue() as fc.Arbitrary<JsonValue>,
  ),
  time: fc.integer({ min: -1e15, max: 1e15 }),
}, { requiredKeys: ["fields"] });

/** What JSON keeps of rows. */
const json = (rows: readonly Row[]) => rows.map(({ fields, ...rest }) => ({ fields: JSON.stringify(fields), ...rest }));
const sorted = (rows: readonly Row[]) =>
  rows.map(({ fields, ...rest }) => ({
    fields: Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)]).sort(),
    ...rest,
  }));

Deno.test("rows come out of the index as they went in, and their batch is one that the engine takes", () => {
  fc.assert(fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
    const batch = indexRows(rows);
    assert.deepEqual(sorted(rowsOf(batch)), sorted(rows));
    assert.deepEqual(sorted(parsedRows(batch)), sorted(rows));
    assert.equal(indexRows(batch), batch);
  }));
});

Deno.test("a batch without columns is indexed like its rows", () => {
  fc.assert(fc.property(fc.array(row, { maxLength: 12 }), (rows) => {
    const times = rows.map(({ time = NaN }) => time);
    const batch = indexRows(linesBatch(rows.map(({ fields }) => `${JSON.stringify(fields)}\n`), times));
    assert.deepEqual(json(parsedRows(batch)), json(parsedRows(indexRows(rows))));
    assert.deepEqual(batch.columns, indexRows(rows).columns);
  }));
});

Deno.test("rows longer than the first buffer are kept whole", () => {
  const rows = Array.from({ length: 40 }, (_, index) => ({ fields: { a: "é".repeat(index * 500), b: index } }));
  assert.deepEqual(rowsOf(indexRows(rows)), rows);
});

Deno.test("a name that is too long for an index is refused, in rows and in batches", () => {
  const fits = "é".repeat(512);
  assert.deepEqual(indexRows([{ fields: { [fits]: 1 } }]).columns.names, [fits]);
  const batch = indexRows([{ fields: { [fits]: 1 } }]);
  assert.equal(indexRows(batch), batch);
  const long = `${fits}x`;
  const refused = { kind: "data", message: `The name of the field "${"é".repeat(40)}…" is longer than 1024 bytes` };
  assert.throws(() => indexRows([{ fields: { [long]: 1 } }]), refused);
  const line = `{"${long}":1}\n`;
  assert.throws(() => indexRows(linesBatch([line])), refused);
  const from = encoder.encode(line).length - 3;
  const columns = { names: [long], spans: Uint32Array.of(from, from + 1) };
  assert.throws(() => indexRows({ ...linesBatch([line]), columns }), refused);
});

Deno.test("a field called __proto__ is a field like any other", () => {
  const fields = JSON.parse('{"__proto__":"x","id":1}');
  const batch = indexRows([{ fields }, { fields: { id: 2 } }]);
  assert.deepEqual(batch.columns.names, ["__proto__", "id"]);
  assert.equal(decoder.decode(batch.bytes), '{"__proto__":"x","id":1}\n{"id":2}\n');
  assert.equal(decoder.decode(indexRows(linesBatch(['{"__proto__":{"a":1}}\n'])).bytes), '{"__proto__":{"a":1}}\n');
});

Deno.test("a value is empty where its key is missing, or it is an empty string or null", () => {
  const isEmpty = (text: string) => isEmptyValue(encoder.encode(`x${text}`), 1, text.length);
  for (const text of ["", '""', "null"]) assert(isEmpty(text), text);
  for (const text of ["0", "10", "{}", "[]", "true", '" "', '"ab"', "1000", "false"]) assert(!isEmpty(text), text);
});
