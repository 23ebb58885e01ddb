import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { JsonValue, Row } from "../contracts/records.ts";
import { compileMapping, parseMapping } from "../lql/mod.ts";
import { type IndexedBatch, indexRows } from "./indexed_batch.ts";
import type { MappedColumns } from "./mapped_columns.ts";
import { MappedRows } from "./mapped_rows.ts";

const decoder = new TextDecoder();

const LQL = `
  SELECT id, name AS called, name AS short KIND STRING, toupper(name) AS loud, concat(name, " ", id) AS both,
    set(tag) AS tags, count(tag) AS n, tag AS seen KIND TS[]STRING, day KIND DATE, todate(day) AS at,
    toint(id) AS number IF id > 2, title(name) AS title, deep.a AS a, deep, maptime(tag) AS times, now() AS now,
    string(day) AS zone, email(name) AS mail, max(toint(id)) AS most IF name != "Ann", sum(tonumber(id)) AS spent,
    todate(day) AS first IF id > 1 AND NOT (tag = "red") MERGEOP OLDEST, concat(missing, name, tag) AS three,
    id AS less IF id < 2.5, id AS least IF id <= 12.5, id AS same IF id = 1 OR id = 12.5, id AS other IF id != 1,
    name AS deeper IF deep.a = "x" OR day > "2026-03-01T01:00:00Z"
  FROM people INTO user BY id WHERE NOT (tag = "skip")`;

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constantFrom("", "Ann", "é李", "o'neil-smith 2", 'q"\\\n', "😀", null, 1, 2.5, true, "x".repeat(80)),
  fc.constantFrom("ann@example.com", "Ann <a.b+c@Example.com>", "a@b..c", "\ufeffAnn", "12.50", "-0.07", "$5.5", "1e3"),
  fc.constantFrom(".5", "5.", ".", "1.2.3", "00.10", "123456789012345", "1234567890123456", 'é"1'),
  fc.string({ unit: "binary", maxLength: 5 }).map((text) => text.toWellFormed()),
  fc.nat({ max: 9 }).map(String),
);

const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.record({
    id: value,
    name: value,
    tag: fc.oneof(fc.constantFrom("red", "skip", ""), fc.array(fc.constantFrom("a", "b", "Ü"))),
    day: fc.constantFrom(
      "2026-03-01",
      "2026-03-01T23:59:60Z",
      "2026-03-01T10:15:00Z",
      "1772360107",
      "soon",
      " 2026-03-01",
    ),
    deep: fc.constantFrom<JsonValue>({ a: "x", b: [1] }, "text", {}),
  }, { requiredKeys: [] }),
  time: fc.nat({ max: 1e12 }),
});

/** What each row's object is by way of values and `JSON.stringify`; undefined where WHERE leaves it out. */
function expected(program: ReturnType<typeof compileMapping>, rows: readonly Row[]): (string | undefined)[] {
  const order = program.columns.map(({ name }, index) => ({ name, index })).sort((a, b) => a.name < b.name ? -1 : 1);
  return rows.map(({ fields, time = NaN }) => {
    const values: (JsonValue | undefined)[] = [];
    const named = (name: string) => isEmpty(fields[name]) ? undefined : fields[name];
    const event = { at: time, get: named, names: () => Object.keys(fields).filter((name) => !isEmpty(fields[name])) };
    if (!program.evaluate(event, values)) return undefined;
    const parts = order.flatMap(({ name, index }) =>
      values[index] === undefined ? [] : [`${JSON.stringify(name)}:${JSON.stringify(values[index])}`]
    );
    return `{${parts.join(",")}}`;
  });
}

function isEmpty(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === "";
}

function written(program: ReturnType<typeof compileMapping>, rows: readonly Row[]): (string | undefined)[] {
  return rowsOf(program, rows, (batch) => new MappedRows(program, batch, new Uint8Array(16), 0));
}

/** The same for rows in batches, whose memory is in use again once a batch is done with. */
function writtenInBatches(program: ReturnType<typeof compileMapping>, batches: readonly Row[][]) {
  let columns: MappedColumns | undefined;
  return batches.flatMap((rows) => {
    const opened: IndexedBatch[] = [];
    const written = rowsOf(program, rows, (batch) => {
      opened.push(batch);
      const mapped = new MappedRows(program, batch, new Uint8Array(16), 0, columns);
      columns = mapped.columns;
      return mapped;
    });
    for (const { bytes } of opened) bytes.fill(0x20);
    return written;
  });
}

function rowsOf(
  program: ReturnType<typeof compileMapping>,
  rows: readonly Row[],
  open: (batch: IndexedBatch) => MappedRows,
): (string | undefined)[] {
  const batch = indexRows(rows), mapped = open(batch);
  return rows.map((_, row) => {
    const from = mapped.texts.length, taken = mapped.write(row, batch.times[row]!);
    const text = decoder.decode(mapped.texts.bytes.subarray(from, mapped.texts.length));
    if (!taken) assert.equal(text, "{}");
    for (const [index, { name }] of program.columns.entries()) {
      const value = mapped.texts.bytes.subarray(mapped.starts[index], mapped.ends[index]);
      if (taken && value.length > 0) {
        assert.equal(decoder.decode(value), JSON.stringify(parseJson<Row["fields"]>(text)[name]));
      }
    }
    return taken ? text : undefined;
  });
}

Deno.test("rows are written as what the mapping's evaluation gives", () => {
  const program = compileMapping(parseMapping(LQL));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
      assert.deepEqual(written(program, rows), expected(program, rows));
    }),
    { numRuns: 100 },
  );
});

Deno.test("what is remembered of values outlives a batch, and is of no other field where batches differ in theirs", () => {
  const program = compileMapping(parseMapping(LQL));
  fc.assert(
    fc.property(fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 6 }), (batches) => {
      assert.deepEqual(writtenInBatches(program, batches), batches.flatMap((rows) => expected(program, rows)));
    }),
    { numRuns: 100 },
  );
  const fields = (number: number) => ({ id: `${number % 9}`, name: `naïve ${number % 700}`, tag: `${number % 5}` });
  const batches = Array.from(
    { length: 5 },
    (_, batch) =>
      Array.from({ length: 2_000 }, (_, number): Row => ({ fields: fields(batch * 1_500 + number), time: number })),
  );
  assert.deepEqual(writtenInBatches(program, batches), batches.flatMap((rows) => expected(program, rows)));
});

Deno.test("columns of few values, of many, and of few and then many are written alike", () => {
  const program = compileMapping(parseMapping(LQL));
  const rows = Array.from({ length: 8_000 }, (_, number): Row => ({
    fields: {
      id: String(number),
      name: number < 5_000 ? `naïve ${number % 7}` : `new ${number}`,
      tag: number % 3 === 0 ? "" : [`${number % 5}`, "é"],
      day: `20${String(10 + number % 80)}-03-01`,
    },
    time: number,
  }));
  assert.deepEqual(written(program, rows), expected(program, rows));
});
