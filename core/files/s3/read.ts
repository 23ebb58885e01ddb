/**
 * Reads an object as a stream.
 *
 * @module
 */
import { throwIfAborted } from "../../contracts/failure.ts";
import type { OpenOptions } from "../../contracts/file_store.ts";
import { handOver } from "../../contracts/give_back.ts";
import { changed } from "../failures.ts";
import { isLookDue, requireUnchanged } from "../unchanged.ts";
import type { S3Client } from "./client.ts";
import { connectionFailure } from "./failures.ts";
import type { S3Object } from "./list.ts";

/** How often a reading is taken up again without a byte in between. */
const RESUMES = 5;

/** What is read. */
export interface S3Reading {
  readonly client: S3Client;
  readonly path: string;
  readonly key: string;
  /** As it was when it was opened. */
  readonly object: S3Object;
  /** Its ETag, as it stands in headers. */
  readonly etag: string;
  /** Describes it anew; undefined where it is gone. */
  look(): Promise<S3Object | undefined>;
}

/** The bytes from `offset` on; a connection that drops is taken up again at the byte where it was. */
export function readObject(reading: S3Reading, { offset = 0, signal }: OpenOptions): ReadableStream<Uint8Array> {
  const pieces = piecesOf(reading, offset, signal);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await pieces.return();
    },
  }, { highWaterMark: 0 });
}

async function* piecesOf(
  { client, path, key, object, etag, look }: S3Reading,
  offset: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { size } = object;
  const requireSame = async () => requireUnchanged(path, object, await look());
  if (offset >= size) return await requireSame();
  let position = offset;
  for (let resumes = 0; position < size;) {
    const what = `"${path}"`;
    const headers = { "range": `bytes=${position}-`, "if-match": etag };
    const answer = await client.find({ method: "GET", key, headers, what, signal }).catch(async (error) => {
      // What was asked for by its ETag is another file by now (412), or shorter (416).
      await requireSame();
      throw error;
    });
    if (answer === undefined) throw changed(path, "it was removed or renamed");
    const { body } = answer;
    try {
      for await (const piece of body) {
        throwIfAborted(signal);
        // A copy: the receiver may transfer the chunk's buffer.
        const bytes = new Uint8Array(piece).subarray(0, size - position);
        if (isLookDue(position, position + bytes.length, size)) await requireSame();
        position += bytes.length;
        resumes = 0;
        yield handOver(bytes);
        if (position >= size) break;
      }
    } catch (error) {
      throwIfAborted(signal);
      const failure = connectionFailure(error, "the bucket's server");
      if (failure.kind !== "transient" || ++resumes > RESUMES) throw failure;
      continue;
    } finally {
      body.destroy();
    }
    if (position < size && ++resumes > RESUMES) throw connectionFailure(new Error("Cut off"), "the bucket's server");
  }
}
