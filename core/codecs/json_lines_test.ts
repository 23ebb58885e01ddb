import assert from "node:assert/strict";
import fc from "fast-check";
import { JSON_MAX_LINE_BYTES } from "./json_line_reader.ts";
import { type JsonLinesChunk, type JsonLinesOptions, openJsonLines, readJsonLines } from "./json_lines.ts";
import { JSON_MAX_DEPTH, JSON_MAX_FIELDS, type JsonRecord } from "./json_record.ts";

const encoder = new TextEncoder();

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

async function read(
  text: string | Uint8Array,
  { size = 65_536, ...options }: JsonLinesOptions & { readonly size?: number } = {},
): Promise<JsonLinesChunk[]> {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  return await Array.fromAsync(readJsonLines(pieces(bytes, size), options));
}

/** Everything read, whatever the chunks. */
async function whole(text: string | Uint8Array, options: { readonly size?: number } = {}) {
  const chunks = await read(text, options);
  return {
    records: chunks.flatMap(({ records }) => records),
    rejected: chunks.flatMap(({ rejected }) =>
      rejected.map(({ line, offset, reason, raw }) => ({
        line,
        offset,
        reason,
        raw: new TextDecoder().decode(raw),
      }))
    ),
  };
}

Deno.test("records stand one on each line, with any line end, blank lines and a byte order mark", async () => {
  const { records, rejected } = await whole('\uFEFF{"id":1}\r\n\n  \t\n {"id":{"a":[1,null]}} \n{"id":"last"}');
  assert.deepEqual(records, [{ id: 1 }, { id: { a: [1, null] } }, { id: "last" }]);
  assert.deepEqual(rejected, []);
});

Deno.test("a bad line is rejected by itself, with its bytes and where it stands", async () => {
  const { records, rejected } = await whole('{"id":1}\n{"id":2\n[3]\n4\nnull\n{"id":5} x\n{"id":6}\n');
  assert.deepEqual(records, [{ id: 1 }, { id: 6 }]);
  assert.deepEqual(rejected.map(({ line, offset, raw }) => [line, offset, raw]), [
    [2, 9, '{"id":2'],
    [3, 17, "[3]"],
    [4, 21, "4"],
    [5, 23, "null"],
    [6, 28, '{"id":5} x'],
  ]);
  assert.match(rejected[0]?.reason ?? "", /^Is not valid JSON/);
  assert.deepEqual(rejected.slice(1, 4).map(({ reason }) => reason), Array(3).fill("Is not a JSON object"));
  assert.equal(rejected[4]?.reason, "Is not valid JSON, from character 10 on");
});

Deno.test("numbers that a double cannot hold become the text of their digits, wherever they stand", async () => {
  const { records } = await whole(
    '{"a":9007199254740993,"b":[-12345678901234567890],"c":1e400,"d":9007199254740991,"e":0.1234567890123456789,"f":1e2,"__proto__":98765432109876543210}\n',
  );
  const [record] = records;
  assert.equal(
    JSON.stringify(record),
    '{"a":"9007199254740993","b":["-12345678901234567890"],"c":"1e400","d":9007199254740991,' +
      '"e":0.12345678901234568,"f":100,"__proto__":"98765432109876543210"}',
  );
});

Deno.test("`__proto__` is a field like any other", async () => {
  const { records: [record = {}] } = await whole('{"__proto__":{"admin":true},"id":1}\n');
  assert.deepEqual(Object.keys(record), ["__proto__", "id"]);
  assert.equal(Object.getPrototypeOf(record), Object.prototype);
  assert.equal("admin" in record, false);
});

Deno.test("nesting, fields, names and lines are bounded, and reading goes on after what is over", async () => {
  const nested = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
  const fields = (count: number) => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [i, 0])));
  const long = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
  const good = [
    nested(JSON_MAX_DEPTH),
    `{"a":"${"[".repeat(200)}"}`,
    `{"a":[${Array(200).fill("[]").join()}]}`,
    fields(JSON_MAX_FIELDS),
    `{"${"n".repeat(1_000)}":1}`,
    long(JSON_MAX_LINE_BYTES),
  ];
  const bad = [
    nested(JSON_MAX_DEPTH + 1),
    "[".repeat(100_000),
    fields(JSON_MAX_FIELDS + 1),
    `{"${"é".repeat(501)}":1}`,
    long(JSON_MAX_LINE_BYTES + 1),
    long(5_000_000),
  ];
  for (const size of [65_536, 1 << 24]) {
    const { records, rejected } = await whole([...good, ...bad, '{"id":1}'].join("\n"), { size });
    assert.equal(records.length, good.length + 1);
    assert.deepEqual(rejected.map(({ line, reason }) => [line, reason]), [
      [7, "Is nested more than 100 deep"],
      [8, "Is nested more than 100 deep"],
      [9, "Has 16385 fields, more than 16384"],
      [10, "Has a field whose name is longer than 1000 bytes"],
      [11, "Is longer than 1048576 bytes"],
      [12, "Is longer than 1048576 bytes"],
    ]);
    assert.equal(rejected.at(-1)?.raw.length, 65_536);
    assert.deepEqual(records.at(-1), { id: 1 });
  }
});

Deno.test("what cannot be decoded or stored is rejected, and what only looks like it is not", async () => {
  const lines = [
    '{"a":"\\u0000"}',
    '{"\\ud83d":1}',
    '{"a":"\\\\u0000"}',
    '{"a":"\\ud83d\\ude00"}',
    '{"a":"\\u00e9"}',
  ];
  const { records, rejected } = await whole(lines.join("\n"));
  assert.deepEqual(records, [{ a: "\\u0000" }, { a: "😀" }, { a: "é" }]);
  assert.deepEqual(rejected.map(({ line }) => line), [1, 2]);
  const undecodable = await whole(Uint8Array.of(...encoder.encode('{"a":"'), 0xff, ...encoder.encode('"}\n{"a":1}')));
  assert.deepEqual(undecodable.records, [{ a: 1 }]);
  assert.equal(undecodable.rejected[0]?.reason, "Holds bytes that cannot be decoded");
});

Deno.test("quotes that are no JSON are told of", async () => {
  const { rejected } = await whole('{“id”: 1}\n{"id": ‘a’}\n{\'id\': 1}\n{"id": "“a”", }\n');
  assert.deepEqual(rejected.map(({ reason }) => reason), [
    'Is not valid JSON: it has curly quotes where JSON has straight ones (")',
    'Is not valid JSON: it has curly quotes where JSON has straight ones (")',
    "Is not valid JSON: it has single quotes where JSON has double ones",
    "Is not valid JSON, from character 15 on",
  ]);
});

Deno.test("records without a field in common come in chunks of bounded size", async () => {
  const lines = Array.from(
    { length: 5_000 },
    (_, row) => JSON.stringify(Object.fromEntries(Array.from({ length: 10 }, (_, field) => [`${row}-${field}`, 1]))),
  );
  const chunks = await read(lines.join("\n"));
  assert.equal(chunks.reduce((sum, { records }) => sum + records.length, 0), 5_000);
  for (const { records } of chunks) assert.ok(records.length * records.length * 10 <= (1 << 20) + 20_000);
});

Deno.test("pieces of any size give the same, and reading goes on from any chunk", async () => {
  const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }).filter((json) =>
    JSON.stringify(json).isWellFormed() && !/\\u(?:0000|d)/.test(JSON.stringify(json))
  );
  const line = fc.oneof(
    fc.dictionary(fc.string({ maxLength: 5 }), value, { maxKeys: 4 }).map((record) => JSON.stringify(record)),
    fc.constantFrom("", "  ", "{", "[1]", '"a"', '{"a":1', "é"),
  );
  const file = fc.record({
    lines: fc.array(line, { maxLength: 12 }),
    end: fc.constantFrom("\n", "\r\n"),
    size: fc.integer({ min: 1, max: 40 }),
    batchRows: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(file, async ({ lines, end, size, batchRows }) => {
      const bytes = encoder.encode(lines.join(end));
      const expected = await whole(bytes);
      assert.deepEqual(await whole(bytes, { size }), expected);
      const chunks = await read(bytes, { size, batchRows });
      const records: JsonRecord[] = [];
      for (const chunk of chunks) {
        records.push(...chunk.records);
        const { position } = chunk;
        const rest = await read(bytes.subarray(position.offset), { position, size });
        assert.deepEqual([...records, ...rest.flatMap((chunk) => chunk.records)], expected.records);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("records without the field that they must have are rejected, and cost no other", async () => {
  const lines = [
    '{"id":"a"}',
    '{"x":1}',
    '{"id":""}',
    '{"id":"  ","x":2}',
    '{"x":[1],"id": -12.5}',
    '{"id":null}',
    '{"id":true}',
    '{"id":["a"]}',
    '{"id":"\\u0062","x":{}}',
    '{"id":"é"}',
  ];
  for (const batchRows of [1, 3, 100]) {
    const file = openJsonLines(new Blob([lines.join("\n")]).stream(), { fields: ["id"], required: "id", batchRows });
    let text = "";
    const rejected: string[] = [];
    for await (const chunk of file.chunks) {
      text += new TextDecoder().decode(chunk.batch.bytes);
      assert.equal(chunk.batch.rows.length, chunk.batch.times.length + 1);
      for (const { line, reason } of chunk.rejected) rejected.push(`${line} ${reason}`);
      file.recycle(chunk.batch);
    }
    assert.equal(text, '{"id":"a"}\n{"id":-12.5}\n{"id":"b"}\n{"id":"é"}\n');
    assert.deepEqual(rejected, [
      '2 Has no "id"',
      '3 Has "id" that is empty',
      '4 Has "id" that is empty',
      '6 Has "id" that is neither text nor a number',
      '7 Has "id" that is neither text nor a number',
      '8 Has "id" that is neither text nor a number',
    ]);
  }
});

Deno.test("a batch without rows that is given back takes no memory along from the one after it", async () => {
  const good = (id: number) => `{"id":${id},"v":"${"x".repeat(200)}"}\n`;
  const file = openJsonLines(
    pieces(encoder.encode("no JSON\n".repeat(20_000) + good(1).repeat(6_000) + good(2).repeat(6_000)), 65_536),
  );
  const kept: string[] = [], batches: Uint8Array[] = [];
  for await (const { batch } of file.chunks) {
    kept.push(new TextDecoder().decode(batch.bytes));
    batches.push(batch.bytes);
    if (batch.times.length === 0) file.recycle(batch);
  }
  assert.equal(kept.join(""), good(1).repeat(6_000) + good(2).repeat(6_000));
  assert.deepEqual(batches.map((bytes) => new TextDecoder().decode(bytes)), kept);
});
