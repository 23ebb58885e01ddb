/**
 * The forms of an answer: what its JSON looks like, and how a result is written as a response.
 *
 * Framework resources stand in the envelope `{"status":"success","data":…}` (SPEC §4).
 *
 * @module
 */
import { z } from "zod";
import type { Page } from "../core/engine/views.ts";
import { phrasing } from "./phrase.ts";

/** The form of an answer. */
export interface Answer<Result> {
  /** Its HTTP status. */
  readonly status: number;
  /** What it is, in a few words. */
  readonly description: string;
  /** Its body; null = none. */
  readonly body: { readonly type: string; readonly schema: z.ZodType } | null;
  /** Writes a result. */
  respond(result: Result): Response | Promise<Response>;
}

const JSON_TYPE = "application/json";

function envelope(data: z.ZodType, more: Record<string, z.ZodType> = {}): { type: string; schema: z.ZodType } {
  return { type: JSON_TYPE, schema: z.object({ status: z.literal("success"), data, ...more }) };
}

/** One resource, or a list that is short by nature. */
export function one<T>(schema: z.ZodType<T>, description = "The resource"): Answer<T> {
  return {
    status: 200,
    description,
    body: envelope(schema),
    respond: (data) => json({ status: "success", data }),
  };
}

/** A resource that was made (201) or accepted for later (202), with the path it is found at. */
export function made<T>(status: 201 | 202, schema: z.ZodType<T>, location: (made: T) => string): Answer<T> {
  return {
    status,
    description: status === 201 ? "It was made" : "It is queued",
    body: envelope(schema),
    respond: (data) => json({ status: "success", data }, { status, headers: { location: encodeURI(location(data)) } }),
  };
}

/** One page of a list; `next`, given back as `cursor`, continues after it. */
export function page<T>(schema: z.ZodType<T>): Answer<Page<T>> {
  return {
    status: 200,
    description: "One page of the list",
    body: envelope(z.array(schema), {
      next: z.string().nullable().describe("Give it back as `cursor` for the next page; null on the last one"),
    }),
    respond: ({ items, next }) => json({ status: "success", data: items, next }),
  };
}

/** A JSON body that tells what to do in the words of the API. */
export function json(body: unknown, { status = 200, headers = {} }: JsonOptions = {}): Response {
  return new Response(JSON.stringify(body, phrasing()), { status, headers: { "content-type": JSON_TYPE, ...headers } });
}

/** How a JSON answer goes. */
export interface JsonOptions {
  /** 200 unless told. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A list too long to hold: written item by item. What fails before its first item is still an error's answer. */
export function streamed<T>(schema: z.ZodType<T>): Answer<AsyncIterable<T>> {
  return {
    status: 200,
    description: "The list, written as it is read",
    body: envelope(z.array(schema)),
    respond: async (items) => {
      const iterator = items[Symbol.asyncIterator]();
      const first = await iterator.next();
      return new Response(jsonList(first, iterator), { headers: { "content-type": JSON_TYPE } });
    },
  };
}

/** Nothing but the status 204. */
export function nothing(): Answer<void> {
  return {
    status: 204,
    description: "It is done",
    body: null,
    respond: () => new Response(null, { status: 204 }),
  };
}

/** A JSON document without the envelope. */
export function document<T>(schema: z.ZodType<T>, description: string): Answer<T> {
  return { status: 200, description, body: { type: JSON_TYPE, schema }, respond: (result) => Response.json(result) };
}

/** How much text is gathered before it is handed on. */
const CHUNK = 64 * 1024;

function jsonList<T>(first: IteratorResult<T>, iterator: AsyncIterator<T>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let current = first;
  let text = '{"status":"success","data":[';
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      while (!current.done && text.length < CHUNK) {
        text += JSON.stringify(current.value);
        current = await iterator.next();
        if (!current.done) text += ",\n";
      }
      controller.enqueue(encoder.encode(current.done ? `${text}]}\n` : text));
      text = "";
      if (current.done) controller.close();
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
