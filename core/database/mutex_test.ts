import assert from "node:assert/strict";
import { Mutex } from "./mutex.ts";

Deno.test("a mutex lets in one at a time, in the order of asking", async () => {
  const mutex = new Mutex();
  const order: number[] = [];
  let inside = 0;
  await Promise.all([1, 2, 3].map(async (number) => {
    assert(await mutex.acquire());
    assert.equal(++inside, 1);
    await Promise.resolve();
    order.push(number);
    inside--;
    mutex.release();
  }));
  assert.deepEqual(order, [1, 2, 3]);
});

Deno.test("who waits too long for a mutex leaves the queue", async () => {
  const mutex = new Mutex();
  await mutex.acquire();
  assert.equal(await mutex.acquire(1), false);
  const next = mutex.acquire();
  mutex.release();
  assert.equal(await next, true);
});
