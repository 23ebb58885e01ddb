import assert from "node:assert/strict";
import { firstItems, type PageRequest } from "./first_items.ts";

Deno.test("the first items are gathered from as many pages as it takes, and no more", async () => {
  const asked: PageRequest[] = [];
  const list = (request: PageRequest) => {
    asked.push(request);
    const start = Number(request.cursor ?? 0);
    const end = Math.min(start + request.limit, 7);
    const items = Array.from({ length: end - start }, (_, index) => start + index);
    return Promise.resolve({ items, next: end < 7 ? String(end) : null });
  };
  assert.deepEqual(await firstItems({ wanted: 5, most: 3 }, list), [0, 1, 2, 3, 4]);
  assert.deepEqual(asked, [{ limit: 3 }, { limit: 2, cursor: "3" }]);
  assert.equal((await firstItems({ wanted: 100, most: 3 }, list)).length, 7);
});
