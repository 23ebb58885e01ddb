/** Exports by mail: a real mail server gets the link, and curl fetches the file. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { requirePeer } from "@waybill/waybill/testing";
import { testCli } from "../cli/cli_testing.ts";
import {
  readMail,
  type ReceivedMail,
  type SmtpBehaviour,
  startSmtp,
  variables,
} from "../core/engine/mail/smtp_testing.ts";
import type { ConfigInput, Runtime } from "../core/engine/runtime.ts";
import type { RunView } from "../core/engine/views.ts";
import { startServer } from "../server/serve_process_testing.ts";
import { openTestServer } from "../server/server_testing.ts";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { startServing } from "./support/waybill_process.ts";

const CURL = "/usr/bin/curl";
const CSV = "id,email,name,city\n1,ada@example.com,Ada,Bern\n2,bo@example.com,=1+1,Bern\n3,eve@example.com,Eve,Basel\n";
/** What the members of the audience `locals` are as a file that spreadsheets may open. */
const LOCALS = "email,name\r\nada@example.com,Ada\r\nbo@example.com,'=1+1\r\n";
const CONFIG = { audience: "locals", fields: ["email", "name"], email: ["ann@example.com"] };

/** A mail server that is set as Waybill's. */
async function mailServer(behaviour: SmtpBehaviour = {}, more: Readonly<Record<string, string>> = {}) {
  const server = await startSmtp(behaviour);
  const set = variables({ WAYBILL_SMTP_URL: `smtp://127.0.0.1:${server.port}?from=waybill@example.com`, ...more });
  return {
    ...server,
    [Symbol.asyncDispose]: async () => {
      set[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Three people, two of whom are in the audience `locals`. */
async function importPeople(runtime: Runtime, folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "people.csv"), CSV);
  await runtime.auths.create({ method: "local-folder", label: "here", config: { folder } });
  const config = { stream: "people", file: "people.csv", identify_by: ["id"] };
  const { status } = await ended(runtime, await runtime.runs.start({ type: "csv-import", auth: "here", config }));
  assert.equal(status, "succeeded");
  await runtime.audiences.create({ name: "Locals", slug: "locals", filter: 'FILTER city = "Bern"' });
}

async function ended(runtime: Runtime, { id }: Pick<RunView, "id">): Promise<RunView> {
  return (await Array.fromAsync(runtime.runs.follow(id, { signal: AbortSignal.timeout(120_000) }))).at(-1)!;
}

async function exported(runtime: Runtime, config: ConfigInput = CONFIG): Promise<RunView> {
  return await ended(runtime, await runtime.runs.start({ type: "email-csv", config }));
}

/** A data directory with those people, and what executes its runs. */
async function start() {
  const folder = await temporaryFolder();
  const lines: string[] = [];
  const runtime = await openQuietRuntime(join(folder.path, "home"), "cli", (line) => lines.push(line));
  await importPeople(runtime, folder.path);
  return {
    runtime,
    lines,
    [Symbol.asyncDispose]: async () => {
      await runtime[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The link of a mail: the same in text and HTML. */
async function linkOf(mail: ReceivedMail | undefined): Promise<string> {
  const { parts } = await readMail(mail?.raw ?? "");
  const url = /^https?:\S+$/m.exec(parts["text/plain"] ?? "")?.[0] ?? "";
  assert.notEqual(url, "", parts["text/plain"]);
  assert.ok(parts["text/html"]?.includes(`<a href="${url.replaceAll("&", "&amp;")}">`), parts["text/html"]);
  return url;
}

async function messageId(mail: ReceivedMail | undefined): Promise<string | undefined> {
  return (await readMail(mail?.raw ?? "")).headers["message-id"]?.[0];
}

Deno.test({
  name: "a job made over HTTP mails a link that curl fetches: whole, resumed, with a token of its own, without one",
  ignore: !requirePeer("curl", CURL),
  fn: async () => {
    await using mail = await mailServer();
    await using folder = await temporaryFolder();
    const home = join(folder.path, "home");
    let token = "";
    {
      await using runtime = await openQuietRuntime(home, "cli");
      await importPeople(runtime, folder.path);
      token = (await runtime.tokens.create({ name: "t", scopes: ["admin"] })).token;
    }
    await using server = await startServer(home);
    server.useToken(token);
    const config = { ...CONFIG, email: "ann@example.com,bo@example.com", timezone: "Europe/Berlin" };
    await server.api("POST /api/job", { type: "email-csv", label: "weekly", config });
    assert.deepEqual((await server.api("GET /api/auth")).map(({ label }: { label: string }) => label), [
      "email",
      "here",
    ]);
    const { id } = await server.api("POST /api/job/weekly/run");
    await using runtime = await openQuietRuntime(home, "none");
    const run = await ended(runtime, { id });
    assert.deepEqual([run.status, run.rows, run.bytes], ["succeeded", 2, LOCALS.length], JSON.stringify(run));
    assert.match(run.path ?? "", /^locals_\d{14}\.csv$/);
    assert.deepEqual(mail.mails.map(({ to }) => to), [["ann@example.com"], ["bo@example.com"]]);
    const url = await linkOf(mail.mails[0]);
    assert.equal(await linkOf(mail.mails[1]), url);
    assert.ok(url.startsWith(`${server.url}/files/`), url);
    const { headers, parts } = await readMail(mail.mails[0]!.raw);
    assert.deepEqual(headers["message-id"], [`<${id}@example.com>`]);
    assert.doesNotMatch(headers["subject"]?.[0] ?? "", /ocals|weekly|ada|ann/i);
    const said = parts["text/plain"] ?? "";
    const { items: [artifact] } = await runtime.artifacts.list();
    const expires = Temporal.Instant.from(artifact!.expires_at).toZonedDateTimeISO("Europe/Berlin").toPlainDateTime();
    assert.ok(said.includes(`works until ${expires.toString({ smallestUnit: "second" }).replace("T", " ")} +0`), said);
    assert.match(said, /rows +2$/m);
    assert.match(said, /columns +2: email, name$/m);
    const curl = async (...args: string[]) => {
      const call = { args: ["-sS", "--noproxy", "*", ...args], cwd: folder.path, clearEnv: true };
      const { code, stdout, stderr } = await new Deno.Command(CURL, call).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    assert.equal(await curl(url), LOCALS);
    assert.match(await curl("-I", url), /^content-type: text\/csv; charset=utf-8\r$/im);
    await Deno.writeTextFile(join(folder.path, "part"), LOCALS.slice(0, 17));
    assert.equal(await curl("-C", "-", "-o", "part", "-w", "%{http_code}", url), "206");
    assert.equal(await Deno.readTextFile(join(folder.path, "part")), LOCALS);
    // Clients repeat what they sent to whoever redirected them.
    await using redirecting = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      () => Response.redirect(url, 302),
    );
    const from = `http://127.0.0.1:${redirecting.addr.port}/`;
    for (const authorization of ["Bearer nonsense", "Basic a2V5OnNlY3JldA==", token]) {
      assert.equal(await curl("-L", "--location-trusted", "-H", `Authorization: ${authorization}`, from), LOCALS);
    }
    assert.equal(await server.stop("SIGTERM"), 0, server.stderr());
    const signature = /signature=v1\.([\w-]{20})/.exec(url)?.[1] ?? "?";
    assert.ok(!server.stderr().includes(signature), "The signature is in the log");
    assert.ok(!JSON.stringify([run, await runtime.runs.list(), await runtime.audit.list()]).includes(signature));
  },
});

Deno.test("the command line mails a link, plans without mailing, checks the mail server, and says what is not set", async () => {
  await using cli = await testCli();
  await Deno.writeTextFile(`${cli.folder}/people.csv`, CSV);
  await cli.json("auth", "create", "local-folder", "--label", "here", "--folder", cli.folder);
  const file = ["--auth", "here", "--file", "people.csv", "--stream", "people", "--identify-by", "id"];
  await cli.json("run", "csv-import", ...file);
  const flags = ["--audience", "all", "--fields", "email", "--email", "ann@example.com,bo@example.com"];
  {
    using _none = variables({ WAYBILL_SMTP_URL: "" });
    for (const command of [["run", "email-csv"], ["job", "create", "email-csv", "--label", "l"]]) {
      const { code, stderr } = await cli.run([...command, ...flags]);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /No mail server is named[^]*Set WAYBILL_SMTP_URL, such as smtps:/);
    }
  }
  await using mail = await mailServer();
  const daily = ["--continuous", "--time-of-day", "06:30", "--timezone", "Europe/Berlin"];
  const job = await cli.json("job", "create", "email-csv", "--label", "daily", ...flags, ...daily);
  const next = (job["next_runs"] as string[]).map((at) =>
    Temporal.Instant.from(at).toZonedDateTimeISO("Europe/Berlin")
  );
  assert.deepEqual(next.map(({ hour, minute }) => [hour, minute]), Array(5).fill([6, 30]));
  await cli.run(["job", "delete", "daily"]);
  const plan = await cli.json("job", "plan", "email-csv", ...flags);
  assert.equal(plan["summary"], 'Would mail 2 addresses a link to 3 rows of audience "all"');
  assert.equal(mail.mails.length, 0);
  const run = await cli.json("run", "email-csv", ...flags, "--compress", "gzip", "--no-include-headers");
  assert.deepEqual([run["status"], run["rows"]], ["succeeded", 3], JSON.stringify(run));
  assert.match(String(run["path"]), /^all_\d{14}\.csv\.gz$/);
  assert.match(JSON.stringify(run["notes"]), /No server works on this data directory/);
  assert.deepEqual(mail.mails.map(({ to }) => to), [["ann@example.com"], ["bo@example.com"]]);
  const check = await cli.run(["auth", "check", "email"]);
  assert.deepEqual([check.code, mail.mails.length], [0, 2], check.stderr);
  assert.match(check.stdout, /mail server +"127\.0\.0\.1:\d+" answers/);
  await cli.json(
    "auth",
    "create",
    "email",
    "--label",
    "team",
    "--from-name",
    "Data team",
    "--reply-to",
    "help@example.com",
  );
  await cli.json("run", "email-csv", ...flags, "--auth", "team");
  const [, , team] = mail.mails;
  const { headers } = await readMail(team!.raw);
  assert.deepEqual([headers["from"], headers["reply-to"]], [["Data team <waybill@example.com>"], ["help@example.com"]]);
  for (const address of ["nobody", "ann@example.com\r\nBcc: eve@example.com", "Ann <ann@example.com>"]) {
    const { code, stderr } = await cli.run([
      "job",
      "create",
      "email-csv",
      "--label",
      "l",
      "--audience",
      "all",
      "--email",
      address,
    ]);
    assert.equal(code, 3, address);
    assert.match(stderr, /--email must/);
  }
});

Deno.test("a link is good for 24 hours to the second, and not with a byte altered, nor revoked", async () => {
  await using mail = await mailServer({}, { WAYBILL_PUBLIC_URL: "https://waybill.example.com" });
  // It stands, so that a second is one however long an answer takes.
  let now = Date.now();
  const start = now;
  await using server = await openTestServer({ runner: "serve", clock: async () => now });
  await importPeople(server.runtime, server.folder);
  {
    using _none = variables({ WAYBILL_SMTP_URL: "" });
    const json = { type: "email-csv", label: "weekly", config: CONFIG };
    const refused = await server.call("POST /api/job", { json });
    assert.equal(refused.status, 400);
    assert.match(refused.text, /No mail server is named.*Set WAYBILL_SMTP_URL/);
  }
  assert.equal((await exported(server.runtime)).status, "succeeded");
  const url = await linkOf(mail.mails[0]);
  assert.ok(url.startsWith("https://waybill.example.com/files/"), url);
  const path = url.slice("https://waybill.example.com".length);
  const get = (path: string) => server.call(`GET ${path}`, { token: "" });
  assert.equal((await get(path)).text, LOCALS);
  const expires = Number(new URL(url).searchParams.get("expires")) * 1000;
  const { items: [artifact] } = await server.runtime.artifacts.list();
  // To the second, and none is good for less.
  const good = expires - Date.parse(artifact!.created_at);
  assert.ok(good >= 86_400_000 && good < 86_401_000, String(good));
  const at = async (time: number) => {
    now = time;
    return (await get(path)).status;
  };
  assert.deepEqual([await at(expires - 1_000), await at(expires + 1_000)], [200, 404]);
  now = start;
  for (let index = 0; index < path.length; index++) {
    const other = path[index] === "a" ? "b" : "a";
    const { status } = await get(path.slice(0, index) + other + path.slice(index + 1));
    assert.notEqual(status, 200, `${index} of ${path}`);
  }
  assert.equal((await get(path)).status, 200);
  await server.runtime.artifacts.revoke(artifact!.id);
  assert.equal((await get(path)).status, 404);
  assert.ok(!server.lines.join("\n").includes(new URL(url).searchParams.get("signature")!), "It is in the log");
});

Deno.test("whom the mail server refuses is told, the others get the mail, and a retry mails nobody twice", async () => {
  let refuses = true;
  await using mail = await mailServer({
    answer: (to, address) =>
      refuses && to === "recipient" && address.startsWith("bo@") ? "550 No such user" : undefined,
  });
  await using peer = await start();
  const email = ["bo@example.com", "ann@example.com"];
  const run = await exported(peer.runtime, { ...CONFIG, email });
  assert.deepEqual([run.status, run.failure?.kind], ["failed", "config"]);
  assert.match(
    run.failure?.message ?? "",
    /No mail goes to "bo@example\.com": .*refuses the recipient: 550 No such user/,
  );
  assert.deepEqual(mail.mails.map(({ to }) => to), [["ann@example.com"]]);
  refuses = false;
  await peer.runtime.runs.retry(run.id);
  assert.equal((await ended(peer.runtime, run)).status, "succeeded");
  assert.deepEqual(mail.mails.map(({ to }) => to), [["ann@example.com"], ["bo@example.com"]]);
  assert.equal(await linkOf(mail.mails[1]), await linkOf(mail.mails[0]));
  assert.equal(await messageId(mail.mails[1]), await messageId(mail.mails[0]));
  assert.equal((await peer.runtime.artifacts.list()).items.length, 1);
});

Deno.test("a mail server that greylists gets the mail once more, by itself", async () => {
  let tries = 0;
  await using mail = await mailServer({
    answer: (to) => to === "recipient" && ++tries === 1 ? "451 4.7.1 Greylisted, try again" : undefined,
  });
  await using peer = await start();
  const run = await exported(peer.runtime);
  assert.deepEqual([run.status, run.attempts, tries], ["succeeded", 2, 2], JSON.stringify(run));
  assert.equal(mail.mails.length, 1);
  assert.ok(peer.lines.some((line) => /Greylisted/.test(line)));
});

Deno.test("a run whose file was revoked before it was mailed makes another", async () => {
  let refuses = true;
  await using mail = await mailServer({ answer: (to) => refuses && to === "mail" ? "554 No" : undefined });
  await using peer = await start();
  const run = await exported(peer.runtime);
  assert.deepEqual([run.status, run.failure?.kind], ["failed", "data"]);
  const { items: [first] } = await peer.runtime.artifacts.list();
  await peer.runtime.artifacts.revoke(first!.id);
  refuses = false;
  await peer.runtime.runs.retry(run.id);
  assert.equal((await ended(peer.runtime, run)).status, "succeeded");
  const ready = (await peer.runtime.artifacts.list()).items.filter(({ status }) => status === "ready");
  assert.equal(ready.length, 1);
  assert.ok((await linkOf(mail.mails[0])).includes(ready[0]!.id));
});

/** Kills what executes the run when its mail server is about to answer, and starts it again. */
async function killedAt(when: "recipient" | "mail", mails: number): Promise<void> {
  let kill = () => {};
  await using mail = await mailServer({
    answer: (to) => {
      if (to === when) kill();
      return undefined;
    },
  }, { WAYBILL_PUBLIC_URL: "https://waybill.example.com" });
  await using folder = await temporaryFolder();
  const home = join(folder.path, "home");
  let id = "";
  {
    await using runtime = await openQuietRuntime(home, "cli");
    await importPeople(runtime, folder.path);
  }
  {
    await using runtime = await openQuietRuntime(home, "none");
    id = (await runtime.runs.start({ type: "email-csv", config: CONFIG })).id;
  }
  {
    await using process = startServing(home);
    kill = () => process.signal("SIGKILL");
    await process.status;
    kill = () => {};
  }
  await using _process = startServing(home);
  await using runtime = await openQuietRuntime(home, "none");
  const run = await ended(runtime, { id });
  assert.equal(run.status, "succeeded", JSON.stringify(run));
  assert.ok(mail.mails.length >= 1 && mail.mails.length <= mails, String(mail.mails.length));
  const links = await Promise.all(mail.mails.map(linkOf));
  const ids = await Promise.all(mail.mails.map(messageId));
  assert.deepEqual([new Set(links).size, new Set(ids)], [1, new Set([`<${id}@example.com>`])]);
  const { items } = await runtime.artifacts.list();
  assert.deepEqual(items.map(({ status }) => status), ["ready"]);
  assert.ok(links[0]?.includes(items[0]!.id));
}

Deno.test("killed before its mail is taken, a run mails the link once after its next start", () =>
  killedAt("recipient", 1));

Deno.test("killed when its mail is taken, a run mails the same link again, under the same Message-ID", () =>
  killedAt("mail", 2));

Deno.test("an erasure ends what was mailed before it, and what is mailed after it is without the erased", async () => {
  await using mail = await mailServer({}, { WAYBILL_PUBLIC_URL: "http://waybill.test" });
  await using server = await openTestServer({ runner: "serve" });
  await importPeople(server.runtime, server.folder);
  await exported(server.runtime);
  const get = async (mail: ReceivedMail | undefined) =>
    await server.call(`GET ${(await linkOf(mail)).slice("http://waybill.test".length)}`, { token: "" });
  assert.equal((await get(mail.mails[0])).status, 200);
  const { request_id } = await server.runtime.erasures.request("id", "1");
  while ((await server.runtime.erasures.get(request_id)).state !== "done") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal((await get(mail.mails[0])).status, 404);
  const { items } = await server.runtime.artifacts.list();
  assert.deepEqual(items.map(({ status }) => status), ["erased"]);
  await exported(server.runtime);
  assert.equal((await get(mail.mails[1])).text, LOCALS.replace("ada@example.com,Ada\r\n", ""));
});

Deno.test("an export that differs too much from the one before is held before anybody is mailed", async () => {
  await using mail = await mailServer();
  await using peer = await start();
  const job = await peer.runtime.jobs.create({
    type: "email-csv",
    label: "weekly",
    config: { ...CONFIG, audience: "all", hold_change: 20 },
  });
  const go = async () => await ended(peer.runtime, await peer.runtime.runs.start({ job: job.id }));
  assert.equal((await go()).status, "succeeded");
  await peer.runtime.jobs.update("weekly", { config: { audience: "locals" } });
  const held = await go();
  assert.deepEqual([held.status, mail.mails.length], ["held", 1], JSON.stringify(held));
  assert.match(JSON.stringify(held), /has 2 rows, and the one before 3/);
  await peer.runtime.runs.approve(held.id);
  assert.equal((await ended(peer.runtime, held)).status, "succeeded");
  assert.equal(mail.mails.length, 2);
});
