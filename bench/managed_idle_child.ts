/**
 * Opens many SFTP sessions and leaves them idle. Prints a line once all are there; ends when its input does.
 *
 * `deno run … managed_idle_child.ts PORT USERNAME KEY_FILE SESSIONS`
 *
 * @module
 */
import { connectRaw } from "../server/sftp/raw_client_testing.ts";

const [port = "", username = "", key = "", sessions = ""] = Deno.args;
const privateKey = await Deno.readTextFile(key);
const connections = [];
for (let count = 0; count < Number(sessions); count++) {
  const connection = await connectRaw(Number(port), { username, privateKey });
  await connection.sftp();
  connections.push(connection);
}
console.log("ready");
for await (const _ of Deno.stdin.readable) { /* Until the bench closes it. */ }
for (const connection of connections) await connection[Symbol.asyncDispose]();
