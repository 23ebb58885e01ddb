import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { decompressBzip2 } from "./bzip2.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decompress(bytes: Uint8Array, pieces = 1_000): Promise<Uint8Array> {
  const parts = await Array.fromAsync(decompressBzip2(inPieces(bytes, pieces)));
  return new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
}

/** `printf 'hello hello hello\n' | bzip2`, and of nothing. */
const HELLO = Uint8Array.fromBase64(
  "QlpoOTFBWSZTWeW18wkAAARRAAAQQAACRKAAIbUYDAKQacKjC7kinChIctr5hIA=",
);
const EMPTY = Uint8Array.fromBase64("QlpoORdyRThQkAAAAAA=");
/** 300 letters a, then the bytes 0 to 255, at level 1. */
const RUNS = Uint8Array.fromBase64(
  "QlpoMTFBWSZTWTl7ZakAADN/////////////////////////////////////////////sADKkgaAAAAAmAAAATATAAAAAAAABMAAAJgCYAAAAAAAEwAAJgAAAANEAAAAAAAAAABMAAAAAAAAAAAmAAAAAAAAAAAAAAAAAAEwEwkwAEwABMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACwGAA4QEhQWGBocHiAiJCYoKiwuMDI0Njg6PD5AQkRGSfglJicoKSorYi0tLi8wMTIzMjM0NTY3ODk6Ozw9Pj/+ICChIaIioyOkJKUlpianJ6goqSmqKqsrrCytLa4ury+wHID7gQAIyAwIyszO0NLU1tja3N7g4uTm6Ors7vDy9ft7fH1+f4CBgoOEhYaHiImKi4yNjo6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PHv8PHy8/T19veX+Jr5+gP2LuSKcKEgcvbLUg",
);

Deno.test("bzip2 is undone: text, runs, every byte, nothing, several streams, in any pieces", async () => {
  const hello = new TextEncoder().encode("hello hello hello\n");
  const runs = new Uint8Array([...new Uint8Array(300).fill(97), ...Array.from({ length: 256 }, (_, byte) => byte)]);
  for (const pieces of [1, 2, 3, 7, 1_000]) {
    assert.deepEqual(await decompress(HELLO, pieces), hello);
    assert.deepEqual(await decompress(RUNS, pieces), runs);
    assert.deepEqual(await decompress(EMPTY, pieces), new Uint8Array(0));
    const several = new Uint8Array([...HELLO, ...EMPTY, ...HELLO]);
    assert.deepEqual(await decompress(several, pieces), new Uint8Array([...hello, ...hello]));
  }
});

Deno.test("bzip2 that was changed or cut anywhere is refused", async () => {
  for (const whole of [HELLO, RUNS]) {
    for (let at = 0; at < whole.length; at++) {
      await assert.rejects(decompress(whole.slice(0, at)), Failure, `cut at ${at}`);
      for (let bit = 0; bit < 8; bit++) {
        const changed = whole.slice();
        changed[at]! ^= 1 << bit;
        const result = await decompress(changed).catch((error: unknown) => error);
        // Some bits stand for nothing here: the level, tables that code no byte, what fills the last byte.
        if (!(result instanceof Uint8Array)) assert.ok(result instanceof Failure, String(result));
        else assert.deepEqual(result, await decompress(whole));
      }
    }
  }
});
