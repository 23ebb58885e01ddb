import assert from "node:assert/strict";
import { Failure } from "../core/contracts/failure.ts";
import { listen } from "./listen.ts";

const ANYWHERE = { host: "127.0.0.1", port: 0 };

Deno.test("a request in flight is answered before the server has stopped", async () => {
  const [arrived, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = listen(ANYWHERE, async () => {
    arrived.resolve();
    await may.promise;
    return new Response("done");
  });
  const answer = fetch(listener.url).then((response) => response.text());
  await arrived.promise;
  const stopped = listener.stop(() => assert.fail("nothing was late"));
  may.resolve();
  assert.equal(await answer, "done");
  await stopped;
  await assert.rejects(fetch(listener.url), "nobody listens any more");
});

Deno.test("a body that is coming comes whole before the server has stopped", async () => {
  const arrived = Promise.withResolvers<void>();
  const listener = listen(ANYWHERE, async (request) => {
    let text = "";
    for await (const chunk of request.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      arrived.resolve();
    }
    return new Response(text);
  });
  const body = new TransformStream<Uint8Array, Uint8Array>();
  const writer = body.writable.getWriter();
  const answer = fetch(listener.url, { method: "POST", body: body.readable }).then((response) => response.text());
  const send = (text: string) => writer.write(new TextEncoder().encode(text));
  await send("one ");
  await arrived.promise;
  const stopped = listener.stop(() => assert.fail("nothing was late"));
  await send("two");
  await writer.close();
  assert.equal(await answer, "one two");
  await stopped;
  await assert.rejects(fetch(listener.url), "nobody listens any more");
});

Deno.test("a body that does not end is told to give up, and nobody listens any more", async () => {
  const [arrived, gaveUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = listen(ANYWHERE, async (request) => {
    const reader = request.body!.getReader();
    await reader.read();
    arrived.resolve();
    await Promise.race([reader.read(), gaveUp.promise]);
    reader.cancel().catch(() => {});
    return new Response("given up", { status: 503 });
  });
  const body = new TransformStream<Uint8Array, Uint8Array>();
  const writer = body.writable.getWriter();
  const answer = fetch(listener.url, { method: "POST", body: body.readable }).then((response) => response.status);
  await writer.write(new Uint8Array(1));
  await arrived.promise;
  await listener.stop(gaveUp.resolve, 1);
  assert.equal(await answer, 503);
  await assert.rejects(fetch(listener.url), "nobody listens any more");
});

Deno.test("requests that take too long are told to give up", async () => {
  const [arrived, gaveUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const listener = listen(ANYWHERE, async () => {
    arrived.resolve();
    await gaveUp.promise;
    return new Response("given up", { status: 503 });
  });
  const answer = fetch(listener.url).then(async (response) => [response.status, await response.text()]);
  await arrived.promise;
  await listener.stop(gaveUp.resolve, 1);
  assert.deepEqual(await answer, [503, "given up"]);
});

Deno.test("a port in use is a failure that names it", async () => {
  const listener = listen(ANYWHERE, () => new Response());
  const port = Number(new URL(listener.url).port);
  try {
    assert.throws(() => listen({ host: "127.0.0.1", port }, () => new Response()), (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.kind, "config");
      assert.match(error.message, new RegExp(`Port ${port} is in use`));
      assert.match(error.hint ?? "", /--port/);
      return true;
    });
  } finally {
    await listener.stop(() => {});
  }
});

Deno.test("an address that is not this machine's is a failure that names it", () => {
  assert.throws(
    () => listen({ host: "192.0.2.1", port: 0 }, () => new Response()),
    { name: "Failure", kind: "config", message: /192\.0\.2\.1/ },
  );
});

Deno.test("an address that is shared hands connections to all that listen", async () => {
  const met = new Set<string>();
  const answer = (name: string) => () => {
    met.add(name);
    return new Response();
  };
  const first = listen(ANYWHERE, answer("first"), "first");
  const further = listen(first.address, answer("further"), "further");
  assert.equal(further.url, first.url);
  for (let asked = 0; met.size < 2; asked++) {
    assert.ok(asked < 1_000, "nobody else is asked");
    using client = Deno.createHttpClient({});
    await (await fetch(first.url, { client })).body?.cancel();
  }
  assert.throws(() => listen(first.address, () => new Response(), "first"), { name: "Failure", code: "conflict" });
  await Promise.all([first.stop(() => {}), further.stop(() => {})]);
});
