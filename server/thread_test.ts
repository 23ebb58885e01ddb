import assert from "node:assert/strict";
import { startThread, type Thread } from "./thread.ts";

function start(start: "serve" | "fail" | "break", said: string[] = []): Promise<Thread<string>> {
  const worker = new Worker(new URL("./thread_child_testing.ts", import.meta.url), { type: "module" });
  const heard = (text: string) => void said.push(text);
  return startThread<string, string, string>(worker, { what: "The thread", start, heard, patience: 20_000 });
}

Deno.test("a thread says what it serves as, and ends its work when it is told to", async () => {
  const said: string[] = [];
  const thread = await start("serve", said);
  assert.equal(thread.ready, "here");
  await thread[Symbol.asyncDispose]();
  await thread[Symbol.asyncDispose]();
  assert.deepEqual(said, ["hello", "bye"]);
});

Deno.test("what keeps a thread from serving is thrown as it is", async () => {
  await assert.rejects(start("fail"), {
    name: "Failure",
    kind: "config",
    message: "There is nothing to serve",
    hint: "Bring something",
  });
});

Deno.test("a thread that breaks is told by its name, and does not keep the others from ending", async () => {
  await using thread = await start("break");
  // Not before it serves: until then whoever starts it is told.
  using channel = new DisposableStack();
  channel.adopt(new BroadcastChannel("break"), (open) => open.close()).postMessage(null);
  await assert.rejects(thread.broken, {
    name: "Failure",
    kind: "transient",
    message: /^The thread broke: .*undefinedFunction is not defined/,
  });
});
