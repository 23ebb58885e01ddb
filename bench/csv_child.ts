/**
 * Turns a CSV file into JSON lines with one library, in a process of its own: `LIBRARY FILE OUTPUT`.
 *
 * Each as its documentation has it, a block of rows at a time.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** Bytes of a read of the file. */
const PIECE_BYTES = 65_536;

/** Objects that become text together. */
const BLOCK_ROWS = 1_000;

/** The libraries, in the order in which they take turns. */
export const LIBRARIES = ["waybill", "csv-parse", "papaparse", "udsv"] as const;

/** One of them. */
export type Library = typeof LIBRARIES[number];

/** The command that turns `from` into `to`. */
export function convertCommand(library: Library, from: string, to: string): string[] {
  const permissions = ["--no-prompt", "--allow-read", `--allow-write=${to}`, "--allow-env"];
  return [Deno.execPath(), "run", "--quiet", ...permissions, fileURLToPath(import.meta.url), library, from, to];
}

/** Reads the pieces of a file and writes JSON lines. */
type Convert = (pieces: Iterable<Uint8Array>, write: (bytes: Uint8Array) => void) => Promise<void>;

/** Only the library in question is loaded. */
const conversions: Readonly<Record<Library, Convert>> = {
  async waybill(pieces, write) {
    const { CsvReader } = await import("../core/codecs/mod.ts");
    const reader = new CsvReader();
    for (const piece of pieces) for (const { batch } of reader.push(piece)) write(batch.bytes);
    for (const { batch } of reader.finish()) write(batch.bytes);
  },
  async "csv-parse"(pieces, write) {
    const { parse } = await import("csv-parse");
    const parser = parse({ columns: true });
    const block = new Block(write);
    const ended = new Promise<void>((resolve, reject) => {
      parser.on("data", (object: object) => block.add(object));
      parser.on("end", resolve);
      parser.on("error", reject);
    });
    for (const piece of pieces) {
      if (!parser.write(piece)) await new Promise((resolve) => parser.once("drain", resolve));
    }
    parser.end();
    await ended;
    block.flush();
  },
  async papaparse(pieces, write) {
    const { default: papaparse } = await import("papaparse");
    const block = new Block(write);
    papaparse.parse([...decode(pieces)].join(""), {
      header: true,
      skipEmptyLines: true,
      chunkSize: PIECE_BYTES,
      chunk: ({ data }: { data: object[] }) => data.forEach((object) => block.add(object)),
    });
    block.flush();
  },
  async udsv(pieces, write) {
    const { inferSchema, initParser } = await import("udsv");
    const texts = decode(pieces);
    const first = texts.next().value ?? "";
    const parser = initParser(inferSchema(first));
    const block = new Block(write);
    const chunk = (text: string) =>
      parser.chunk<Record<string, string>>(text, parser.stringObjs, (object) => block.add(object));
    chunk(first);
    for (const text of texts) chunk(text);
    parser.end();
    block.flush();
  },
};

/** Objects on their way to JSON lines. */
class Block {
  readonly #encoder = new TextEncoder();
  #objects: object[] = [];

  constructor(private readonly write: (bytes: Uint8Array) => void) {}

  add(object: object): void {
    if (this.#objects.push(object) === BLOCK_ROWS) this.flush();
  }

  flush(): void {
    let text = "";
    for (const object of this.#objects) text += JSON.stringify(object) + "\n";
    this.write(this.#encoder.encode(text));
    this.#objects = [];
  }
}

function* decode(pieces: Iterable<Uint8Array>): Generator<string, undefined> {
  const decoder = new TextDecoder();
  for (const piece of pieces) yield decoder.decode(piece, { stream: true });
}

function* piecesOf(file: Deno.FsFile): Generator<Uint8Array> {
  for (;;) {
    // A new buffer each: the streams of a library may hold on to what they were given.
    const buffer = new Uint8Array(PIECE_BYTES);
    const length = file.readSync(buffer);
    if (length === null) return;
    yield buffer.subarray(0, length);
  }
}

if (import.meta.main) {
  const [name = "", from = "", to = ""] = Deno.args;
  const library = LIBRARIES.find((library) => library === name);
  if (library === undefined) throw new Error(`"${name}" is none of ${LIBRARIES.join(", ")}`);
  using input = Deno.openSync(from);
  using output = Deno.openSync(to, { write: true, create: true, truncate: true });
  await conversions[library](piecesOf(input), (bytes) => {
    for (let at = 0; at < bytes.length;) at += output.writeSync(bytes.subarray(at));
  });
}
