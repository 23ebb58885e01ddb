import assert from "node:assert/strict";
import { collectLog, exportContract, planExport, runExport } from "@waybill/waybill/testing";
import { Endpoint } from "./endpoint.ts";
import { startEndpoint, type TestEndpoint, TOKEN } from "./http_endpoint_testing.ts";
import { httpExport } from "./mod.ts";

const MEMBERS = Array.from({ length: 7 }, (_, index) => ({
  email: `member${index + 1}@example.com`,
  city: index % 2 === 0 ? "Bern" : "Zürich",
  tags: ["a", "b"].slice(index % 3),
}));

const CONFIG = { audience: "vip", batch_size: 3 };

function connectTo({ url }: TestEndpoint): { endpoint: Endpoint } {
  return { endpoint: new Endpoint({ url, token: TOKEN, log: collectLog().log }) };
}

const options = (endpoint: TestEndpoint) => ({ config: CONFIG, members: MEMBERS, connection: connectTo(endpoint) });

exportContract(httpExport, {
  config: CONFIG,
  members: MEMBERS,
  destination: async () => {
    const endpoint = startEndpoint();
    return {
      connect: async () => connectTo(endpoint),
      delivered: () => endpoint.members,
      [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
    };
  },
  silent: async () => {
    const endpoint = startEndpoint();
    const [waiting, released] = [Promise.withResolvers<void>(), Promise.withResolvers<Response>()];
    endpoint.mood = () => {
      waiting.resolve();
      return released.promise;
    };
    const dispose = async () => {
      released.resolve(new Response());
      await endpoint[Symbol.asyncDispose]();
    };
    return { connection: { ...connectTo(endpoint), [Symbol.asyncDispose]: dispose }, waiting: waiting.promise };
  },
});

Deno.test("members are posted in batches of the size configured, with the fields configured, and counted", async () => {
  await using endpoint = startEndpoint();
  const config = { ...CONFIG, fields: ["city", "tags"] };
  const { delivered, progress } = await runExport(httpExport, { ...options(endpoint), config });
  assert.deepEqual(endpoint.posted.map(({ ids }) => ids), [[10, 20, 30], [40, 50, 60], [70]]);
  assert.deepEqual(endpoint.members[1], { id: 20, fields: { city: "Zürich", tags: ["b"] } });
  assert.deepEqual([delivered?.rows, delivered?.path], [7, endpoint.url]);
  assert.ok((delivered?.bytes ?? 0) > 7 * 20);
  assert.deepEqual(progress.at(-1), { done: 7, unit: "rows", bytes: delivered?.bytes, share: 1 });
});

Deno.test("a batch that was taken before a crash, and not committed, comes again with the same key, and counts once", async () => {
  await using endpoint = startEndpoint();
  const broken = await runExport(httpExport, { ...options(endpoint), abortBefore: 2 });
  const checkpoint = broken.commits.at(-1)?.checkpoint;
  assert.deepEqual([checkpoint?.after, endpoint.members.length], [30, 6]);
  const { delivered } = await runExport(httpExport, { ...options(endpoint), checkpoint });
  const [, lost, again] = endpoint.posted;
  assert.deepEqual(again, lost);
  assert.deepEqual([endpoint.members.length, endpoint.repeated, delivered?.rows], [7, 0, 7]);
});

Deno.test("a batch whose members changed since it was taken comes again with another key", async () => {
  await using endpoint = startEndpoint();
  await runExport(httpExport, { ...options(endpoint), abortBefore: 1 });
  const members = MEMBERS.with(1, { ...MEMBERS[1]!, city: "Basel" });
  await runExport(httpExport, { ...options(endpoint), members });
  assert.equal(new Set(endpoint.posted.map(({ key }) => key)).size, 4);
  assert.equal(endpoint.members[1]?.fields["city"], "Basel");
});

Deno.test("another run sends everything again, with keys of its own", async () => {
  await using endpoint = startEndpoint();
  for (const run of ["run-1", "run-2"]) await runExport(httpExport, { ...options(endpoint), run });
  assert.equal(new Set(endpoint.posted.map(({ key }) => key)).size, 6);
  assert.equal(endpoint.repeated, 7);
});

Deno.test("an endpoint that fails for a while costs attempts, and no member", async () => {
  await using endpoint = startEndpoint();
  const [busy, taken] = [new Set<string>(), new Set<string>()];
  const once = (seen: Set<string>, status: number) => ({ headers }: Request) => {
    const key = headers.get("idempotency-key")!;
    if (seen.has(key)) return null;
    seen.add(key);
    return new Response(null, { status, headers: { "retry-after": "0" } });
  };
  // Once it does not take a batch, once it takes it and says otherwise.
  endpoint.mood = once(busy, 429);
  endpoint.afterwards = once(taken, 502);
  const { delivered } = await runExport(httpExport, options(endpoint));
  assert.deepEqual([delivered?.rows, endpoint.members.length, endpoint.repeated], [7, 7, 0]);
  assert.equal(endpoint.posted.length, 9);
});

Deno.test("what was delivered before the endpoint refused stays committed", async () => {
  await using endpoint = startEndpoint();
  endpoint.mood = () => endpoint.members.length === 0 ? null : new Response(null, { status: 422 });
  const failing = runExport(httpExport, options(endpoint));
  await assert.rejects(failing, { kind: "data", message: /does not take the members: status 422$/ });
  assert.equal(endpoint.members.length, 3);
});

Deno.test("an audience without members is exported as such", async () => {
  await using endpoint = startEndpoint();
  const { finished, delivered } = await runExport(httpExport, { ...options(endpoint), members: [] });
  assert.deepEqual([finished, delivered, endpoint.posted], [true, { rows: 0, bytes: 0, path: endpoint.url }, []]);
});

Deno.test("the plan tells size, requests, first members and the last export, and sends nothing", async () => {
  await using endpoint = startEndpoint();
  const { host } = new URL(endpoint.url);
  const history = [{ run: "run-0", rows: 5, path: endpoint.url, endedAt: 0 }];
  const plan = await planExport(httpExport, { ...options(endpoint), history });
  assert.equal(plan?.summary, `7 members of "The audience vip" would be sent to "${host}" in 3 requests`);
  assert.deepEqual(plan.facts, { audience: "vip", members: 7, requests: 3, fields: ["city", "email", "tags"] });
  assert.deepEqual(plan.sample?.rows.length, 5);
  assert.deepEqual(plan.sample.rows[1], ["Zürich", "member2@example.com", '["b"]']);
  assert.deepEqual(plan.notes, ["The last export sent 5 members."]);
  const empty = await planExport(httpExport, { ...options(endpoint), members: [] });
  assert.deepEqual(empty?.notes, ["The audience has no members: nothing would be sent."]);
  assert.equal(endpoint.posted.length, 0);
});
