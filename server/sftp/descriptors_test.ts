// What strangers leave open, counted from outside the process that serves.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { connectRaw } from "./raw_client_testing.ts";

/** Most descriptors that the runtime opens for itself meanwhile, and keeps: of 500 strangers' more would be seen. */
const OF_THE_RUNTIME = 10;
/** Longest wait for what strangers leave to be closed, in milliseconds. */
const PATIENCE = 30_000;

interface Child extends AsyncDisposable {
  readonly port: number;
  /** Descriptors that it has open. */
  descriptors(): Promise<number>;
}

/** Starts a server whose logins may take so many milliseconds. */
async function startChild(login: number): Promise<Child> {
  const script = fileURLToPath(new URL("./descriptors_child_testing.ts", import.meta.url));
  // Deno lets nobody look into /proc who may not do everything.
  const process = new Deno.Command("deno", {
    args: ["run", "--quiet", "--no-prompt", "--allow-all", script, String(login)],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [input, output] = [process.stdin.getWriter(), process.stdout.getReader()];
  const number = async () => Number(new TextDecoder().decode((await output.read()).value));
  return {
    port: await number(),
    descriptors: async () => {
      await input.write(Buffer.from("\n"));
      return await number();
    },
    [Symbol.asyncDispose]: async () => {
      await input.close();
      await output.cancel();
      await process.status;
    },
  };
}

async function dial(port: number): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => {});
  socket.resume();
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  await once(socket, "connect");
  return { socket, closed };
}

/** Comes as far as the login, and says no more. */
async function stopAtLogin(port: number): Promise<void> {
  const asked = Promise.withResolvers<void>();
  const login = connectRaw(port, { config: { authHandler: () => asked.resolve() } });
  await Promise.race([asked.promise, login.catch(() => {})]);
  await assert.rejects(login);
}

/** Its descriptors once they have stayed the same for a while. */
async function settled(child: Child): Promise<number> {
  let last = await child.descriptors();
  for (let same = 0; same < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = await child.descriptors();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

Deno.test({
  name: "500 idle sockets and half handshakes leave no descriptor open",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using child = await startChild(8_000);
    // The first connection makes the server open what it keeps.
    await (await connectRaw(child.port))[Symbol.asyncDispose]();
    const before = await settled(child);
    const logins = Array.from({ length: 20 }, () => stopAtLogin(child.port));
    const sockets = await Promise.all(Array.from({ length: 480 }, () => dial(child.port)));
    sockets.forEach(({ socket }, index) => {
      if (index % 4 === 1) socket.write("SSH-2.0-half\r\n");
      if (index % 4 === 2) socket.write("GET / HTTP/1.1\r\n\r\n");
      if (index % 4 === 3) socket.write(Buffer.concat([Buffer.from("SSH-2.0-half\r\n"), Buffer.alloc(4, 0xFF)]));
    });
    await Promise.all([...sockets.map(({ closed }) => closed), ...logins]);
    const limit = before + OF_THE_RUNTIME, until = Date.now() + PATIENCE;
    while (await child.descriptors() > limit && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const left = await child.descriptors();
    assert.ok(left <= limit, `${left} descriptors are open, and ${before} were before`);
    await using connection = await connectRaw(child.port);
    assert.ok(await connection.sftp(), "others get in");
  },
});
