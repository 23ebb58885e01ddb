import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import type { CountQuestion } from "./count_session.ts";
import { type FirstThread, RemoteFirstThread, serveFirst } from "./first_thread.ts";

const QUESTION: CountQuestion = {
  account: { id: 1, publicId: "a".repeat(32), settings: { pii_fields: [] } as never },
  actor: { kind: "token", id: "1", name: "t", scopes: ["admin"] } as never,
  audience: "swiss",
};

/** The first thread as another sees it. */
function reach(first: Partial<FirstThread>): Disposable & { readonly remote: RemoteFirstThread } {
  const { port1, port2 } = new MessageChannel();
  serveFirst(port1, first as FirstThread);
  const remote = new RemoteFirstThread(port2);
  return {
    remote,
    [Symbol.dispose]: () => {
      remote[Symbol.dispose]();
      port1.close();
    },
  };
}

Deno.test("another thread gets the first one's answers, each its own, and its failures as they are", async () => {
  const queued = Promise.withResolvers<void>();
  using reached = reach({
    queued: queued.resolve,
    progress: async (run) => run === "r1" ? { done: 3, total: 5, unit: "rows" } as never : undefined,
    ready: () => Promise.reject(new Failure("transient", "The queue cannot be read", { hint: "Wait" })),
    count: async ({ audience }) => audience.length,
  });
  const { remote } = reached;
  remote.queued();
  await queued.promise;
  assert.deepEqual(await Promise.all([remote.progress("r2"), remote.count(QUESTION), remote.progress("r1")]), [
    undefined,
    5,
    { done: 3, total: 5, unit: "rows" },
  ]);
  await assert.rejects(remote.ready(), { name: "Failure", kind: "transient", hint: "Wait" });
});

Deno.test("a count that nobody waits for any more ends in the first thread, too", async () => {
  const began = Promise.withResolvers<AbortSignal>();
  using reached = reach({
    count: (_, signal) => {
      began.resolve(signal!);
      return new Promise(() => {});
    },
  });
  const abort = new AbortController();
  const counting = reached.remote.count(QUESTION, abort.signal);
  const signal = await began.promise;
  const ended = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  abort.abort();
  await assert.rejects(counting, { name: "Failure", kind: "cancelled" });
  await ended;
});

Deno.test("a thread that stops leaves nobody waiting", async () => {
  const { port1, port2 } = new MessageChannel();
  const remote = new RemoteFirstThread(port2);
  const asked = assert.rejects(remote.ready(), { name: "Failure", kind: "transient" });
  remote[Symbol.dispose]();
  await asked;
  port1.close();
});
