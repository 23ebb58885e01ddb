/**
 * What commands of mappings read: texts of mappings, and local files of events to try them on.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import { parseJson } from "../core/contracts/json.ts";
import type { JsonValue } from "../core/contracts/records.ts";

/** More than any text that is a mapping. */
const MOST_BYTES = 16 << 20;

type Rows = { readonly [field: string]: JsonValue }[];

/** The text of a mapping, from a file or standard input (`-`). */
export async function readText(path: string): Promise<string> {
  const source = path === "-" ? Deno.stdin.readable : (await openFile(path)).readable;
  const decoder = new TextDecoder();
  let text = "", bytes = 0;
  for await (const part of source) {
    bytes += part.length;
    if (bytes > MOST_BYTES) {
      throw new Failure("config", `"${path}" is too large to be a mapping`, { code: "too_large" });
    }
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** The first rows of a local file: JSON lines by its name (`.jsonl`, `.ndjson`, `.json`), else CSV. */
export async function readRows(path: string, most: number, delimiter: string | undefined): Promise<Rows> {
  const rows: Rows = [];
  const source = (await openFile(path)).readable;
  if (/\.(?:jsonl|ndjson|json)$/i.test(path)) {
    const { readJsonLines } = await import("../core/codecs/json_lines.ts");
    for await (const { records } of readJsonLines(source)) {
      rows.push(...records);
      if (rows.length >= most) break;
    }
  } else {
    const { openCsv } = await import("../core/codecs/csv.ts");
    await using csv = await openCsv(source, { name: path, ...(delimiter === undefined ? {} : { delimiter }) });
    for await (const { batch } of csv.chunks) {
      for (const line of new TextDecoder().decode(batch.bytes).split("\n")) {
        if (line !== "") rows.push(parseJson(line));
      }
      if (rows.length >= most) break;
    }
  }
  return rows.slice(0, most);
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
    throw new Failure("config", `File "${path}" ${why}`, { hint: "Check the path and its permissions", cause: error });
  }
}
