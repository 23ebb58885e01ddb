import assert from "node:assert/strict";
import { readAhead } from "./read_ahead.ts";

Deno.test("partitions come in their order, each asked for while the one before is worked on", async () => {
  const asked: number[] = [], seen: string[] = [];
  const read = async (partition: number) => {
    asked.push(partition);
    return await Promise.resolve(`partition ${partition}`);
  };
  for await (const partition of readAhead(3, read)) seen.push(`${partition} of ${asked.length}`);
  assert.deepEqual(seen, ["partition 0 of 2", "partition 1 of 3", "partition 2 of 3"]);
  assert.deepEqual(await Array.fromAsync(readAhead(0, read)), []);
});

Deno.test("whoever leaves early waits for what is being read, and hears of no failure that came too late", async () => {
  const second = Promise.withResolvers<string>();
  const partitions = readAhead(3, (partition) => partition === 0 ? Promise.resolve("first") : second.promise);
  assert.equal((await partitions.next()).value, "first");
  let hasLeft = false;
  const leaving = partitions.return(undefined).then(() => hasLeft = true);
  await Promise.resolve();
  assert.equal(hasLeft, false);
  second.reject(new Error("too late"));
  assert.equal(await leaving, true);
});

Deno.test("a partition that cannot be read ends it where it would have come", async () => {
  const partitions = readAhead(2, async (partition) => {
    if (partition === 1) throw new Error("damaged");
    return await Promise.resolve(partition);
  });
  assert.equal((await partitions.next()).value, 0);
  await assert.rejects(partitions.next(), /damaged/);
});
