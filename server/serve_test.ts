import assert from "node:assert/strict";
import { join } from "node:path";
import { Failure } from "../core/contracts/failure.ts";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { runServer } from "./serve.ts";

Deno.test("a thread that breaks ends the server with what it says", async () => {
  const root = await Deno.makeTempDir({ prefix: "waybill-serve-" });
  const log = createLog({ write: () => {} }), broken = Promise.withResolvers<never>();
  let ended = 0;
  try {
    const serving = runServer({
      host: "127.0.0.1",
      port: 0,
      open: () => openRuntime({ home: join(root, "home"), plugins: [], runner: "none", log }),
      log,
      tell: () => {},
      signal: new AbortController().signal,
      threads: async () => ({ broken: broken.promise, [Symbol.asyncDispose]: async () => void ended++ }),
      onListen: () => broken.reject(new Failure("transient", "A thread that answers HTTP broke: too much")),
    });
    await assert.rejects(serving, { name: "Failure", message: "A thread that answers HTTP broke: too much" });
    assert.equal(ended, 1);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
