/**
 * Writes an object from a stream: in one request where it is small, else in parts.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";
import { abortedOr, untilAborted } from "../failures.ts";
import type { S3Client } from "./client.ts";
import { elements, escapeXml, textOf } from "./xml.ts";

/** Bytes of the first parts. S3 takes 10,000 parts of 5 MiB to 5 GiB. */
const PART = 8 << 20;

/** Parts after which parts are larger by as much again: the largest object is then of 400 GiB. */
const GROWS = 1_000;

/** An object to be written. */
export interface S3Writing {
  readonly client: S3Client;
  readonly path: string;
  readonly key: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes all of `content`. Nobody sees a part of it: the object is there when the last request has succeeded, and what
 * was sent of it before is removed otherwise. Memory holds one part.
 */
export async function writeObject(writing: S3Writing, content: ReadableStream<Uint8Array>): Promise<void> {
  const { client, key, path, signal } = writing;
  const what = `"${path}"`;
  const reader = content.getReader();
  const upload = new Upload(writing);
  try {
    const parts = partsOf(reader, signal);
    let part = await parts.next();
    const first = part.value ?? new Uint8Array();
    part = await parts.next();
    if (part.done === true) {
      const answer = await client.ask({ method: "PUT", key, body: first, what, signal });
      answer.body.resume();
      return;
    }
    await upload.begin();
    await upload.add(first);
    for (; part.done !== true; part = await parts.next()) await upload.add(part.value);
    await upload.complete();
  } catch (error) {
    reader.cancel(error).catch(() => {});
    await upload.abort();
    throw abortedOr(signal, error);
  }
}

class Upload {
  readonly #writing: S3Writing;
  readonly #etags: string[] = [];
  #id: string | undefined;

  constructor(writing: S3Writing) {
    this.#writing = writing;
  }

  async begin(): Promise<void> {
    const { client, key, signal } = this.#writing;
    const xml = await client.text({ method: "POST", key, query: { uploads: "" }, what: this.#what, signal });
    this.#id = textOf(xml, "UploadId");
  }

  async add(body: Uint8Array): Promise<void> {
    const { client, key, signal } = this.#writing;
    const query = { uploadId: this.#id ?? "", partNumber: String(this.#etags.length + 1) };
    const answer = await client.ask({ method: "PUT", key, query, body, what: this.#what, signal });
    answer.body.resume();
    this.#etags.push(answer.header("etag") ?? "");
  }

  async complete(): Promise<void> {
    const { client, key, signal } = this.#writing;
    const parts = this.#etags.map((etag, index) =>
      `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`
    );
    const xml = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
    const body = new TextEncoder().encode(xml);
    const query = { uploadId: this.#id ?? "" };
    const answer = await client.text({ method: "POST", key, query, body, what: this.#what, signal });
    // It may fail after it has answered with 200 (Amazon's reference of CompleteMultipartUpload).
    if (elements(answer, "Error").length === 0) return;
    throw new Failure("transient", `S3 could not put ${this.#what} together: ${textOf(answer, "Code")}`, {
      hint: "Try again later",
    });
  }

  /** Removes what was sent; the signal of the writing may be aborted by now. */
  async abort(): Promise<void> {
    if (this.#id === undefined) return;
    const { client, key } = this.#writing;
    const query = { uploadId: this.#id };
    try {
      const signal = AbortSignal.timeout(30_000);
      (await client.find({ method: "DELETE", key, query, what: this.#what, signal }))?.body.resume();
    } catch (error) {
      // The bucket's rules remove it later; what made the writing fail is what has to be told.
      if (!(error instanceof Failure)) throw error;
    }
  }

  get #what(): string {
    return `"${this.#writing.path}"`;
  }
}

async function* partsOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let part = new Uint8Array(PART);
  let filled = 0;
  for (let count = 1;;) {
    const { value, done } = await untilAborted(reader.read(), signal);
    if (done) break;
    for (let start = 0; start < value.length;) {
      const taken = value.subarray(start, start + part.length - filled);
      part.set(taken, filled);
      filled += taken.length;
      start += taken.length;
      if (filled < part.length) continue;
      yield part;
      part = new Uint8Array(PART * (1 + Math.floor(count++ / GROWS)));
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}
