import assert from "node:assert/strict";
import { join } from "node:path";
import { requireOpenSsh, startOpenSsh, startProxy } from "@waybill/waybill/testing";
import { serverCommand, startServer } from "./serve_process_testing.ts";

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "waybill-serve-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** The token that a first start shows. */
function shownToken(stderr: string): string | undefined {
  return /never shown again\.\n\n {2}(\S+)\n/.exec(stderr)?.[1];
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`the first start shows a token that later starts know, and ${signal} ends the server with 0`, async () => {
    await using root = await temporaryFolder();
    const home = join(root.path, "home");
    let token: string | undefined;
    {
      await using server = await startServer(home);
      token = shownToken(server.stderr());
      assert.ok(token !== undefined, server.stderr());
      server.useToken(token);
      assert.deepEqual(await server.api("GET /api/run"), []);
      assert.equal(await server.stop(signal), 0, server.stderr());
    }
    await using server = await startServer(home);
    assert.equal(shownToken(server.stderr()), undefined);
    server.useToken(token);
    assert.deepEqual(await server.api("GET /api/run"), []);
    assert.equal(await server.stop(signal), 0, server.stderr());
  });
}

Deno.test({
  name: "an import that SIGTERM interrupts goes on after a restart and counts every row once",
  ignore: !requireOpenSsh(),
  fn: async () => {
    const rows = 300_000;
    await using root = await temporaryFolder();
    const home = join(root.path, "home");
    await using peer = await startOpenSsh();
    await using proxy = await startProxy(peer);
    const lines = ["id,email,name"];
    for (let row = 0; row < rows; row++) lines.push(`${row},u${row}@example.com,"Name, ${row}"`);
    const file = new TextEncoder().encode(`${lines.join("\n")}\n`);
    await Deno.writeFile(join(peer.folder, "big.csv"), file);
    // The import cannot end before the signal: the last third of its file comes after it.
    const signalled = Promise.withResolvers<void>();
    let token = "";
    let id = "";
    {
      await using server = await startServer(home);
      token = shownToken(server.stderr()) ?? "";
      server.useToken(token);
      const { username, privateKey: private_key, folder } = peer;
      const login = { host: proxy.host, port: proxy.port, username, private_key, folder };
      await server.api("POST /api/auth", { method: "sftp", label: "partner", config: login });
      proxy.cutAfter(file.length * 2 / 3, () => signalled.promise);
      const config = { stream: "big", file: "big.csv", identify_by: ["id"] };
      ({ id } = await server.api("POST /api/run", { type: "csv-import", auth: "partner", config }));
      while ((await server.api(`GET /api/run/${id}`)).accepted === 0);
      assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
      signalled.resolve();
    }
    await using server = await startServer(home);
    server.useToken(token);
    let run = await server.api(`GET /api/run/${id}`);
    while (run.status === "queued" || run.status === "running") run = await server.api(`GET /api/run/${id}`);
    assert.deepEqual(
      [run.status, run.attempts, run.read, run.accepted, run.profiles_created],
      ["succeeded", 2, rows, rows, rows],
      JSON.stringify(run),
    );
    assert.equal((await server.api("GET /api/stream/big")).events, rows);
    assert.equal((await server.api("GET /api/profile?field=id&value=299999")).attributes.name, "Name, 299999");
  },
});

Deno.test("two servers of a data directory heed at once what the other was told, and one goes on alone", async () => {
  await using root = await temporaryFolder();
  const home = join(root.path, "home");
  await using first = await startServer(home);
  const token = shownToken(first.stderr()) ?? "";
  await using second = await startServer(home);
  assert.notEqual(second.url, first.url);
  assert.equal(shownToken(second.stderr()), undefined);
  for (const server of [first, second]) server.useToken(token);
  await Deno.writeTextFile(join(root.path, "people.csv"), "email,country\nann@example.com,CH\n");
  await first.api("POST /api/auth", { method: "local-folder", label: "here", config: { folder: root.path } });
  const config = { stream: "people", file: "people.csv", identify_by: ["email"] };
  const { id } = await first.api("POST /api/run", { type: "csv-import", auth: "here", config });
  let run = await second.api(`GET /api/run/${id}`);
  while (run.status === "queued" || run.status === "running") run = await second.api(`GET /api/run/${id}`);
  assert.equal(run.status, "succeeded", JSON.stringify(run));
  const segments = async () => (await second.api("GET /api/entity/user/email/ann@example.com")).segments;
  assert.deepEqual(await segments(), ["all"]);
  await first.api("POST /api/audience", { filter: 'FILTER country = "CH" ALIAS swiss' });
  assert.deepEqual(await segments(), ["swiss", "all"]);
  const made = await first.api("POST /api/auth/createtoken", { name: "short", scopes: ["observer"] });
  const status = async () => {
    const response = await fetch(`${second.url}/api/audience`, { headers: { authorization: made.token } });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status(), 200);
  const headers = { authorization: token };
  assert.equal((await fetch(`${first.url}/api/auth/${made.id}`, { method: "DELETE", headers })).status, 204);
  assert.equal(await status(), 401);
  assert.equal(await first.stop("SIGTERM"), 0, first.stderr());
  assert.deepEqual(await segments(), ["swiss", "all"]);
  assert.equal(await second.stop("SIGTERM"), 0, second.stderr());
});

Deno.test("a port in use ends the program with 3 and says what to do", async () => {
  await using root = await temporaryFolder();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const command = await serverCommand(["--home", join(root.path, "home"), "--port", String(port), "--no-sftp"]);
  const { code, stderr } = await command.output();
  assert.equal(code, 3);
  assert.match(new TextDecoder().decode(stderr), new RegExp(`^error: Port ${port} is in use.*\nhint: .*--port`));
});

Deno.test("the server takes the flags of `waybill serve`, with its help and its errors", async () => {
  const cases: readonly (readonly [flags: readonly string[], error: RegExp])[] = [
    [["--prot", "1"], /There is no flag --prot\nhint: Did you mean --port\?/],
    [["--port", "x"], /--port must be a whole number from 0 to 65535/],
    [["--port", "65536"], /--port must be a whole number/],
    [["--port", "1", "--port", "2"], /--port is given twice/],
    [["stray"], /"serve" takes 0 arguments, not 1/],
  ];
  for (const [flags, error] of cases) {
    const { code, stderr } = await (await serverCommand(flags)).output();
    assert.equal(code, 2, flags.join(" "));
    assert.match(new TextDecoder().decode(stderr), error);
  }
  const { code, stdout } = await (await serverCommand(["--help"])).output();
  assert.equal(code, 0);
  assert.match(
    new TextDecoder().decode(stdout),
    /^Starts the HTTP and SFTP servers[^]*Usage: .* serve[^]*--host[^]*--port[^]*--home/,
  );
});

Deno.test("a plugin that does not load ends the program with 3 and names it", async () => {
  await using root = await temporaryFolder();
  const { code, stderr } = await (await serverCommand([
    ...["--home", join(root.path, "home"), "--port", "0", "--no-sftp"],
    ...["--plugin", join(root.path, "missing.ts")],
  ])).output();
  assert.equal(code, 3);
  assert.match(new TextDecoder().decode(stderr), /^error: Plugin ".*missing\.ts" could not be loaded/m);
});

Deno.test("a server whose links would lead nowhere does not start", async () => {
  await using root = await temporaryFolder();
  Deno.env.set("WAYBILL_PUBLIC_URL", "waybill.example.com");
  try {
    const home = join(root.path, "home");
    const { code, stderr } = await (await serverCommand(["--home", home, "--port", "0"])).output();
    assert.equal(code, 3);
    assert.match(new TextDecoder().decode(stderr), /WAYBILL_PUBLIC_URL is not an address that links can begin with/);
  } finally {
    Deno.env.delete("WAYBILL_PUBLIC_URL");
  }
});
