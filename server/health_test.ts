import assert from "node:assert/strict";
import { Failure } from "../core/contracts/failure.ts";
import { createLog } from "../core/engine/log.ts";
import type { Runtime } from "../core/engine/runtime.ts";
import { runServer } from "./serve.ts";
import { openTestServer } from "./server_testing.ts";

const silent = createLog({ write: () => {} });

Deno.test("a server that is open is alive and ready", async () => {
  await using server = await openTestServer();
  assert.deepEqual((await server.call("GET /healthz", { token: null })).json, { status: "ok" });
  assert.deepEqual((await server.call("GET /readyz", { token: null })).json, { status: "ready" });
});

Deno.test("while it opens, a server is alive but not ready, and says why", async () => {
  await using other = await openTestServer();
  const stop = new AbortController();
  const [bound, opened, ready] = [
    Promise.withResolvers<string>(),
    Promise.withResolvers<Runtime>(),
    Promise.withResolvers<string>(),
  ];
  const ended = runServer({
    host: "127.0.0.1",
    port: 0,
    open: (url) => {
      bound.resolve(url);
      return opened.promise;
    },
    log: silent,
    tell: () => {},
    signal: stop.signal,
    onListen: ready.resolve,
  });
  const url = await bound.promise;
  assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: "ok" });
  const early = await fetch(`${url}/readyz`);
  assert.deepEqual([early.status, (await early.json()).message], [503, "The server is starting"]);
  opened.resolve({ ...other.runtime, [Symbol.asyncDispose]: async () => {} });
  await ready.promise;
  assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), { status: "ready" });
  stop.abort();
  await ended;
});

Deno.test("a database that does not answer makes a server not ready, with the reason", async () => {
  await using server = await openTestServer({
    ready: () => Promise.reject(new Failure("transient", "The database is locked")),
  });
  const reply = await server.call("GET /readyz", { token: null });
  assert.deepEqual([reply.status, reply.json.message], [503, "The database is locked"]);
  assert.equal((await server.call("GET /healthz", { token: null })).status, 200);
});

Deno.test("a server whose runtime does not open lets go of its port", async () => {
  const stop = new AbortController();
  let url = "";
  const failure = new Failure("config", "The database is of a newer version");
  await assert.rejects(
    runServer({
      host: "127.0.0.1",
      port: 0,
      open: (at) => {
        url = at;
        return Promise.reject(failure);
      },
      log: silent,
      tell: () => {},
      signal: stop.signal,
    }),
    failure,
  );
  await assert.rejects(fetch(url));
});
