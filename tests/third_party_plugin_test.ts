/**
 * The plugin in examples/contact_book, loaded as an operator loads a stranger's: by `--plugin` on the command line, by
 * `waybill.json` in the server.
 */
import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { API_KEY, makeContacts, startContactBook } from "../examples/contact_book/contact_book_testing.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { temporaryFolder } from "./support/home.ts";
import { type CommandResult, runCli, startCli } from "./support/waybill_process.ts";

const PLUGIN = fileURLToPath(new URL("../examples/contact_book/mod.ts", import.meta.url));
const CONTACTS = 60;
const CONFIG = { collection: "customers", stream: "contacts", identify_by: ["contact_id", "email"] };
const FLAGS = ["--collection", "customers", "--stream", "contacts", "--identify-by", "contact_id,email"];

function parsed({ code, stdout, stderr }: CommandResult): ReturnType<typeof JSON.parse> {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Older than this, in milliseconds, rows that were handed over are committed with the next page. */
const COMMIT_AGE = 2_000;

/** A service that takes its time over the page at 20, so that what came before it commits, and then holds the one at 40. */
function startHeldBook() {
  const book = startContactBook({ customers: makeContacts(CONTACTS) });
  const [held, released] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()];
  book.mood = (url) => {
    const cursor = url.searchParams.get("cursor");
    if (cursor === "20") return new Promise((resolve) => setTimeout(() => resolve(null), COMMIT_AGE + 200));
    if (cursor !== "40") return null;
    held.resolve();
    return released.promise;
  };
  const release = () => {
    book.mood = () => null;
    released.resolve(null);
  };
  return {
    baseUrl: book.baseUrl,
    /** Resolves once the page at 40 is asked for. */
    held: held.promise,
    /** Pages asked for since the last call, by cursor. */
    pages: () =>
      book.requests.splice(0).filter((request) => request.includes("/contacts?"))
        .map((request) => Number(/cursor=(\d+)/.exec(request)?.[1] ?? 0)),
    /** Answers all pages at once from now on. */
    release,
    async [Symbol.asyncDispose]() {
      release();
      await book[Symbol.asyncDispose]();
    },
  };
}

/** What an undisturbed import of the service leaves in a data directory. */
async function assertWhole(home: string): Promise<void> {
  const cli = async (...args: string[]) => parsed(await runCli(home, ["--plugin", PLUGIN, ...args, "--json"]));
  assert.equal((await cli("stream", "show", "contacts")).events, CONTACTS);
  const { attributes } = await cli("profile", "get", "email", `contact${CONTACTS}@example.com`);
  assert.equal(attributes.contact_id, `K-${CONTACTS}`);
}

Deno.test("a stranger's plugin does on the command line what a built-in one does, interrupted and resumed too", async () => {
  await using folder = await temporaryFolder();
  await using book = startHeldBook();
  const home = join(folder.path, "home");
  const key = join(folder.path, "key.txt");
  await Deno.writeTextFile(key, `${API_KEY}\n`);
  const cli = (...args: string[]) => runCli(home, ["--plugin", PLUGIN, ...args]);
  const json = async (...args: string[]) => parsed(await cli(...args, "--json"));

  const auth = ["auth", "create", "contact-book-key", "--label", "crm", "--base-url", book.baseUrl];
  await json(...auth, "--api-key-file", key);
  const shown = await cli("auth", "show", "crm");
  assert.ok(!shown.stdout.includes(API_KEY));
  assert.match((await cli("auth", "check", "crm")).stdout, /^ok +key +.*"Example Ltd\."/);
  const help = await cli("run", "contact-book-import", "--help");
  assert.match(help.stdout, /--collection TEXT .*required/);
  const { items } = await json("choices", "contact-book-import", "collection", "--auth", "crm");
  assert.deepEqual(items, [{ value: "customers", title: `All customers, ${CONTACTS} contacts` }]);
  const plan = await json("job", "plan", "contact-book-import", ...FLAGS);
  assert.equal(plan.facts.contacts, CONTACTS);
  book.pages();

  const running = startCli(home, ["--plugin", PLUGIN, "run", "contact-book-import", ...FLAGS]);
  await Promise.race([book.held, running.status.then(() => assert.fail(running.log.join("\n")))]);
  running.signal("SIGINT");
  assert.equal((await running.status).code, 7, running.log.join("\n"));
  assert.equal(book.pages().at(-1), 40);
  const [run] = await json("run", "list");
  assert.equal(run.status, "cancelled");
  // All that has come, where it takes long to stop: none of it is asked for again.
  assert.ok(run.accepted > 0 && run.accepted <= 40, `${run.accepted} accepted`);

  book.release();
  const retried = await json("run", "retry", run.id);
  assert.deepEqual([retried.status, retried.read, retried.accepted], ["succeeded", CONTACTS, CONTACTS]);
  assert.equal(book.pages()[0], run.accepted, "the first page after the checkpoint is the first one asked for");
  await assertWhole(home);
});

Deno.test("a plugin of waybill.json serves over HTTP, and its run outlives the server's kill", async () => {
  await using folder = await temporaryFolder();
  await using book = startHeldBook();
  const home = join(folder.path, "home");
  await Deno.mkdir(home);
  const plugins = [relative(home, PLUGIN)];
  await Deno.writeTextFile(join(home, "waybill.json"), JSON.stringify({ plugins }));
  const { token } = parsed(await runCli(home, ["token", "create", "--name", "test", "--scopes", "admin", "--json"]));
  let run: string;
  {
    await using server = await startServer(home);
    server.useToken(token);
    const config = { base_url: book.baseUrl, api_key: API_KEY };
    const auth = await server.api("POST /api/auth", { method: "contact-book-key", label: "crm", config });
    assert.ok(!JSON.stringify(auth).includes(API_KEY));
    const choices = "POST /api/job/type/contact-book-import/choices/identify_by";
    const fields = await server.api(choices, { auth: "crm", config: { collection: "customers" } });
    assert.deepEqual(fields[0], { value: "contact_id" });
    ({ id: run } = await server.api("POST /api/run", { type: "contact-book-import", auth: "crm", config: CONFIG }));
    await book.held;
    await server.stop("SIGKILL");
  }
  const reached = parsed(await runCli(home, ["run", "show", run, "--json"]));
  assert.ok(reached.accepted > 0 && reached.accepted <= 40, `${reached.accepted} accepted`);
  book.pages();
  book.release();
  {
    await using server = await startServer(home);
    server.useToken(token);
    let state = await server.api(`GET /api/run/${run}`);
    while (state.status === "queued" || state.status === "running") {
      await new Promise((resolve) => setTimeout(resolve, 50));
      state = await server.api(`GET /api/run/${run}`);
    }
    assert.deepEqual([state.status, state.read, state.accepted], ["succeeded", CONTACTS, CONTACTS], state.failure);
    assert.doesNotMatch(server.stderr(), new RegExp(API_KEY));
  }
  assert.equal(book.pages()[0], reached.accepted, "the first page after the checkpoint is the first one asked for");
  await assertWhole(home);
});
