import assert from "node:assert/strict";
import { type DatabaseAddress, openDatabase } from "../database/open.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { type Bucket, forgetKey, RATE_LIMITS, RateLimiter } from "./rate_limits.ts";

const KEY = { account: 1, key: "k" };

/** As many processes as there are limiters: each has its own connection. */
async function processes(address: DatabaseAddress, count: number, clock?: () => Promise<number>) {
  const stack = new AsyncDisposableStack();
  const limiters: RateLimiter[] = [];
  const databases = await Promise.all(Array.from({ length: count }, () => openDatabase(address)));
  for (const database of databases) {
    stack.use(database);
    limiters.push(new RateLimiter(database, RATE_LIMITS, clock));
  }
  return { databases, limiters, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function takeMany(limiters: readonly RateLimiter[], count: number, bucket: Bucket, who = KEY) {
  const asks = Array.from({ length: count }, (_, at) => limiters[at % limiters.length]!.take(who, bucket));
  const admissions = await Promise.all(asks);
  return { admissions, admitted: admissions.filter(({ admitted }) => admitted).length };
}

onEachDatabase("1,000 requests at once over two connections: exactly the limit is let in", async (databases) => {
  await using peer = await processes(await databases.make(), 2);
  const began = performance.now();
  const { admissions, admitted } = await takeMany(peer.limiters, 1_000, "profile-import");
  const took = (performance.now() - began) / 1_000;
  assert.equal(admitted, 10);
  const left = admissions.filter(({ admitted }) => admitted).map(({ remaining }) => remaining);
  assert.deepEqual(left.sort((a, b) => b - a), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  for (const { admitted, reset } of admissions) assert(admitted || reset >= 3_599 - took && reset <= 3_600);
});

onEachDatabase("keys, accounts and buckets count apart", async (databases) => {
  await using peer = await processes(await databases.make(), 2);
  const many: readonly (readonly [typeof KEY, Bucket])[] = [
    [KEY, "profile-import"],
    [{ account: 1, key: "other" }, "profile-import"],
    [{ account: 2, key: "k" }, "profile-import"],
    [KEY, "log-export"],
  ];
  const counts = await Promise.all(many.map(([who, bucket]) => takeMany(peer.limiters, 80, bucket, who)));
  assert.deepEqual(counts.map(({ admitted }) => admitted), [10, 10, 10, 50]);
});

onEachDatabase("a restart forgets nothing, and the window slides by the millisecond", async (databases) => {
  const address = await databases.make();
  let now = 1_700_000_000_000;
  const clock = () => Promise.resolve(now);
  {
    await using before = await processes(address, 1, clock);
    for (let at = 0; at < 10; at++) {
      now += 1_000;
      assert((await before.limiters[0]!.take(KEY, "profile-import")).admitted);
    }
  }
  await using after = await processes(address, 1, clock);
  const take = () => after.limiters[0]!.take(KEY, "profile-import");
  // The first was let in 9 s ago.
  assert.deepEqual([(await take()).admitted, (await take()).reset], [false, 3_591]);
  now += 3_590_999;
  assert.deepEqual([(await take()).admitted, (await take()).reset], [false, 1]);
  now += 1;
  assert.deepEqual([(await take()).admitted, (await take()).admitted], [true, false]);
  assert.equal((await take()).reset, 1);
});

onEachDatabase("a refusal is not counted, and costs no write", async (databases) => {
  let now = 1_700_000_000_000;
  await using peer = await processes(await databases.make(), 1, () => Promise.resolve(now));
  const [limiter] = peer.limiters, [database] = peer.databases;
  assert.equal((await takeMany([limiter!], 20, "profile-import")).admitted, 10);
  const stamps = async () =>
    (await database!.kysely.selectFrom("rate_windows").select("stamps").executeTakeFirstOrThrow()).stamps;
  const before = await stamps();
  now += 60_000;
  assert.equal((await takeMany([limiter!], 500, "profile-import")).admitted, 0);
  assert.equal(await stamps(), before);
});

onEachDatabase("a clock that was put back keeps a window shut for no longer than it is", async (databases) => {
  let now = 1_700_000_000_000;
  await using peer = await processes(await databases.make(), 1, () => Promise.resolve(now));
  assert.equal((await takeMany(peer.limiters, 20, "audience-import-status")).admitted, 20);
  assert.equal((await takeMany(peer.limiters, 50, "audience-import-status")).admitted, 40);
  now -= 86_400_000;
  assert.equal((await takeMany(peer.limiters, 1, "audience-import-status")).admitted, 0);
  now += 60_000;
  assert.equal((await takeMany(peer.limiters, 61, "audience-import-status")).admitted, 60);
});

onEachDatabase("a key that is gone leaves no window", async (databases) => {
  await using peer = await processes(await databases.make(), 1);
  const { kysely } = peer.databases[0]!;
  for (const key of ["k", "other"]) await takeMany(peer.limiters, 3, "log-export", { account: 1, key });
  await forgetKey(kysely, 1, "k");
  const rows = await kysely.selectFrom("rate_windows").select("api_key").execute();
  assert.deepEqual(rows.map(({ api_key }) => api_key), ["other"]);
});
