/**
 * Made-up files of the bulk APIs: changes of profiles, and ids.
 *
 * @module
 */
import { mulberry32 } from "./generate.ts";

/** Characters collected before they are written. */
const FLUSH_LENGTH = 1 << 20;

/** Writes JSON lines that assign one attribute each, to so many profiles in random order; gives their size in bytes. */
export async function writeAssignments(path: string, rows: number): Promise<number> {
  const ids = randomIds(1);
  const random = mulberry32(2);
  return await writeLines([path], rows, () => {
    const points = Math.floor(random() * 100_000);
    return [
      `{"customer_id":"${ids.next().value}","changes":[{"op":"assign","attr":"points","value":${points}}]}`,
    ];
  });
}

/** Writes the same random ids as JSON lines and as bare lines; gives the bytes of both. */
export async function writeIds(json: string, bare: string, count: number, seed: number): Promise<number> {
  const ids = randomIds(seed);
  return await writeLines([json, bare], count, () => {
    const id = ids.next().value;
    return [`{"customer_id":"${id}"}`, id];
  });
}

/** Ids as version 4 of UUID has them, from the same seed the same. */
function* randomIds(seed: number): Generator<string, never> {
  const random = mulberry32(seed);
  const hex = (digits: number) => Math.floor(random() * 16 ** digits).toString(16).padStart(digits, "0");
  for (;;) yield `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(8)}${hex(4)}`;
}

/** Writes a line into each file so many times. */
async function writeLines(paths: readonly string[], count: number, lines: () => readonly string[]): Promise<number> {
  const texts = paths.map(() => "");
  let size = 0;
  for (const path of paths) await Deno.writeTextFile(path, "");
  const flush = async () => {
    for (const [index, path] of paths.entries()) {
      size += texts[index]!.length;
      await Deno.writeTextFile(path, texts[index]!, { append: true });
      texts[index] = "";
    }
  };
  for (let row = 0; row < count; row++) {
    for (const [index, line] of lines().entries()) texts[index] += line + "\n";
    if (texts[0]!.length >= FLUSH_LENGTH) await flush();
  }
  await flush();
  return size;
}
