import assert from "node:assert/strict";
import { SettleWatch } from "./settle.ts";
import { testClocks, TestStore } from "./sequence_testing.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const NOW = 100 * DAY;

const file = (modified: number, size = 10) => ({ path: "a", size, modified });

Deno.test("a file has settled when it was seen unchanged for the settle time", () => {
  const clocks = testClocks(NOW);
  const watch = new SettleWatch(MINUTE, clocks);
  assert.equal(watch.settled(file(NOW)), false);
  clocks.time += MINUTE - 1;
  assert.equal(watch.settled(file(NOW)), false);
  assert.equal(watch.settled(file(NOW, 11)), false, "it has grown: the time starts anew");
  clocks.time += MINUTE - 1;
  assert.equal(watch.settled(file(NOW, 11)), false);
  clocks.time += 1;
  assert.equal(watch.settled(file(NOW, 11)), true);
});

Deno.test("the server's clock is at least as late as the newest file, however wrong ours is", () => {
  // The server is two hours behind: by our clock everything there is old.
  const clocks = testClocks(NOW);
  const watch = new SettleWatch(MINUTE, clocks);
  const server = NOW - 2 * 60 * MINUTE;
  watch.see(file(server));
  assert.equal(watch.settled(file(server)), false);
  assert.equal(watch.settled({ ...file(server - MINUTE), path: "b" }), true);
  assert.equal(watch.settled({ ...file(server - MINUTE + 1), path: "c" }), false);
  clocks.time += 1;
  assert.equal(watch.settled({ ...file(server - MINUTE + 1), path: "c" }), true, "its clock goes on, too");
});

Deno.test("a modification time in our future tells nothing of the server's clock", () => {
  const watch = new SettleWatch(MINUTE, testClocks(NOW));
  watch.see(file(NOW + DAY));
  assert.equal(watch.settled(file(NOW - 2 * MINUTE)), false);
});

Deno.test("a file that is older than any clock is wrong by has settled", () => {
  const watch = new SettleWatch(MINUTE, testClocks(NOW));
  assert.equal(watch.settled(file(NOW - DAY)), false);
  assert.equal(watch.settled(file(NOW - DAY - MINUTE)), true);
});

Deno.test("a store that tells its clock is believed, and without a settle time everything has settled", async () => {
  const store = Object.assign(new TestStore(), { clock: () => Promise.resolve(5_000_000) });
  const watch = new SettleWatch(MINUTE, testClocks(NOW));
  await watch.ask(store);
  assert.equal(watch.settled(file(5_000_000 - MINUTE)), true);
  assert.equal(watch.settled(file(5_000_000 - MINUTE + 1)), false);
  assert.equal(new SettleWatch(0, testClocks(NOW)).settled(file(NOW)), true);
});
