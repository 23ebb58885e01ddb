/**
 * Writes the files of hours, one after the other.
 *
 * @module
 */
import { type LogExportContext, throwIfAborted } from "@waybill/waybill";
import { clearAttempts, ownerOf } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { LogExportOptions } from "./config.ts";
import { pathOf } from "./hour_names.ts";
import { dueHours, outputOf } from "./hours.ts";

type Context = LogExportContext<LogExportOptions, MaybePgpConnection, Checkpoint>;

/**
 * Writes a file for each hour that is due. Which they are is durable before the first byte; an hour whose file is there is
 * not written again by a later attempt.
 */
export async function run(context: Context): Promise<void> {
  const { signal } = context;
  let checkpoint = context.checkpoint ?? await begin(context);
  await clearAttempts(context, checkpoint.output.slice(0, checkpoint.output.lastIndexOf("/") + 1));
  while (checkpoint.hours.length > 0) {
    throwIfAborted(signal);
    checkpoint = await writeHour(context, checkpoint);
  }
}

async function begin(context: Context): Promise<Checkpoint> {
  const { hours, notes } = await dueHours(context);
  for (const note of notes) context.log.warn(note);
  const checkpoint = { output: outputOf(context), hours: [...hours], rows: 0, bytes: 0 };
  // Where nothing is due, the next run is to find the hour that this one has found.
  const last = hours.length === 0 ? (await context.history.last())?.path : undefined;
  await context.commit(checkpoint, typeof last === "string" ? { rows: 0, bytes: 0, path: last } : undefined);
  return checkpoint;
}

/** Writes the first of the hours that are left. */
async function writeHour(context: Context, { output, hours, ...counts }: Checkpoint): Promise<Checkpoint> {
  const { connection, signal, commit, progress, log } = context;
  const [hour, ...left] = hours as [number, ...number[]];
  const path = pathOf(output, hour);
  const { events, content } = await context.hours.open(hour);
  const stream = await connection.encrypt?.(content) ?? content;
  let bytes = 0;
  const written = stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        progress({ done: counts.rows, unit: "rows", bytes: counts.bytes + bytes, note: path });
        controller.enqueue(chunk);
      },
    }),
  );
  await connection.files.write(path, written, { signal, owner: ownerOf(context), makeFolders: false });
  const rows = counts.rows + events;
  const delivered = { rows, bytes: counts.bytes + bytes };
  const checkpoint = { output, hours: left, ...delivered };
  await commit(checkpoint, { ...delivered, path });
  progress({ done: rows, unit: "rows", bytes: delivered.bytes, note: path });
  log.info(`Wrote "${path}"`, { rows: events, bytes });
  return checkpoint;
}
