/**
 * A server for tests in a process of its own: prints its port, and for each line of its input how many descriptors the
 * process has open. Ends when its input does.
 *
 * @module
 */
import { startTestServer } from "./server_testing.ts";

const [login = ""] = Deno.args;
await using server = await startTestServer({ limits: { login: Number(login), strangers: 600 } });
console.log(server.port);
for await (const _ of Deno.stdin.readable) {
  console.log((await Array.fromAsync(Deno.readDir("/proc/self/fd"))).length);
}
