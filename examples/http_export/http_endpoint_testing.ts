/**
 * An HTTP endpoint on this machine, for tests: a real server that takes members, each delivery once, and can be told to
 * misbehave.
 *
 * @module
 */
import type { Member } from "@waybill/waybill";

/** What a server is told before it answers a request normally: null to, or another answer. */
export type Mood = (request: Request) => Response | null | Promise<Response | null>;

/** What was posted. */
export interface Posted {
  /** Its idempotency key. */
  readonly key: string;
  /** Ids of the members in it. */
  readonly ids: readonly number[];
}

/** A running server. */
export interface TestEndpoint extends AsyncDisposable {
  /** What an auth takes as `url`. */
  readonly url: string;
  /** Everything that was posted with the right token, what was refused and what came again too; a test may empty it. */
  readonly posted: Posted[];
  /** The members that it has, in the order in which they came first. */
  readonly members: readonly Member[];
  /** How often it took a member that it had. */
  readonly repeated: number;
  /** What it does before it takes a delivery; nothing unless told. */
  mood: Mood;
  /** What it does once it has taken one; nothing unless told. */
  afterwards: Mood;
}

/** The token that a server takes. */
export const TOKEN = "test-token-0123456789";

/** Starts one. */
export function startEndpoint(): TestEndpoint {
  const posted: Posted[] = [];
  const keys = new Set<string>();
  const members = new Map<number, Member>();
  let repeated = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    if (request.headers.get("authorization") !== `Bearer ${TOKEN}`) return new Response(null, { status: 401 });
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const key = request.headers.get("idempotency-key") ?? "";
    const body: { readonly members: readonly Member[] } = JSON.parse(await request.text());
    posted.push({ key, ids: body.members.map(({ id }) => id) });
    const other = await endpoint.mood(request);
    if (other !== null) return other;
    if (!keys.has(key)) {
      for (const member of body.members) {
        if (members.has(member.id)) repeated++;
        members.set(member.id, member);
      }
    }
    keys.add(key);
    return await endpoint.afterwards(request) ?? new Response(null, { status: 202 });
  });
  const endpoint: TestEndpoint = {
    url: `http://127.0.0.1:${server.addr.port}/members`,
    posted,
    get members() {
      return [...members.values()];
    },
    get repeated() {
      return repeated;
    },
    mood: () => null,
    afterwards: () => null,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
  return endpoint;
}
