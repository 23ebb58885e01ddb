/** Links to files with a real server and curl; and what is left when one is killed, or its disk is full. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requirePeer } from "@waybill/waybill/testing";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { openTestServer } from "../server/server_testing.ts";
import { openQuietRuntime, PLUGINS, temporaryFolder } from "./support/home.ts";
import { mountSmallDisk, requireSmallDisk } from "./support/small_disk.ts";

const CURL = "/usr/bin/curl";
const ROWS = 5_000;

/** A file of a good row and others that cannot be read, none of which compresses; gives its text without the good one. */
async function writeBroken(folder: string, rows: number): Promise<string> {
  const noise = () => crypto.getRandomValues(new Uint8Array(60)).toHex();
  const text = Array.from({ length: rows }, (_, row) => `${row},too many,${noise()}\n`).join("");
  await Deno.writeTextFile(join(folder, "broken.csv"), `id,email\ngood,row\n${text}`);
  return `id,email\n${text}`;
}

const CONFIG = { stream: "people", file: "broken.csv", identify_by: "id" };

/** A data directory with a run that rejected these rows; gives the run, a token and the file's text. */
async function prepare(home: string, folder: string) {
  const text = await writeBroken(folder, ROWS);
  await using runtime = await openQuietRuntime(home, "serve");
  await runtime.auths.create({ method: "local-folder", label: "here", config: { folder } });
  const { id } = await runtime.runs.start({ type: "csv-import", auth: "here", config: CONFIG });
  let last;
  for await (const run of runtime.runs.follow(id, { signal: AbortSignal.timeout(120_000) })) last = run;
  assert.deepEqual([last?.status, last?.rejected], ["succeeded", ROWS], JSON.stringify(last));
  const { token } = await runtime.tokens.create({ name: "test", scopes: ["data_manager"] });
  return { id, token, text };
}

Deno.test({
  name: "curl fetches a link's file: whole, in parts, resumed, behind a redirect, and after a restart of the server",
  ignore: !requirePeer("curl", CURL),
  fn: async () => {
    await using folder = await temporaryFolder();
    const home = join(folder.path, "home");
    const { id, token, text } = await prepare(home, folder.path);
    const curl = async (...args: string[]) => {
      const call = { args: ["-sS", "--noproxy", "*", ...args], cwd: folder.path, clearEnv: true };
      const { code, stdout, stderr } = await new Deno.Command(CURL, call).output();
      return { code, out: new TextDecoder().decode(stdout), said: new TextDecoder().decode(stderr) };
    };
    const read = (name: string) => Deno.readTextFile(join(folder.path, name));
    let url = "";
    const bytes = new TextEncoder().encode(text).length;
    {
      await using server = await startServer(home);
      server.useToken(token);
      const made = await server.api(`POST /api/run/${id}/rejects/link`, { format: "csv", expires_in: 600 });
      url = made.url;
      assert.equal(made.size, bytes);
      assert.ok(url.startsWith(`${server.url}/files/`));
      // Saved under its own name, as it lies there, whatever a client would unpack.
      const saved = await curl("--compressed", "-OJ", "-w", "%header{content-length} %{size_download}", url);
      assert.deepEqual([saved.code, saved.out], [0, `${bytes} ${bytes}`], saved.said);
      assert.equal(await read(`rejects-${id.slice(0, 8)}.csv`), text);
      const { out: head } = await curl("-I", url);
      assert.match(head, /^HTTP\/1.1 200 OK\r\n/);
      assert.match(head, new RegExp(`^content-length: ${bytes}\r$`, "im"));
      assert.match(head, /^accept-ranges: bytes\r$/im);
      assert.doesNotMatch(head, /content-encoding/i);
      assert.equal((await curl("-r", "10-19", url)).out, text.slice(10, 20));
      assert.equal((await curl("-r", "-7", url)).out, text.slice(-7));
      // A download that broke off after some bytes, whichever they were.
      const response = await fetch(url);
      const reader = response.body!.getReader();
      const { value: first } = await reader.read();
      await reader.cancel();
      await Deno.writeFile(join(folder.path, "part"), first!);
      const resumed = await curl("-C", "-", "-o", "part", "-w", "%{http_code}", url);
      assert.deepEqual([resumed.out, await read("part")], ["206", text]);
      assert.equal((await curl("-C", "-", "-o", "part", url)).code, 0, "All of it was there");
      // A client that shows the credentials of one service to the next.
      await using redirecting = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
        assert.match(request.headers.get("authorization") ?? "", /^Basic /);
        return Response.redirect(url, 302);
      });
      const there = `http://127.0.0.1:${redirecting.addr.port}/v1/export`;
      assert.equal((await curl("-L", "--location-trusted", "-u", "key:secret", there)).out, text);
      assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
      assert.ok(!server.stderr().includes(/v1\.([\w-]{20})/.exec(url)?.[1] ?? "?"), "The signature is in the log");
    }
    await using server = await startServer(home);
    server.useToken(token);
    const moved = url.replace(/^http:\/\/[^/]+/, server.url);
    assert.equal((await curl(moved)).out, text);
    const { id: artifact } = (await server.api("GET /api/artifact"))[0];
    const revoked = await fetch(`${server.url}/api/artifact/${artifact}`, {
      method: "DELETE",
      headers: { authorization: token },
    });
    assert.equal(revoked.status, 204);
    assert.equal((await curl("-o", "none", "-w", "%{http_code}", moved)).out, "404");
    assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
  },
});

onEachDatabase("what kill -9 left of a file that was being written is gone after the next start", async (databases) => {
  await databases.useInHomes();
  await using folder = await temporaryFolder();
  const home = join(folder.path, "home");
  const open = (runner: "none" | "serve") =>
    openRuntime({ home, plugins: PLUGINS, runner, log: createLog({ write: () => {} }) });
  await (await open("none"))[Symbol.asyncDispose]();
  const child = new Deno.Command("deno", {
    args: [
      "run",
      "--no-prompt",
      "--allow-read",
      `--allow-write=${home}`,
      "--allow-net=127.0.0.1",
      "--allow-env=WAYBILL_*,HOME,TMPDIR,TZ",
      "--allow-sys=hostname,uid",
      new URL("./support/artifact_child.ts", import.meta.url).pathname,
      home,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const said = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await said.read();
  const files = () => Array.from(Deno.readDirSync(join(home, "artifacts", "1")), ({ name }) => name);
  {
    // Somebody who lives writes it: the start of another process leaves it alone.
    await using runtime = await open("serve");
    assert.match(value ?? "", /writing/);
    assert.deepEqual((await runtime.artifacts.list()).items, []);
  }
  assert.equal(files().length, 1);
  child.kill("SIGKILL");
  await child.status;
  await said.cancel();
  assert.equal(files().length, 1);
  await (await open("serve"))[Symbol.asyncDispose]();
  assert.deepEqual(files(), []);
});

Deno.test({
  name: "a link's file that fills the disk is answered 503, and neither file nor row is left",
  ignore: !requireSmallDisk(),
  fn: async () => {
    await using folder = await temporaryFolder();
    await using disk = await mountSmallDisk({ mebibytes: 16 });
    const home = join(disk.path, "home");
    const { id } = await prepare(home, folder.path);
    await using server = await openTestServer({ home });
    const make = () => server.call(`POST /api/run/${id}/rejects/link`, { json: {} });
    const left = () => {
      try {
        return Array.from(Deno.readDirSync(join(home, "artifacts", "1")), ({ name }) => name);
      } catch {
        return [];
      }
    };
    const seen = { file: 0, database: 0 };
    let pages = 0;
    for (;; pages += 20) {
      disk.fill(pages);
      const made = await make();
      disk.free();
      if (made.status === 201) break;
      assert.equal(made.status, 503, made.text);
      assert.match(made.json.message, /is full/);
      seen[/artifacts/.test(made.json.message) ? "file" : "database"]++;
      assert.deepEqual(left(), []);
      assert.deepEqual((await server.call("GET /api/artifact")).json.data, []);
    }
    console.log(`A link takes up to ${pages} pages; full when it wrote: ${JSON.stringify(seen)}`);
    assert.ok(seen.file > 0);
    assert.equal(left().length, 1);
  },
});
