import assert from "node:assert/strict";
import { Failure, type FailureKind } from "@waybill/waybill";
import { collectLog } from "@waybill/waybill/testing";
import { type Delivery, Endpoint } from "./endpoint.ts";
import { startEndpoint, TOKEN } from "./http_endpoint_testing.ts";
import { httpEndpointToken } from "./provider.ts";

const { log } = collectLog();
const { signal } = new AbortController();

const DELIVERY: Delivery = { body: new TextEncoder().encode('{"members":[]}'), key: "k-1" };

function endpointAt({ url }: { readonly url: string }, token = TOKEN): Endpoint {
  return new Endpoint({ url, token, log, timeout: 10_000 });
}

function failure(kind: FailureKind, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    assert.doesNotMatch(JSON.stringify(error), new RegExp(TOKEN));
    return true;
  };
}

const later = (status: number, retryAfter?: string) =>
  new Response(null, { status, headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } });

Deno.test("a busy or broken endpoint gets the delivery again with the same key, when it says or a moment later", async () => {
  await using server = startEndpoint();
  const answers = [later(429, "0"), later(503, new Date(0).toUTCString()), later(500)];
  server.mood = () => answers.shift() ?? null;
  await endpointAt(server).deliver(DELIVERY, signal);
  assert.deepEqual(server.posted.map(({ key }) => key), ["k-1", "k-1", "k-1", "k-1"]);
});

Deno.test("after six attempts the endpoint's failure counts, as one to try again later", async () => {
  await using server = startEndpoint();
  server.mood = () => later(503, "0");
  await assert.rejects(endpointAt(server).deliver(DELIVERY, signal), failure("transient", /answered with status 503$/));
  assert.equal(server.posted.length, 6);
});

Deno.test("an endpoint that asks for more patience than a minute is left for later at once", async () => {
  await using server = startEndpoint();
  server.mood = () => later(429, "61");
  await assert.rejects(endpointAt(server).deliver(DELIVERY, signal), failure("transient", /status 429$/));
  assert.equal(server.posted.length, 1);
});

Deno.test("a wait between attempts ends when the work is stopped", async () => {
  await using server = startEndpoint();
  const stop = new AbortController();
  const reason = new Failure("cancelled", "Stopped");
  server.mood = () => later(503, "50");
  const told = { ...log, debug: () => stop.abort(reason) };
  const endpoint = new Endpoint({ url: server.url, token: TOKEN, log: told });
  await assert.rejects(endpoint.deliver(DELIVERY, stop.signal), (error) => error === reason);
  assert.equal(server.posted.length, 1);
});

Deno.test("an endpoint that does not answer in time, or not at all, is a failure to try again later", async () => {
  const server = startEndpoint();
  const { promise, resolve } = Promise.withResolvers<Response>();
  server.mood = () => promise;
  const endpointWith = (timeout: number) => new Endpoint({ url: server.url, token: TOKEN, log, timeout, attempts: 2 });
  await assert.rejects(endpointWith(1).deliver(DELIVERY, signal), failure("transient", /took too long to answer$/));
  resolve(new Response());
  await server[Symbol.asyncDispose]();
  await assert.rejects(endpointWith(60_000).deliver(DELIVERY, signal), failure("transient", /cannot be reached$/));
});

const REFUSED: readonly [what: string, answer: Response, kind: FailureKind, hint: RegExp][] = [
  ["a token that is refused", later(401), "auth", /token that it takes/],
  ["a token that may not", later(403), "auth", /token that it takes/],
  ["members that it does not understand", later(400), "data", /Check the fields/],
  ["a batch that is too large", later(413), "data", /--batch-size/],
  ["a path that is not there", later(404), "config", /URL/],
  [
    "a redirect, which could lead the members elsewhere",
    new Response(null, { status: 307, headers: { location: "https://example.com/" } }),
    "config",
    /redirect is not followed/,
  ],
];

for (const [what, answer, kind, hint] of REFUSED) {
  Deno.test(`the endpoint is not asked again after ${what}`, async () => {
    await using server = startEndpoint();
    server.mood = () => answer;
    await assert.rejects(endpointAt(server).deliver(DELIVERY, signal), (error) => {
      assert.match((error as Failure).hint ?? "", hint);
      return failure(kind, /^"127\.0\.0\.1:\d+" /)(error);
    });
    assert.equal(server.posted.length, 1);
  });
}

Deno.test("members and token are sent only over https, or to this machine", () => {
  const takes = (url: string) => httpEndpointToken.config.safeParse({ url, token: "t" }).success;
  for (const url of ["https://x.example/in?list=7", "http://localhost:8080", "http://127.0.0.1:1/", "http://[::1]:1"]) {
    assert.ok(takes(url), url);
  }
  for (const url of ["http://x.example", "https://u:p@x.example", "https://x.example/#a", "ftp://x.example", "x"]) {
    assert.ok(!takes(url), url);
  }
});

Deno.test("the check tells a token that works from one that does not, and posts nothing", async () => {
  await using server = startEndpoint();
  const { host } = new URL(server.url);
  const check = async (token: string) => {
    const config = { url: server.url, token };
    const peer = { known: undefined, pin: async () => {} };
    const context = { label: "crm", config, peer, addresses: { allowPrivate: true }, signal, log };
    await using connection = await httpEndpointToken.connect(context);
    return await Array.fromAsync(httpEndpointToken.check(connection, context));
  };
  assert.deepEqual(await check(TOKEN), [{ name: "endpoint", ok: true, detail: `"${host}" answers with status 405` }]);
  const [refused] = await check("another");
  assert.deepEqual([refused?.ok, refused?.detail], [false, `"${host}" refuses the token`]);
  assert.deepEqual(server.posted, []);
});
