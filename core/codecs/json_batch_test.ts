import assert from "node:assert/strict";
import fc from "fast-check";
import { parseJson } from "../contracts/json.ts";
import type { RecordBatch } from "../contracts/records.ts";
import { type JsonChunk, openJsonLines, type OpenJsonLinesOptions, readJsonLines } from "./json_lines.ts";
import type { JsonRecord } from "./json_record.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(
  text: string | Uint8Array,
  { size = 65_536, ...options }: OpenJsonLinesOptions & { readonly size?: number } = {},
): Promise<JsonChunk[]> {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  return await Array.fromAsync(openJsonLines(pieces(bytes, size), options).chunks);
}

/** The records of a batch, each of whose values is looked at where its span says. */
function recordsOf({ bytes, rows, times, columns }: RecordBatch): JsonRecord[] {
  const { names, spans } = columns ?? { names: [], spans: new Uint32Array(0) };
  assert.equal(rows.length, times.length + 1);
  assert.equal(spans.length, 2 * times.length * names.length);
  return Array.from(times, (time, row) => {
    assert.ok(Number.isNaN(time));
    const line = decoder.decode(bytes.subarray(rows[row], rows[row + 1]));
    const record: JsonRecord = parseJson(line);
    const cells = names.flatMap((name, column) => {
      const [from = 0, to = 0] = spans.subarray(2 * (row * names.length + column));
      if (from === to) return [];
      const value = decoder.decode(bytes.subarray(from, to));
      assert.equal(value, JSON.stringify(record[name]));
      return [`${JSON.stringify(name)}:${value}`];
    });
    assert.equal(line, `{${cells.join()}}\n`);
    return record;
  });
}

async function linesOf(text: string, options: OpenJsonLinesOptions = {}): Promise<string[]> {
  const chunks = await read(text, options);
  return chunks.flatMap(({ batch }) => {
    recordsOf(batch);
    return decoder.decode(batch.bytes).split("\n").slice(0, -1);
  });
}

Deno.test("a batch holds values as JSON.stringify writes them, whatever they looked like", async () => {
  const same = [
    '{"a":1,"b":"x","c":null,"d":true,"e":-0.5,"f":"é \\" \\\\ \\n","g":{"h":[1]}}',
    "{}",
    '{"c":0.000001}',
    '{"\ufeffa":1}',
  ];
  assert.deepEqual(await linesOf(same.join("\n")), same);
  const forms: readonly (readonly [string, string])[] = [
    [' { "a" : 1 , "b" : [ 1 , {} ] } ', '{"a":1,"b":[1,{}]}'],
    ['{"a":1.0}', '{"a":1}'],
    ['{"a":-0}', '{"a":0}'],
    ['{"a":1e2}', '{"a":100}'],
    ['{"a":0.0000001}', '{"a":1e-7}'],
    ['{"a":12345678901234567890}', '{"a":"12345678901234567890"}'],
    ['{"a":[1e999]}', '{"a":["1e999"]}'],
    ['{"a":"\\u00e9\\/\\u001F\\u0022\\ud83d\\ude00\\u0041\\t"}', '{"a":"é/\\u001f\\"😀A\\t"}'],
    ['{"\\u0061":1,"a":2}', '{"a":2}'],
    ['{"a":1,"a":2}', '{"a":2}'],
    ['{"a":{"b":1,"b":2}}', '{"a":{"b":2}}'],
    ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
    ['{"a":{"b":1,"1":2}}', '{"a":{"1":2,"b":1}}'],
    ['{"a":[{"b":{"c":1},"c":1},{"b":"\\u0041"}]}', '{"a":[{"b":{"c":1},"c":1},{"b":"A"}]}'],
    ['{"a":[1.0,1e2,-0,[[]],{}]}', '{"a":[1,100,0,[[]],{}]}'],
    ['{"a":{"b":{"__proto__":1}, "c":null}}', '{"a":{"b":{"__proto__":1},"c":null}}'],
  ];
  assert.deepEqual(await linesOf(forms.map(([from]) => from).join("\n")), forms.map(([, to]) => to));
});

Deno.test("nested values are what JSON says, however they are written, and mistakes in them are found", async () => {
  const edit = fc.record({
    at: fc.nat(),
    gone: fc.nat({ max: 2 }),
    text: fc.constantFrom("", " ", ",", ":", '"', "]", "}", "0", "e"),
  });
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.option(edit), async (value, edit) => {
      let text = JSON.stringify({ a: [value], b: { c: value, d: value } });
      if (edit !== null) {
        const at = 6 + edit.at % Math.max(1, text.length - 7);
        text = text.slice(0, at) + edit.text + text.slice(at + edit.gone);
      }
      // V8 may read names with escapes wrong, in this test as well; the cases above have escapes.
      if (text.includes("\\")) return;
      const records = [];
      for await (const chunk of readJsonLines(new Blob([text]).stream())) records.push(...chunk.records);
      // Each value stands as it should, which `linesOf` looks at; the order of the fields is the batch's.
      const lines = await linesOf(text);
      // There is no -0 in JSON.
      const expected = records.map((record) => JSON.parse(JSON.stringify(record)));
      assert.deepEqual(lines.map((line) => JSON.parse(line)), expected, text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("records with their fields in another order, fewer or more of them, have the columns of their batch", async () => {
  const [{ batch }] = await read('{"a":1,"b":2}\n{"b":3,"a":4}\n{"c":5}\n{"b":6,"c":7}\n') as [JsonChunk];
  assert.deepEqual(batch.columns?.names, ["a", "b", "c"]);
  assert.equal(decoder.decode(batch.bytes), '{"a":1,"b":2}\n{"a":4,"b":3}\n{"c":5}\n{"b":6,"c":7}\n');
  assert.deepEqual(recordsOf(batch), [{ a: 1, b: 2 }, { a: 4, b: 3 }, { c: 5 }, { b: 6, c: 7 }]);
});

Deno.test("only the fields that are kept become columns", async () => {
  const text = '{"x":[1],"a":1,"y":"\\u00e9","b":2}\n{"b":3,"\\u0061":4}\n{"z":1}\n';
  const [{ batch }] = await read(text, { fields: ["b", "a", "none"] }) as [JsonChunk];
  assert.deepEqual(batch.columns?.names, ["a", "b"]);
  assert.deepEqual(recordsOf(batch), [{ a: 1, b: 2 }, { a: 4, b: 3 }, {}]);
});

Deno.test("records without a field in common come in batches of bounded size", async () => {
  const record = (row: number, fields: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: fields }, (_, field) => [`${row}-${field}`, 1])));
  const lines = [
    ...Array.from({ length: 700 }, (_, row) => record(row, 10)),
    ...Array.from({ length: 2_000 }, () => '{"a":1}'),
    ...Array.from({ length: 4 }, (_, row) => record(row, 16_000)),
  ];
  const chunks = await read(lines.join("\n"));
  const records = chunks.flatMap(({ batch }) => recordsOf(batch));
  assert.deepEqual(records, lines.map((line) => JSON.parse(line)));
  for (const { batch: { columns, times } } of chunks) {
    assert.ok(times.length === 1 || columns!.names.length * times.length <= (1 << 20) + 32_000);
  }
});

Deno.test("what is over a limit is rejected as it is where records are read", async () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
  const fields = (count: number) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 0])));
  const lines = [
    nested(100),
    nested(101),
    "[".repeat(100_000),
    fields(16_384),
    fields(16_385),
    `{"${"n".repeat(1_000)}":1}`,
  ];
  lines.push(`{"${"é".repeat(501)}":1}`, `{"a":"${"x".repeat(1 << 20)}"}`, '{"a":1}');
  const chunks = await read(lines.join("\n"));
  const expected = await Array.fromAsync(readJsonLines(pieces(encoder.encode(lines.join("\n")), 65_536)));
  assert.deepEqual(chunks.flatMap(({ batch }) => recordsOf(batch)), expected.flatMap(({ records }) => records));
  assert.deepEqual(chunks.flatMap(({ rejected }) => rejected), expected.flatMap(({ rejected }) => rejected));
  assert.deepEqual(chunks.flatMap(({ rejected }) => rejected.map(({ line }) => line)), [2, 3, 5, 7, 8]);
});

Deno.test("a batch that is given back serves again, and the rows of the next are right", async () => {
  const lines = Array.from(
    { length: 1_000 },
    (_, row) => row % 7 === 0 ? `{"x${row}":"é"}` : `{ "id":${row},"n":"N${row}" }`,
  );
  const file = openJsonLines(pieces(encoder.encode(lines.join("\n")), 999), { batchRows: 90 });
  const records: JsonRecord[] = [];
  for await (const { batch } of file.chunks) {
    records.push(...recordsOf(batch));
    file.recycle(batch);
  }
  assert.deepEqual(records, lines.map((line) => JSON.parse(line)));
});

/** JSON as people and programs write it, and what is nearly JSON. */
const blank = fc.constantFrom("", "", "", " ", "\t", "  ");
const character = fc.oneof(
  fc.constantFrom("a", "é", "😀", "{", "}", "[", ",", ":", " ", "/", "\ufeff"),
  fc.constantFrom("\\\\", '\\"', "\\n", "\\/", "\\u0041", "\\u00E9", "\\u000a", "\\ud83d\\ude00", "\\u001f"),
  fc.constantFrom("\\u0000", "\\ud83d", "\\ude00", "\\x", "\\u12", "\u0001", '"', "\\"),
);
const common = fc.array(fc.constantFrom("a", "b", "é", "7", " "), { maxLength: 3 }).map((parts) =>
  `"${parts.join("")}"`
);
const text = fc.oneof(
  { weight: 4, arbitrary: common },
  { weight: 1, arbitrary: fc.array(character, { maxLength: 3 }).map((parts) => `"${parts.join("")}"`) },
);
const scalar = fc.oneof(
  text,
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom("0", "-0", "1.50", "0.1", "1e5", "1E+2", "01", "1.", ".5", "-", "--1", "9007199254740993", "1e999"),
  fc.constantFrom("true", "false", "null", "nul", "trueish", "NaN", "", "'a'"),
);
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 3 }).map((fields) =>
      `{${fields.map(([name, item]) => `${name}: ${item}`).join()}}`
    ),
  ),
}));
const record = fc.tuple(blank, fc.array(fc.tuple(text, blank, value, blank), { maxLength: 4 }), blank).map(
  ([before, fields, after]) =>
    `${before}{${fields.map(([name, gap, item, end]) => `${gap}${name}${gap}:${end}${item}${end}`).join()}}${after}`,
);

Deno.test("batches hold what records do, and reject what they reject, in pieces of any size and from any chunk on", async () => {
  const file = fc.record({
    lines: fc.array(fc.oneof({ weight: 9, arbitrary: record }, { weight: 1, arbitrary: value }), { maxLength: 9 }),
    size: fc.integer({ min: 1, max: 60 }),
    batchRows: fc.integer({ min: 1, max: 5 }),
    spoilt: fc.option(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { freq: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(file, async ({ lines, size, batchRows, spoilt }) => {
      const bytes = encoder.encode(lines.join("\n"));
      if (spoilt && bytes.length > 0) bytes[spoilt[0] % bytes.length] = spoilt[1];
      const expected = (await Array.fromAsync(readJsonLines(pieces(bytes, 1_000))))[0];
      const chunks = await read(bytes, { size, batchRows });
      const records = chunks.flatMap(({ batch }) => recordsOf(batch));
      // As JSON: -0 is 0 there.
      assert.deepEqual(records, (expected?.records ?? []).map((record) => parseJson(JSON.stringify(record))));
      assert.deepEqual(chunks.flatMap(({ rejected }) => rejected), expected?.rejected ?? []);
      const end = chunks.at(-1)?.position.offset ?? 0;
      assert.match(decoder.decode(bytes.subarray(end)), /^[ \t\r\n]*$/);
      for (const { position } of chunks) {
        const rest = await read(bytes.subarray(position.offset), { position });
        const count = rest.reduce((sum, { batch }) => sum + batch.times.length, 0);
        assert.deepEqual(rest.flatMap(({ batch }) => recordsOf(batch)), records.slice(records.length - count));
        assert.equal(rest.at(-1)?.position.offset ?? bytes.length, bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("batches that are given back as they come hold the same, with the fields that are kept and places", async () => {
  const few = fc.constantFrom('"a"', '"b"', '"é"', '"\\u0061"', '"c"', '"d"');
  const fields = fc.array(fc.tuple(few, blank, value, blank), { maxLength: 6 });
  const line = fields.map((fields) =>
    `{${fields.map(([name, gap, item, end]) => `${name}${gap}:${end}${item}`).join()}}`
  );
  const file = fc.record({
    lines: fc.array(fc.oneof({ weight: 5, arbitrary: line }, { weight: 1, arbitrary: record }), { maxLength: 30 }),
    size: fc.integer({ min: 1, max: 200 }),
    batchRows: fc.integer({ min: 1, max: 9 }),
    fields: fc.option(fc.subarray(["a", "b", "é", "c", "d"], { minLength: 1 }), { nil: undefined }),
    keeps: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(file, async ({ lines, size, batchRows, fields, keeps }) => {
      const bytes = encoder.encode(lines.join("\n"));
      const whole = (await Array.fromAsync(readJsonLines(pieces(bytes, 1_000))))[0];
      const kept = (record: JsonRecord) =>
        Object.fromEntries(Object.entries(record).filter(([name]) => fields?.includes(name) ?? true));
      const expected = (whole?.records ?? []).map((record) => parseJson(JSON.stringify(kept(record))));
      const keeping = fields === undefined ? {} : { fields };
      const opened = openJsonLines(pieces(bytes, size), { batchRows, places: true, ...keeping });
      const records: JsonRecord[] = [], held: [JsonRecord[], RecordBatch][] = [], starts: number[] = [];
      for await (const { batch } of opened.chunks) {
        const found = recordsOf(batch);
        records.push(...found);
        starts.push(...batch.places!.offsets);
        if (keeps[held.length % keeps.length]) held.push([found, batch]);
        else opened.recycle(batch);
      }
      assert.deepEqual(records, expected);
      for (const [found, batch] of held) assert.deepEqual(recordsOf(batch), found);
      for (const [row, offset] of starts.entries()) {
        const [first = ""] = decoder.decode(bytes.subarray(offset)).split("\n");
        const [alone = ""] = await linesOf(first, keeping);
        assert.deepEqual(parseJson(alone), records[row]);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("blank lines at the end belong to the last chunk, or to none where that was full before them", async () => {
  const ends = async (text: string) =>
    (await read(text, { batchRows: 2 })).map(({ batch, position }) => [batch.times.length, position]);
  const blank = "\n \t\r\n\n";
  assert.deepEqual(await ends(`{}${blank}`), [[1, { offset: 8, line: 4 }]]);
  assert.deepEqual(await ends(`{}\n{}${blank}`), [[2, { offset: 6, line: 3 }]]);
  assert.deepEqual(await ends(blank), []);
});

Deno.test("a line is read the same among lines that begin or end as it does, and alone", async () => {
  const leaf = fc.constantFrom(
    ...["1", "-0.5", "1.0", "-0", "01", "1e2", "12345678901234567890", "true", "tru", "null", '"x"', '"é"', '"\\n"'],
    ...['"\\u0041"', '"\\x"', '"', "", "{}", "[]", '{"a":1}', '1,"a":2', '1,"1":2', "1]", "1}", '"]}"', " 1"],
  );
  const nested = fc.constantFrom<(value: string) => string>(
    (value) => `[${value}]`,
    (value) => `[[],${value},[]]`,
    (value) => `{"a":${value}}`,
    (value) => `{"b":1,"a":${value},"c":{}}`,
    (value) => `[{"op":"assign","attr":"a","value":${value}}]`,
    (value) => `[{"op":${value},"attr":"a"}]`,
  );
  const line = fc.tuple(nested, leaf, fc.constantFrom("", ',"m":[1]', ',"n":2')).map(([around, value, more]) =>
    `{"n":${around(value)}${more}}`
  );
  const outcome = async (text: string) =>
    (await read(text)).map(({ batch, rejected }) => ({
      lines: decoder.decode(batch.bytes),
      reasons: rejected.map(({ reason }) => reason),
    }));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 2, maxLength: 6 }), async (lines) => {
      const alone = (await Promise.all(lines.map(outcome))).flat();
      const [among] = await outcome(lines.join("\n"));
      assert.deepEqual(among, {
        lines: alone.map((one) => one.lines).join(""),
        reasons: alone.flatMap((one) => one.reasons),
      });
    }),
    { numRuns: 300 },
  );
});
