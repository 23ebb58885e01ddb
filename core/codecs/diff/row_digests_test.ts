import assert from "node:assert/strict";
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
