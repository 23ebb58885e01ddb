import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { LineBuffers, type LogBlock } from "./hour_lines.ts";
import { PlainRows } from "./plain_rows.ts";
import { BatchReader, RowTools } from "./rows.ts";

const NOW = Date.UTC(2026, 10, 21, 14, 5);
const APP = "1bea53c5f15a26dff0a078f-2eedf7d6-fd41-11e3-4735-00a426b17dd8";
const encoder = new TextEncoder();

/** Leaves each row to whoever parses it. */
class NoPlainRows extends PlainRows {
  override add(): boolean {
    return false;
  }
}

const PLAIN = new RowTools();
const PARSED: RowTools = { plain: new NoPlainRows(), buffers: new LineBuffers() };

/** Reads a batch that comes in pieces of so many bytes: its lines by hour, or what is wrong with it. */
function read(tools: RowTools, text: string, piece = Infinity): Map<number, string> | string {
  using reader = new BatchReader(tools, APP, NOW);
  const bytes = encoder.encode(text);
  try {
    for (let at = 0; at < bytes.length; at += piece) reader.push(bytes.slice(at, at + piece));
    return linesOf(reader.blocks());
  } catch (error) {
    return String(error);
  }
}

function linesOf(blocks: readonly LogBlock[]): Map<number, string> {
  const hours = new Map<number, string>();
  for (const { hour, bytes, packed, events } of blocks) {
    const lines = new TextDecoder().decode(packed ? gunzipSync(bytes) : bytes);
    assert.equal(lines.split("\n").length - 1, events);
    hours.set(hour, (hours.get(hour) ?? "") + lines);
  }
  return hours;
}

/** Rows that tell the same, whatever order their fields are in and whatever id they were given. */
function told(read: Map<number, string> | string, sent: string): unknown {
  if (typeof read === "string") return read;
  return Array.from(read, ([hour, lines]) => [
    hour,
    lines.split("\n").slice(0, -1).map((line) => {
      const row = JSON.parse(line);
      assert.match(row.uuid, /./s);
      if (!sent.includes(row.uuid)) delete row.uuid;
      return row;
    }),
  ]).sort();
}

const id = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }));
const fields = fc.record({
  type: fc.constantFrom("e", "s", "c", "x", "", null, 7),
  name: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(null)),
  uuid: fc.oneof(fc.uuid(), fc.constantFrom("", null, 7)),
  at: fc.constantFrom("2026-11-21 14:02:11", "2026-02-30 10:00:00", null),
  at_millis: fc.oneof(
    fc.integer({ min: NOW - 7_200_000, max: NOW + 600_000 }),
    fc.constantFrom(null, 1.5, -1, "7", 1e300),
  ),
  app: fc.constantFrom(APP, "other", null),
  late: fc.boolean(),
  customer_ids: fc.oneof(
    fc.dictionary(fc.string(), id),
    fc.constantFrom(null, [], "x", { id: true }, { id: [] }, { id: {} }, { id: "true{[" }),
  ),
  lat: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string({ unit: "binary" }), fc.jsonValue()),
  __proto__x: fc.jsonValue(),
}, { requiredKeys: [] }).map((given) => {
  // Most are sound, so that not every batch is refused.
  return { type: "e", name: "n", ...given };
});
const sound = fields.map(({ at: _at, late: _late, app: _app, ...row }) => ({
  ...row,
  type: "s",
  uuid: crypto.randomUUID(),
  at_millis: NOW,
  customer_ids: {},
}));
const line = fc.oneof(
  { weight: 4, arbitrary: sound.map((row) => JSON.stringify(row)) },
  { weight: 4, arbitrary: fields.map((row) => JSON.stringify(row)) },
  { weight: 1, arbitrary: fields.map((row) => JSON.stringify(row).replaceAll(":", " : ").replaceAll("/", "\\/")) },
  {
    weight: 1,
    arbitrary: fields.map((row) => JSON.stringify(row).replace("{", '{"type":"c","customer_ids":{"a":1},')),
  },
  { weight: 1, arbitrary: fc.tuple(fields, fc.nat()).map(([row, cut]) => JSON.stringify(row).slice(0, cut % 80)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "  ", "\r", "[]", "7", "null", "{}", '{"type":"c",}', '{"a":1,"a":2,"type":"c"}'),
  },
);

Deno.test("rows that are read where they lie are those that are parsed, and the same lines are wrong", () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (lines, piece) => {
      const text = lines.join("\n");
      assert.deepEqual(told(read(PLAIN, text, piece), text), told(read(PARSED, text), text));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a usual row stays as its sender wrote it, with what Waybill adds behind it", () => {
  const sent = '{ "type":"e","name":"Ω \\"x\\"", "at_millis":1795269911123,"uuid":"u1","nth":1.5 ,"n":{"b":1,"a":[]}';
  assert.deepEqual(
    read(PLAIN, `\uFEFF${sent}}\r\n`),
    new Map([[
      Date.UTC(2026, 10, 21, 14),
      `${sent},"app":"${APP}","at":"2026-11-21 14:05:11"}\n`,
    ]]),
  );
});

Deno.test("a batch of many hours and of many lines of one comes whole, each hour in its order", () => {
  const rows = Array.from({ length: 30_000 }, (_, nth) => {
    const hour = nth % 3 === 0 ? nth % 50 : 0;
    return { type: "c", uuid: `u${nth}`, nth, at_millis: NOW - hour * 3_600_000, text: "x".repeat(nth % 100) };
  });
  const text = rows.map((row) => JSON.stringify(row)).join("\n");
  const hours = read(PLAIN, text, 65_536) as Map<number, string>;
  assert.equal(hours.size, 50);
  for (const [hour, lines] of hours) {
    const expected = rows.filter(({ at_millis }) => Math.floor(at_millis / 3_600_000) * 3_600_000 === hour);
    assert.deepEqual(
      lines.split("\n").slice(0, -1).map((line) => JSON.parse(line).nth),
      expected.map(({ nth }) => nth),
    );
  }
  // What it was lent serves the next one.
  assert.deepEqual(read(PLAIN, text, 1_000), hours);
});

Deno.test("a line is no longer than 65,536 characters, however it comes in", () => {
  const line = (length: number, letter: string) => {
    const begin = '{"type":"c","text":"';
    return `${begin}${letter.repeat(length - begin.length - 2)}"}`;
  };
  for (const piece of [1_000, 65_536, Infinity]) {
    for (const letter of ["x", "Ω", "€"]) {
      assert.notEqual(typeof read(PLAIN, line(65_536, letter), piece), "string");
      assert.match(String(read(PLAIN, line(65_537, letter), piece)), /line 1: it has over 65536 characters/);
    }
    const hidden = `{"type":"c"}${" ".repeat(300_000)}x\n{"type":"c"}\n`;
    assert.match(String(read(PLAIN, hidden, piece)), /1 of the lines is wrong.*line 1: it has over 65536 characters/);
  }
});
