/**
 * A Contact Book on this machine, for tests: a real HTTP server that can be told to misbehave.
 *
 * @module
 */
import type { JsonValue } from "@waybill/waybill";

/** What a server is told before it answers a request normally: null to, or another answer. */
export type Mood = (url: URL) => Response | null | Promise<Response | null>;

/** A running server. */
export interface TestContactBook extends AsyncDisposable {
  /** What an auth takes as `base_url`. */
  readonly baseUrl: string;
  /** Paths and queries asked for so far; a test may empty it. */
  readonly requests: string[];
  /** What it does before it answers; nothing unless told. */
  mood: Mood;
}

/** The key that a server takes. */
export const API_KEY = "test-key-0123456789";

/** `count` contacts, each with a number, an address and a time. */
export function makeContacts(count: number): JsonValue[] {
  return Array.from({ length: count }, (_, index) => ({
    contact_id: `K-${index + 1}`,
    email: `contact${index + 1}@example.com`,
    tags: index % 2 === 0 ? ["even"] : [],
    updated_at: new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString(),
  }));
}

/** Starts one with the given collections, whose pages hold `pageSize` contacts. */
export function startContactBook(
  collections: Readonly<Record<string, readonly JsonValue[]>>,
  pageSize = 2,
): TestContactBook {
  const requests: string[] = [];
  const answer = (url: URL): Response => {
    if (url.pathname === "/api/account") return Response.json({ name: "Example Ltd." });
    if (url.pathname === "/api/collections") {
      const list = Object.entries(collections).map(([id, { length }]) => ({ id, title: `All ${id}`, size: length }));
      return Response.json({ collections: list });
    }
    const id = /^\/api\/collections\/([^/]+)\/contacts$/.exec(url.pathname)?.[1];
    const contacts = id === undefined ? undefined : collections[decodeURIComponent(id)];
    if (contacts === undefined) return new Response(null, { status: 404 });
    const start = Number(url.searchParams.get("cursor") ?? 0);
    const end = start + pageSize;
    return Response.json({
      contacts: contacts.slice(start, end),
      next: end < contacts.length ? String(end) : null,
    });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    requests.push(`${url.pathname}${url.search}`);
    if (request.headers.get("authorization") !== `Bearer ${API_KEY}`) return new Response(null, { status: 401 });
    return await book.mood(url) ?? answer(url);
  });
  const book: TestContactBook = {
    baseUrl: `http://127.0.0.1:${server.addr.port}/api`,
    requests,
    mood: () => null,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return book;
}
