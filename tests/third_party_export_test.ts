/**
 * The plugin in examples/http_export, loaded as an operator loads a stranger's: by `--plugin` on the command line, by
 * `waybill.json` in the server. Its endpoint gets every member, whatever happens to the run.
 */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { startEndpoint, TOKEN } from "../examples/http_export/http_endpoint_testing.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { temporaryFolder } from "./support/home.ts";
import { type CommandResult, runCli, startCli } from "./support/waybill_process.ts";

const PLUGIN = fileURLToPath(new URL("../examples/http_export/mod.ts", import.meta.url));
/** Every other one lives in Bern. */
const PEOPLE = 60;
const CONFIG = { audience: "bern", fields: ["email", "city"], batch_size: 10 };
const FLAGS = ["--audience", "bern", "--fields", "email,city", "--batch-size", "10"];

function parsed({ code, stdout, stderr }: CommandResult): ReturnType<typeof JSON.parse> {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** An endpoint that holds its answer to the second batch, once it has taken it. */
function startHeldEndpoint() {
  const endpoint = startEndpoint();
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()];
  endpoint.afterwards = () => {
    if (endpoint.posted.length !== 2) return null;
    held.resolve();
    return released.promise;
  };
  return {
    endpoint,
    /** Resolves once the second batch is taken. */
    held: held.promise,
    /** Answers at once from now on. */
    release() {
      endpoint.afterwards = () => null;
      released.resolve(null);
    },
    async [Symbol.asyncDispose]() {
      this.release();
      await endpoint[Symbol.asyncDispose]();
    },
  };
}

/** A data directory with people, an audience of half of them, and the endpoint's token in a file. */
async function prepare(folder: string): Promise<string> {
  const home = join(folder, "home");
  const people = Array.from({ length: PEOPLE }, (_, index) => {
    const id = index + 1;
    return `${id},person${id}@example.com,${id % 2 === 0 ? "Bern" : "Basel"}`;
  });
  await Deno.writeTextFile(join(folder, "people.csv"), ["id,email,city", ...people].join("\n"));
  await Deno.writeTextFile(join(folder, "token.txt"), `${TOKEN}\n`);
  const cli = async (...args: string[]) => parsed(await runCli(home, [...args, "--json"]));
  await cli("auth", "create", "local-folder", "--label", "in", "--folder", folder);
  const imported = ["--file", "people.csv", "--stream", "people", "--identify-by", "id"];
  assert.equal((await cli("run", "csv-import", "--auth", "in", ...imported)).accepted, PEOPLE);
  await cli("audience", "create", "--name", "Bern", "--slug", "bern", "--filter", 'FILTER city = "Bern"');
  return home;
}

type HeldEndpoint = ReturnType<typeof startHeldEndpoint>;

/** Each member counted once, though the batch whose answer was lost came again: with the key that it had. */
function assertWhole({ endpoint: { posted, members, repeated } }: HeldEndpoint): void {
  assert.deepEqual([members.length, repeated], [PEOPLE / 2, 0]);
  assert.deepEqual(members[0]?.fields, { email: "person2@example.com", city: "Bern" });
  const [first, lost, again, last] = posted;
  assert.equal(posted.length, 4);
  assert.deepEqual(again, lost);
  assert.equal(new Set([first?.key, lost?.key, last?.key]).size, 3);
}

Deno.test("a stranger's export does on the command line what a built-in one does, interrupted and resumed too", async () => {
  await using folder = await temporaryFolder();
  await using peer = startHeldEndpoint();
  const { endpoint } = peer;
  const home = await prepare(folder.path);
  const cli = (...args: string[]) => runCli(home, ["--plugin", PLUGIN, ...args]);
  const json = async (...args: string[]) => parsed(await cli(...args, "--json"));

  const auth = ["auth", "create", "http-endpoint-token", "--label", "crm", "--url", endpoint.url];
  await json(...auth, "--token-file", join(folder.path, "token.txt"));
  assert.ok(!(await cli("auth", "show", "crm")).stdout.includes(TOKEN));
  assert.match((await cli("auth", "check", "crm")).stdout, /^ok +endpoint +.*status 405/);
  const values = async (field: string) =>
    (await json("choices", "http-export", field, "--auth", "crm", "--audience", "bern")).items
      .map(({ value }: { readonly value: string }) => value);
  assert.deepEqual(await values("audience"), ["all", "bern"]);
  assert.deepEqual(await values("fields"), ["city", "email", "id"]);
  const plan = await json("job", "plan", "http-export", "--auth", "crm", ...FLAGS);
  assert.deepEqual([plan.facts.members, plan.facts.requests], [30, 3]);
  assert.deepEqual(endpoint.posted, []);

  const running = startCli(home, ["--plugin", PLUGIN, "run", "http-export", "--auth", "crm", ...FLAGS]);
  await Promise.race([peer.held, running.status.then(() => assert.fail(running.log.join("\n")))]);
  running.signal("SIGINT");
  assert.equal((await running.status).code, 7, running.log.join("\n"));
  const [run] = await json("run", "list");
  assert.deepEqual([run.status, run.rows], ["cancelled", 10]);

  peer.release();
  const retried = await json("run", "retry", run.id);
  assert.deepEqual([retried.status, retried.rows, retried.path], ["succeeded", 30, endpoint.url]);
  assertWhole(peer);
});

Deno.test("a stranger's export of waybill.json outlives the server's kill", async () => {
  await using folder = await temporaryFolder();
  await using peer = startHeldEndpoint();
  const home = await prepare(folder.path);
  await Deno.writeTextFile(join(home, "waybill.json"), JSON.stringify({ plugins: [relative(home, PLUGIN)] }));
  const { token } = parsed(await runCli(home, ["token", "create", "--name", "test", "--scopes", "admin", "--json"]));
  let run: string;
  {
    await using server = await startServer(home);
    server.useToken(token);
    const config = { url: peer.endpoint.url, token: TOKEN };
    await server.api("POST /api/auth", { method: "http-endpoint-token", label: "crm", config });
    ({ id: run } = await server.api("POST /api/run", { type: "http-export", auth: "crm", config: CONFIG }));
    await peer.held;
    await server.stop("SIGKILL");
  }
  peer.release();
  {
    await using server = await startServer(home);
    server.useToken(token);
    let state = await server.api(`GET /api/run/${run}`);
    while (state.status === "queued" || state.status === "running") {
      await new Promise((resolve) => setTimeout(resolve, 50));
      state = await server.api(`GET /api/run/${run}`);
    }
    assert.deepEqual([state.status, state.rows], ["succeeded", 30], state.failure);
    assert.doesNotMatch(server.stderr(), new RegExp(TOKEN));
  }
  assertWhole(peer);
});
