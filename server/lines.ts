/**
 * A long list, in pages or as JSON lines.
 *
 * @module
 */
import type { z } from "zod";
import type { Page } from "../core/engine/views.ts";
import { type Answer, page } from "./answers.ts";

/** How much text is gathered before it is handed on. */
const CHUNK = 64 * 1024;

/** One page of a list, or all of it, an item a line. What fails before the first item is still an error's answer. */
export function pageOrLines<T>(schema: z.ZodType<T>): Answer<Page<T> | AsyncIterable<T>> {
  const paged = page(schema);
  return {
    ...paged,
    description: "One page of the list; with `format=ndjson` all of it, a JSON object a line",
    respond: async (result) => {
      if (!(Symbol.asyncIterator in result)) return paged.respond(result);
      const iterator = result[Symbol.asyncIterator]();
      const first = await iterator.next();
      return new Response(lines(first, iterator), { headers: { "content-type": "application/x-ndjson" } });
    },
  };
}

function lines<T>(first: IteratorResult<T>, iterator: AsyncIterator<T>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let current = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      let text = "";
      while (!current.done && text.length < CHUNK) {
        text += `${JSON.stringify(current.value)}\n`;
        current = await iterator.next();
      }
      if (text !== "") controller.enqueue(encoder.encode(text));
      if (current.done) controller.close();
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
