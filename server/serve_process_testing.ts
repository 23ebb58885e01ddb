/**
 * The server as a process of its own, with the permissions that `deno task serve` grants.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A server process. */
export interface ServerProcess extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  /** What it wrote to stderr so far. */
  stderr(): string;
  /** Asks its API: the answer's `data`, of a request that must succeed. */
  api(request: string, json?: unknown): Promise<ReturnType<typeof JSON.parse>>;
  /** Uses this token from now on. */
  useToken(token: string): void;
  /** Sends a signal and gives the exit code. */
  stop(signal: Deno.Signal): Promise<number>;
}

/** The process as `deno task serve ...flags` would start it, with further flags of Deno's. */
export async function serverCommand(flags: readonly string[], deno: readonly string[] = []): Promise<Deno.Command> {
  const config = JSON.parse(await Deno.readTextFile(new URL("../deno.json", import.meta.url)));
  const task: string = config.tasks.serve.command;
  const words = task.replaceAll("'", "").split(/ +/);
  const program = words.indexOf("deno");
  // Variables stand before the program.
  const env = Object.fromEntries(words.slice(0, program).map((word) => word.split("=")));
  const main = new URL("./main.ts", import.meta.url).pathname;
  const args = [...words.slice(program + 1, -1), ...deno, main, ...flags];
  return new Deno.Command("deno", { args, env, stdout: "piped", stderr: "piped" });
}

/** Starts a server on a free port, with further flags, and waits until it answers. */
export async function startServer(home: string, flags: readonly string[] = []): Promise<ServerProcess> {
  const child = (await serverCommand(["--home", home, "--port", "0", "--no-sftp", ...flags])).spawn();
  let written = "";
  const listens = Promise.withResolvers<string>();
  const read = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      written += text;
      const url = /listens on (http:\S+),/.exec(written)?.[1];
      if (url !== undefined) listens.resolve(url);
    }
    listens.reject(new Error(`The server ended early:\n${written}`));
  })();
  const printed = child.stdout.cancel();
  const url = await listens.promise;
  let token = "";
  let ended = false;
  const stop = async (signal: Deno.Signal) => {
    child.kill(signal);
    const { code } = await child.status;
    ended = true;
    await Promise.all([read, printed]);
    return code;
  };
  return {
    url,
    stderr: () => written,
    useToken: (given) => token = given,
    api: async (request, json) => {
      const [method = "", path = ""] = request.split(" ");
      const headers = { authorization: token, ...(json === undefined ? {} : { "content-type": "application/json" }) };
      const body = json === undefined ? {} : { body: JSON.stringify(json) };
      const response = await fetch(`${url}${path}`, { method, headers, ...body });
      const text = await response.text();
      assert.ok(response.ok, `${request}: ${response.status} ${text}`);
      return JSON.parse(text).data;
    },
    stop,
    async [Symbol.asyncDispose]() {
      if (!ended) await stop("SIGKILL");
    },
  };
}
