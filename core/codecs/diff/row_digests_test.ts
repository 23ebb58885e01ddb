import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { RecordBatch } from "../../contracts/records.ts";
import { CsvReader } from "../csv.ts";
import { recordBatch } from "./record_batch.ts";
import { RowDigester } from "./row_digests.ts";

const secret = Uint8Array.from({ length: 16 }, (_, at) => 17 * at);
const digest = (batch: RecordBatch) => [...new RowDigester({ secret, keys: ["id"] }).digest(batch)];

Deno.test("a row's digest is the same in every version: snapshots are older than the program that reads them", () => {
  const texts = ["a", "ab", "abc", "abcd", "abcde", "abcdefghi", 'ü""', ""];
  const reader = new CsvReader();
  const csv = `id,v\n${texts.map((text, id) => `${id},"${text}"\n`).join("")}`;
  const [chunk] = [...reader.push(new TextEncoder().encode(csv)), ...reader.finish()];
  // deno-fmt-ignore
  assert.deepEqual(digest(chunk!.batch), [
    410186993, 4260977623, 2243880331, 3621107260,
    3481712255, 4154023110, 3719300368, 62308863,
    1079768786, 4218342781, 279928190, 1386494967,
    3298230606, 159481693, 2389813833, 3358589450,
    2006131208, 4167384911, 1164363529, 1314281053,
    4071953580, 271926308, 4118162325, 1270442432,
    2934337209, 3471114105, 3949900877, 825044988,
    2314611617, 3544474889, 2314611617, 3544474889,
  ]);
  assert.deepEqual(
    digest(recordBatch([{ fields: { id: 1, v: ["abc", { b: 1, a: null }] } }])),
    [2649771812, 1776802443, 2234210260, 2397370394],
  );
});

Deno.test("a digest goes by the secret's bytes, wherever in memory they lie", () => {
  const batch = recordBatch([{ fields: { id: 1 } }]);
  const elsewhere = Buffer.from([1, 2, 3, ...secret, 4]).subarray(3, 19);
  assert.deepEqual([...new RowDigester({ secret: elsewhere, keys: ["id"] }).digest(batch)], digest(batch));
});

/** What a digest is, cell by cell. */
function expected(names: readonly string[], rows: readonly (readonly string[])[], keys: readonly string[]): number[] {
  const seeds = new Uint32Array(secret.slice().buffer);
  const column = (name: string) => {
    const [low, high] = hashed(encoder.encode(name), seeds[0]!, seeds[1]!);
    return [low ^ seeds[2]!, high ^ seeds[3]!] as const;
  };
  return rows.flatMap((cells) => {
    const key = [0, 0], all = [0, 0];
    let hasKey = false;
    for (const [index, cell] of cells.entries()) {
      if (isNone(cell)) continue;
      const sums = keys.includes(names[index]!) ? [key, all] : [all];
      hasKey ||= sums.length === 2;
      for (const sum of sums) {
        for (const [half, hash] of hashed(encoder.encode(cell), ...column(names[index]!)).entries()) {
          sum[half] = sum[half]! + hash | 0;
        }
      }
    }
    return [hasKey ? key : all, all].flatMap(([low = 0, high = 0]) => [
      spread(low, high),
      spread(high, low ^ 0x5bd1e995),
    ]);
  });
}

const encoder = new TextEncoder();

/** Both halves of a cell's hash: MurmurHash3's with constants of their own. */
function hashed(bytes: Uint8Array, low: number, high: number): [low: number, high: number] {
  const turned = (word: number, bits: number) => word << bits | word >>> 32 - bits;
  const length = bytes.length, whole = length & ~3;
  const wordAt = (at: number) => [0, 1, 2, 3].reduce((word, byte) => word | (bytes[at + byte] ?? 0) << 8 * byte, 0);
  for (let at = 0; at < whole; at += 4) {
    low ^= Math.imul(turned(Math.imul(wordAt(at), 0xcc9e2d51), 15), 0x1b873593);
    low = Math.imul(turned(low, 13), 5) + 0xe6546b64 | 0;
    high ^= Math.imul(turned(Math.imul(wordAt(at), 0x239b961b), 16), 0xab0e9789);
    high = Math.imul(turned(high, 17), 5) + 0x561ccd1b | 0;
  }
  const tail = wordAt(whole);
  return [
    spread(low ^ Math.imul(tail, 0xcc9e2d51), length) | 0,
    spread(high ^ Math.imul(tail, 0x38b34ae5), length ^ 0x9e3779b9) | 0,
  ];
}

function spread(word: number, other: number): number {
  let hash = word ^ Math.imul(other, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

Deno.test("digests are the sums of the cells' hashes, whatever the cells are and wherever they lie", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((value) => JSON.stringify(value));
  const cell = fc.oneof(text, fc.constantFrom("", '""', "null", "true", "12", "-1.5", '"n"', '"null"'));
  const name = fc.constantFrom("", "n", "no", "id", '"', "null", "ü", "a longer name");
  const names = fc.uniqueArray(name, { maxLength: 5 });
  const table = names.chain((names) =>
    fc.record({
      names: fc.constant(names),
      rows: fc.array(fc.array(cell, { minLength: names.length, maxLength: names.length }), { maxLength: 20 }),
      keys: fc.subarray(names),
    })
  );
  fc.assert(fc.property(fc.array(table, { minLength: 1, maxLength: 3 }), fc.nat(7), (tables, before) => {
    const [{ keys }] = tables as [typeof tables[number]];
    const digester = new RowDigester({ secret, keys });
    let keyed = 0;
    for (const { names, rows } of tables) {
      const cells = rows.flat(), sizes = cells.map((cell) => encoder.encode(cell).length);
      const spans = new Uint32Array(2 * cells.length);
      let at = before;
      for (const [index, size] of sizes.entries()) spans.set([at, at += size], 2 * index);
      const bytes = encoder.encode("x".repeat(before) + cells.join(""));
      const batch = { bytes, rows: new Uint32Array(rows.length + 1), times: new Float64Array(rows.length) };
      const digests = digester.digest({ ...batch, columns: { names, spans } });
      assert.deepEqual([...digests], expected(names, rows, keys));
      keyed += rows.filter((cells) => cells.some((cell, at) => keys.includes(names[at]!) && !isNone(cell))).length;
      assert.equal(digester.keyed, keyed);
    }
  }));
});

const isNone = (cell: string) => ["", '""', "null"].includes(cell);
