/**
 * Reads the ids and hands them over, a chunk at a time.
 *
 * @module
 */
import { Failure, type ImportContext, throwIfAborted } from "@waybill/waybill";
import { openJsonLines, openText } from "@waybill/waybill/codecs";
import {
  type ImportConnection,
  inMember,
  membersFrom,
  openVerified,
  placeIn,
  tellProgress,
} from "../file_service/imports/mod.ts";
import type { FilePosition } from "./checkpoint.ts";
import type { AudienceImportOptions } from "./config.ts";

/** Imports the file. `batchRows` is how many lines are handed over at a time, where the reader's own limit is not wanted. */
export async function run(
  context: ImportContext<AudienceImportOptions, ImportConnection, FilePosition>,
  batchRows?: number,
): Promise<void> {
  const { config: { identifier_type: id }, checkpoint, signal } = context;
  await using source = await openVerified(context);
  let lines = checkpoint?.lines ?? 0;
  for await (const { member, resume } of membersFrom(source, checkpoint)) {
    const text = await openText((offset) => member.open(offset), {
      encoding: "auto",
      offset: resume?.position.offset ?? 0,
    });
    const { chunks, recycle } = openJsonLines(text.bytes, {
      fields: [id],
      required: id,
      ownsSource: true,
      batchRows,
      ...(resume === undefined ? {} : { position: resume.position }),
    });
    const place = placeIn(source, member);
    for await (const { batch, rejected, position } of chunks) {
      throwIfAborted(signal);
      lines += batch.times.length + rejected.length;
      tellProgress(context, source, { member, encoding: text.encoding }, position.offset);
      if (rejected.length > 0) await context.reject(inMember(rejected, source, member));
      await context.emit(batch, { ...place, position, lines });
      recycle(batch);
    }
  }
  if (lines > 0) return;
  throw new Failure("data", `File "${source.path}" holds no ids`, {
    hint: `Write one on each line: {"${id}":"…"}`,
  });
}
