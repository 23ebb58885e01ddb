/**
 * Trees of files to copy about, and whether two of them are the same.
 *
 * @module
 */
import { createHash, randomBytes } from "node:crypto";

/** Names that programs may stumble over: many scripts, spaces, what shells and patterns mean something by. */
export const NAMES: readonly string[] = [
  "plain.csv",
  "with space.csv",
  "Größe ß.csv",
  "日本語.csv",
  "עברית.csv",
  "emoji 🚲.csv",
  "e\u0301 apart.csv",
  "\u00e9 in one.csv",
  "percent %20 #1.csv",
  "quote ' one.csv",
  "(round) {curly}.csv",
  "comma, semi; and = plus+.csv",
  `${"long-".repeat(50)}.csv`,
  "-dash",
  ".hidden",
];

/** Makes a tree: files of many sizes, under all names, in folders within folders. */
export async function makeTree(folder: string, names: readonly string[] = NAMES): Promise<void> {
  await Deno.mkdir(`${folder}/sub/deeper ü`, { recursive: true });
  for (const [index, name] of names.entries()) await Deno.writeFile(`${folder}/${name}`, randomBytes(index * 1_000));
  await Deno.writeFile(`${folder}/sub/empty`, new Uint8Array());
  await Deno.writeFile(`${folder}/sub/one`, randomBytes(1));
  await Deno.writeFile(`${folder}/sub/deeper ü/block`, randomBytes(32 * 1024));
  await Deno.writeFile(`${folder}/sub/deeper ü/large`, randomBytes(2 * 1024 * 1024 + 3));
}

/** What is in a tree: path to a hash of its content, or `folder`. */
export async function readTree(folder: string, at = ""): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${at}`)) {
    const path = `${at}${name}`;
    found.set(path, isDirectory ? "folder" : hash(await Deno.readFile(`${folder}/${path}`)));
    if (isDirectory) { for (const [below, what] of await readTree(folder, `${path}/`)) found.set(below, what); }
  }
  return new Map([...found].sort(([a], [b]) => a < b ? -1 : 1));
}

function hash(content: Uint8Array): string {
  return `${content.length} ${createHash("sha256").update(content).digest("hex")}`;
}
