/**
 * A program that searches every file below a folder: it reads `{"folder","patterns"}` from standard input and prints what
 * it found. A process of its own, since closing a file of a SQLite database drops the locks of the process that uses it.
 *
 * Patterns are regular expressions over bytes, each byte a character from U+0000 to U+00FF.
 */
import { Buffer } from "node:buffer";
import { join } from "node:path";

/** One place. */
export interface Found {
  readonly file: string;
  readonly pattern: string;
  readonly text: string;
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}

/** Searches in a process of its own, which may only read. */
export async function searchBytes(folder: string, patterns: readonly string[]): Promise<readonly Found[]> {
  const child = new Deno.Command("deno", {
    args: ["run", "--no-prompt", `--allow-read=${folder}`, import.meta.filename ?? ""],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify({ folder, patterns })));
  await writer.close();
  const { success, stdout } = await child.output();
  if (!success) throw new Error("The search failed");
  return JSON.parse(new TextDecoder().decode(stdout));
}

if (import.meta.main) {
  const { folder, patterns }: { folder: string; patterns: string[] } = JSON.parse(
    await new Response(Deno.stdin.readable).text(),
  );
  const found: Found[] = [];
  for await (const file of filesBelow(folder)) {
    const text = Buffer.from(await Deno.readFile(file)).toString("latin1");
    for (const pattern of patterns) {
      for (const [match] of text.matchAll(new RegExp(pattern, "g"))) found.push({ file, pattern, text: match });
    }
  }
  console.log(JSON.stringify(found));
}
