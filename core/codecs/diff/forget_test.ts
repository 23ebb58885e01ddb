import assert from "node:assert/strict";
import type { JsonValue, RecordBatch } from "../../contracts/records.ts";
import { memorySpool } from "../spool_memory.ts";
import { compareRows } from "./compare.ts";
import { differenceOf } from "./difference.ts";
import { FileRows } from "./file_rows.ts";
import { forgetAllRows, forgetRows } from "./forget.ts";
import { markRows } from "./mark_rows.ts";
import { recordBatch } from "./record_batch.ts";
import { RowTexts } from "./row_texts.ts";
import { Snapshot, snapshotOf } from "./snapshot.ts";

type Fields = { readonly [name: string]: JsonValue };

const decoder = new TextDecoder(), encoder = new TextEncoder();
const batchOf = (rows: readonly Fields[]) => recordBatch(rows.map((fields) => ({ fields })));
const people = (count: number, from = 0): Fields[] =>
  Array.from({ length: count }, (_, row) => ({ id: from + row, mail: `p${from + row}@example.org`, city: "Chur" }));

async function rowsOf(rows: readonly Fields[]): Promise<FileRows> {
  const gathered = await FileRows.create(memorySpool(), {
    secret: new Uint8Array(16),
    keys: ["id"],
    told: ["id", "mail"],
  });
  await gathered.add(batchOf(rows));
  return gathered;
}

async function stored(bytes: AsyncIterable<Uint8Array>) {
  const file = await memorySpool().create();
  for await (const chunk of bytes) await file.append(chunk);
  const whole = new Uint8Array(file.size);
  await file.read(0, whole);
  return { snapshot: await Snapshot.open(file), text: decoder.decode(whole) };
}

async function removed(snapshot: Snapshot, now: readonly Fields[]) {
  const found = differenceOf(await compareRows(await rowsOf(now), snapshot), snapshot);
  const texts = await Array.fromAsync(found.removedRows(), (text) => decoder.decode(text));
  return { ...found, texts: texts.sort() };
}

const named = (...ids: number[]) => ({ bytes, rows }: RecordBatch) =>
  Uint8Array.from(
    Array.from(
      { length: rows.length - 1 },
      (_, row) => ids.includes(JSON.parse(decoder.decode(bytes.subarray(rows[row], rows[row + 1]))).id) ? 1 : 0,
    ),
  );

Deno.test("a snapshot forgets which rows some are, and compares them as before", async () => {
  const { snapshot } = await stored(snapshotOf(await rowsOf(people(300))));
  const forgetful = await forgetRows(snapshot, named(7, 250));
  const { snapshot: left, text } = await stored(forgetful!);
  assert.doesNotMatch(text, /p7@example|p250@example/);
  assert.match(text, /p8@example/);
  const now = people(300).filter(({ id }) => ![6, 7].includes(id as number));
  const { added, changed, unchanged, removed: count, texts } = await removed(left, now);
  assert.deepEqual([added, changed, unchanged, count], [0, 0, 298, 2]);
  assert.deepEqual(texts, ["", '{"id":6,"mail":"p6@example.org"}']);
  assert.equal(await forgetRows(left, named(7, 250)), undefined, "there is nothing left to forget");
});

Deno.test("a snapshot that forgets all rows tells of none, and compares them as before", async () => {
  const { snapshot } = await stored(snapshotOf(await rowsOf(people(50))));
  const { snapshot: left, text } = await stored(forgetAllRows(snapshot)!);
  assert.doesNotMatch(text, /example/);
  const found = await removed(left, people(49));
  assert.deepEqual([found.unchanged, found.removed, found.texts, found.tellsRemoved], [49, 1, [], false]);
  assert.equal(forgetAllRows(left), undefined);
});

Deno.test("what is kept of a row are its filled fields, as they stand, where it has a key", () => {
  const texts = new RowTexts(["big", "a b", "none", "list"], ["a b", "big"]);
  const lines = ['{"big":12345678901234567890123,"a b":"ü\\n","x":1,"list":[1, {"y":2}]}', '{"a b":"","list":[1]}'];
  const [first, second] = lines.map((line) => `${line}\n`) as [string, string];
  const bytes = encoder.encode(first + second);
  const at = (text: string, from = 0) =>
    encoder.encode((first + second).slice(0, (first + second).indexOf(text, from))).length;
  const span = (text: string, from = 0): [number, number] => {
    const start = at(text, from);
    return [start, start + encoder.encode(text).length];
  };
  const none: [number, number] = [0, 0];
  const batch: RecordBatch = {
    bytes,
    rows: Uint32Array.of(0, encoder.encode(first).length, bytes.length),
    times: Float64Array.of(NaN, NaN),
    columns: {
      names: ["big", "a b", "x", "list"],
      spans: Uint32Array.from([
        ...[...span("12345678901234567890123"), ...span('"ü\\n"'), ...span("1,"), ...span('[1, {"y":2}]')],
        ...[...none, ...span('""'), ...none, ...span("[1]", first.length)],
      ]),
    },
  };
  assert.equal(decoder.decode(texts.of(batch, 0)), '{"big":12345678901234567890123,"a b":"ü\\n","list":[1, {"y":2}]}');
  assert.equal(texts.of(batch, 1).length, 0);
  assert.equal(decoder.decode(texts.of(batchOf([{ "a b": 1, big: null, x: 2 }]), 0)), '{"a b":1}');
});

Deno.test("a mark is one more field of every row, with its column where the batch has columns", () => {
  const marked = markRows(batchOf([{ id: 1 }, {}]), 'is "gone"', true);
  assert.equal(decoder.decode(marked.bytes), '{"id":1,"is \\"gone\\"":true}\n{"is \\"gone\\"":true}\n');
  const bytes = encoder.encode('{"id":"1"}\n{"id":"22"}\n');
  const columns = { names: ["id"], spans: Uint32Array.of(6, 9, 17, 21) };
  const rows = Uint32Array.of(0, 11, 23);
  const batch = markRows({ bytes, rows, times: Float64Array.of(1, 2), columns }, "gone", false);
  const { names, spans } = batch.columns!;
  const cells = Array.from(
    { length: spans.length / 2 },
    (_, cell) => decoder.decode(batch.bytes.subarray(spans[2 * cell], spans[2 * cell + 1])),
  );
  assert.deepEqual([names, cells], [["id", "gone"], ['"1"', "false", '"22"', "false"]]);
  assert.deepEqual([...batch.rows], [0, 24, batch.bytes.length]);
});
