/**
 * Times CSV bytes to JSON-lines bytes: Waybill beside csv-parse, papaparse and udsv, in interleaved rounds.
 *
 * Run it with `deno run --allow-env --allow-read bench/csv_bench.ts [rows] [rounds]`; 1,000,000 rows and 5 rounds
 * unless told. `--allow-env` is for csv-parse's Node streams.
 *
 * @module
 */
import { parse as csvParse } from "csv-parse";
import papaparse from "papaparse";
import { inferSchema, initParser } from "udsv";
import { CsvReader } from "../core/codecs/mod.ts";
import { generateCustomers } from "./generate.ts";

const PIECE_BYTES = 65_536;

/** Reads the pieces of a file and returns the rows and the bytes of JSON lines it made. */
type Contender = (pieces: readonly Uint8Array[]) => Promise<{ rows: number; bytes: number }>;

const encoder = new TextEncoder();

/** The JSON lines of objects, as the libraries' users would write them: a block at a time. */
function jsonBytes(objects: readonly object[]): number {
  let text = "";
  for (const object of objects) text += JSON.stringify(object) + "\n";
  return encoder.encode(text).length;
}

const contenders: Readonly<Record<string, Contender>> = {
  async waybill(pieces) {
    const reader = new CsvReader();
    let rows = 0;
    let bytes = 0;
    for (let i = 0; i <= pieces.length; i++) {
      const piece = pieces[i];
      for (const { batch } of piece === undefined ? reader.finish() : reader.push(piece)) {
        rows += batch.times.length;
        bytes += batch.bytes.length;
      }
    }
    return { rows, bytes };
  },
  async "csv-parse"(pieces) {
    const parser = csvParse({ columns: true });
    let rows = 0;
    let bytes = 0;
    let block: object[] = [];
    const flush = () => {
      rows += block.length;
      bytes += jsonBytes(block);
      block = [];
    };
    const ended = new Promise<void>((resolve, reject) => {
      parser.on("data", (object: object) => block.push(object) === 1_000 && flush());
      parser.on("end", resolve);
      parser.on("error", reject);
    });
    for (const piece of pieces) {
      if (!parser.write(piece)) await new Promise((resolve) => parser.once("drain", resolve));
    }
    parser.end();
    await ended;
    flush();
    return { rows, bytes };
  },
  async papaparse(pieces) {
    let rows = 0;
    let bytes = 0;
    papaparse.parse(decode(pieces).join(""), {
      header: true,
      skipEmptyLines: true,
      chunkSize: PIECE_BYTES,
      chunk: ({ data }: { data: object[] }) => {
        rows += data.length;
        bytes += jsonBytes(data);
      },
    });
    return { rows, bytes };
  },
  async udsv(pieces) {
    let rows = 0;
    let bytes = 0;
    const texts = decode(pieces);
    const parser = initParser(inferSchema(texts[0] ?? ""));
    let block: object[] = [];
    const flush = () => {
      rows += block.length;
      bytes += jsonBytes(block);
      block = [];
    };
    for (const text of texts) {
      parser.chunk<Record<string, string>>(text, parser.stringObjs, (object) => {
        if (block.push(object) === 1_000) flush();
      });
    }
    parser.end();
    flush();
    return { rows, bytes };
  },
};

function decode(pieces: readonly Uint8Array[]): string[] {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

const [rows = 1_000_000, rounds = 5] = Deno.args.map(Number);
const file = new Uint8Array(await new Response(ReadableStream.from(generateCustomers({ rows }))).arrayBuffer());
const pieces: Uint8Array[] = [];
for (let at = 0; at < file.length; at += PIECE_BYTES) pieces.push(file.subarray(at, at + PIECE_BYTES));

const seconds = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
const made = new Set<string>();
for (let round = 0; round < rounds; round++) {
  for (const [name, read] of Object.entries(contenders)) {
    const started = performance.now();
    const result = await read(pieces);
    seconds.get(name)?.push((performance.now() - started) / 1_000);
    made.add(`${result.rows} rows, ${result.bytes} bytes of JSON`);
  }
}
console.log(
  `${rows} rows, ${(file.length / 1_048_576).toFixed(0)} MiB, ${rounds} rounds; each made ${[...made].join(" / ")}`,
);
for (const [name, times] of seconds) {
  const middle = median(times);
  const rate = file.length / 1_048_576 / middle;
  const range = `${Math.min(...times).toFixed(2)}–${Math.max(...times).toFixed(2)}`;
  console.log(`${name.padEnd(10)} ${middle.toFixed(2)} s (${range})  ${rate.toFixed(0).padStart(4)} MiB/s`);
}
