/**
 * Writes one file of JSON lines to wherever a run's connection leads.
 *
 * @module
 */
import { type ExportContext, type Progress, throwIfAborted } from "@waybill/waybill";
import { z } from "zod";
import { clearAttempts, ownerOf } from "../../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../../file_service/mod.ts";

/** The schema of a {@linkcode ResultPosition}. */
export type ResultPositionSchema = z.ZodObject<{
  path: z.ZodString;
  written: z.ZodOptional<z.ZodObject<{ rows: z.ZodInt; bytes: z.ZodInt }>>;
}>;

/** Where a run stands that writes one file: where that goes, and what is in it once it is there. */
export type ResultPosition = z.output<ResultPositionSchema>;

/** The schema. */
export const resultPosition: ResultPositionSchema = z.object({
  path: z.string(),
  written: z.object({ rows: z.int().min(0), bytes: z.int().min(0) }).optional(),
});

/** Some lines of the file, in UTF-8, a line feed after each. */
export interface Lines {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** How much of the work is done with them, from 0 to 1; absent where nobody knows. */
  readonly share?: number;
}

/** What it takes. */
type Context = Pick<
  ExportContext<unknown, MaybePgpConnection, ResultPosition>,
  "connection" | "checkpoint" | "run" | "signal" | "log" | "commit" | "progress"
>;

/**
 * Writes the lines to `path`, which is durable before the first byte, so that a later attempt replaces what this one
 * leaves; once the file is there, a later attempt writes nothing, and `lines` is not called.
 */
export async function writeLines(context: Context, path: string, lines: () => AsyncIterable<Lines>): Promise<void> {
  const { commit, connection, signal, log } = context;
  const position = context.checkpoint ?? { path };
  if (context.checkpoint === undefined) await commit(position);
  if (position.written !== undefined) return;
  const owner = ownerOf(context);
  await clearAttempts(context, position.path.slice(0, position.path.lastIndexOf("/") + 1));
  const counts = { rows: 0, bytes: 0 };
  const plain = ReadableStream.from(told(lines(), counts, { signal, progress: context.progress }));
  const stream = await connection.encrypt?.(plain) ?? plain;
  await connection.files.write(position.path, ReadableStream.from(counted(stream, counts)), {
    signal,
    owner,
    makeFolders: false,
  });
  await commit({ ...position, written: { ...counts } }, { ...counts, path: position.path });
  log.info(`Wrote "${position.path}"`, { ...counts });
}

/** The path of the file: what is configured, else a name in the folder of the auth. */
export function resultPath(
  { output, name, connection }: {
    readonly output: string | undefined;
    readonly name: string;
    readonly connection: MaybePgpConnection;
  },
): string {
  return output ?? `${name}.jsonl${connection.encrypt === undefined ? "" : ".pgp"}`;
}

async function* told(
  lines: AsyncIterable<Lines>,
  counts: { rows: number; readonly bytes: number },
  { signal, progress }: { readonly signal: AbortSignal; progress(progress: Progress): void },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { bytes, rows, share } of lines) {
    throwIfAborted(signal);
    counts.rows += rows;
    progress({ done: counts.rows, unit: "rows", bytes: counts.bytes, ...(share === undefined ? {} : { share }) });
    if (bytes.length > 0) yield bytes;
  }
}

async function* counted(
  stream: ReadableStream<Uint8Array>,
  counts: { bytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of stream) {
    counts.bytes += chunk.length;
    yield chunk;
  }
}
