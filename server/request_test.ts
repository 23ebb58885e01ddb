import assert from "node:assert/strict";
import { z } from "zod";
import { readBody } from "./request.ts";

const schema = z.strictObject({ label: z.string() });

/** A request whose body is given piece by piece; null stands for one that never comes. */
function asked(pieces: readonly (string | null)[]): Request {
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else if (piece === null) return new Promise(() => {});
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
  return new Request("http://waybill.test", { method: "POST", body, headers: { "content-type": "application/json" } });
}

Deno.test("a JSON body that stands still is given up with 408, be it at its start or in its midst", async () => {
  for (const pieces of [[null], ['{"label":', null]]) {
    await assert.rejects(readBody(schema, asked(pieces), 20), (error: { status?: number }) => {
      assert.equal(error.status, 408);
      return true;
    });
  }
});

Deno.test("a JSON body is read to its end, in however many pieces it comes", async () => {
  assert.deepEqual(await readBody(schema, asked([...'{"label":"a"}'])), { label: "a" });
});
