import assert from "node:assert/strict";
import { Failure, type FailureKind } from "@waybill/waybill";
import { collectLog } from "@waybill/waybill/testing";
import { Api } from "./api.ts";
import { API_KEY, startContactBook, type TestContactBook } from "./contact_book_testing.ts";
import { contactBookKey } from "./provider.ts";

const { log } = collectLog();
const { signal } = new AbortController();

function apiOf({ baseUrl }: { readonly baseUrl: string }, apiKey = API_KEY): Api {
  return new Api({ baseUrl, apiKey, log, timeout: 10_000 });
}

function failure(kind: FailureKind, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    assert.doesNotMatch(JSON.stringify(error), new RegExp(API_KEY));
    return true;
  };
}

/** Answers the first requests with what is given, then normally. */
function atFirst(book: TestContactBook, ...answers: readonly Response[]): void {
  const left = [...answers];
  book.mood = () => left.shift() ?? null;
}

const later = (status: number, retryAfter?: string) =>
  new Response(null, { status, headers: retryAfter === undefined ? {} : { "retry-after": retryAfter } });

Deno.test("a busy or broken service is asked again, when it says or a moment later", async () => {
  await using book = startContactBook({ a: [] });
  atFirst(book, later(429, "0"), later(503, new Date(0).toUTCString()), later(500));
  assert.deepEqual(await apiOf(book).collections(signal), [{ id: "a", title: "All a", size: 0 }]);
  assert.equal(book.requests.length, 4);
});

Deno.test("after six attempts the service's failure counts, as one to try again later", async () => {
  await using book = startContactBook({});
  book.mood = () => later(503, "0");
  await assert.rejects(apiOf(book).collections(signal), failure("transient", /answered with status 503$/));
  assert.equal(book.requests.length, 6);
});

Deno.test("a service that asks for more patience than a minute is left for later at once", async () => {
  await using book = startContactBook({});
  book.mood = () => later(429, "3600");
  await assert.rejects(apiOf(book).collections(signal), failure("transient", /answered with status 429$/));
  assert.equal(book.requests.length, 1);
});

Deno.test("a pause between attempts ends when the work is stopped", async () => {
  await using book = startContactBook({});
  const stop = new AbortController();
  const reason = new Failure("cancelled", "Stopped");
  book.mood = () => later(503, "50");
  const { log } = collectLog();
  const told = { ...log, debug: () => stop.abort(reason) };
  const api = new Api({ baseUrl: book.baseUrl, apiKey: API_KEY, log: told });
  await assert.rejects(api.collections(stop.signal), (error) => error === reason);
  assert.equal(book.requests.length, 1);
});

Deno.test("a service that does not answer in time, or not at all, is a failure to try again later", async () => {
  const book = startContactBook({});
  const { promise, resolve } = Promise.withResolvers<Response>();
  book.mood = () => promise;
  const apiWith = (timeout: number) => new Api({ baseUrl: book.baseUrl, apiKey: API_KEY, log, timeout, attempts: 2 });
  await assert.rejects(apiWith(1).collections(signal), failure("transient", /took too long to answer$/));
  resolve(new Response());
  await book[Symbol.asyncDispose]();
  await assert.rejects(apiWith(60_000).collections(signal), failure("transient", /cannot be reached$/));
});

const REFUSED: readonly [what: string, answer: () => Response, kind: FailureKind, message: RegExp][] = [
  ["a refused key", () => later(401), "auth", /refuses the API key$/],
  ["a forbidden key", () => later(403), "auth", /refuses the API key$/],
  ["a path that is not there", () => later(404), "config", /does not exist/],
  [
    "a redirect, which could lead the key elsewhere",
    () => new Response(null, { status: 302, headers: { location: "https://example.com/" } }),
    "config",
    /status 302$/,
  ],
  ["a page that is no JSON", () => new Response("<html>"), "data", /is not JSON$/],
  ["JSON of another form", () => Response.json({ collections: [{ id: 1 }] }), "data", /at "collections\.0\.id"$/],
];

for (const [what, answer, kind, message] of REFUSED) {
  Deno.test(`the service is not asked again after ${what}`, async () => {
    await using book = startContactBook({});
    book.mood = answer;
    await assert.rejects(apiOf(book).collections(signal), failure(kind, message));
    assert.equal(book.requests.length, 1);
  });
}

Deno.test("the key is sent only over https, or to this machine", () => {
  const takes = (base_url: string) => contactBookKey.config.safeParse({ base_url, api_key: "k" }).success;
  for (const url of ["https://x.example/api", "http://localhost:8080", "http://127.0.0.1:1/api", "http://[::1]:1"]) {
    assert.ok(takes(url), url);
  }
  for (const url of ["http://x.example", "https://u:p@x.example", "https://x.example/?a=1", "ftp://x.example", "x"]) {
    assert.ok(!takes(url), url);
  }
});

Deno.test("the check tells a key that works from one that does not", async () => {
  await using book = startContactBook({ a: [], b: [] });
  const { host } = new URL(book.baseUrl);
  const check = async (apiKey: string) => {
    const config = { base_url: book.baseUrl, api_key: apiKey };
    const peer = { known: undefined, pin: async () => {} };
    const context = { label: "crm", config, peer, addresses: { allowPrivate: true }, signal, log };
    await using connection = await contactBookKey.connect(context);
    return await Array.fromAsync(contactBookKey.check(connection, context));
  };
  assert.deepEqual(await check(API_KEY), [
    { name: "key", ok: true, detail: `"${host}" knows it as the key of "Example Ltd."` },
    { name: "collections", ok: true, detail: "2 can be read" },
  ]);
  const [key] = await check("another");
  assert.equal(key?.ok, false);
  assert.equal(key.detail, `"${host}" refuses the API key`);
});
