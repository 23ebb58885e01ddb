import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { collectLog } from "../../testing/collect_log.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { openCore } from "../core.ts";
import { failure, makeFolder } from "../engine_testing.ts";
import { openRuntime } from "../open.ts";
import type { Engine, Runtime } from "../runtime.ts";
import type { Scope } from "../scopes.ts";
import { exportPublicKey, signExport } from "./signing.ts";

const PLUGINS = [import.meta.resolve("./export_plugin_testing.ts")];

const encoder = new TextEncoder();

const ROWS = [
  { id: "1", email: "ada@example.com", city: "Bern" },
  { id: "2", email: "bob@example.com", city: "Basel" },
  { id: "3", email: "eve@example.com", city: "Bern", note: "=1+1" },
];

interface Peer extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly folder: string;
  /** Runs an export and gives its run and the lines that it wrote. */
  run(config: Record<string, string | number | boolean | string[]>, engine?: Engine): Promise<Exported>;
  import(rows: readonly Record<string, string>[]): Promise<void>;
}

async function exported(runtime: Runtime, id: string) {
  const run = (await Array.fromAsync(runtime.runs.follow(id))).at(-1)!;
  const text = run.path === null ? "" : await Deno.readTextFile(run.path);
  return { run, lines: text === "" ? [] : text.split("\n").map((line) => JSON.parse(line)) };
}

type Exported = Awaited<ReturnType<typeof exported>>;

async function start(databases: TestDatabases): Promise<Peer> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder());
  await databases.useInHomes();
  const { log } = collectLog();
  const engineLog = { ...log, with: () => engineLog };
  const runtime = stack.use(
    await openRuntime({ home: `${folder.path}/home`, plugins: PLUGINS, runner: "cli", log: engineLog }),
  );
  await runtime.auths.create({ method: "collect-open", label: "Open", config: {} });
  const peer: Peer = {
    runtime,
    folder: folder.path,
    import: async (rows) => {
      const config = { stream: "people", rows: JSON.stringify(rows) };
      const { id } = await runtime.runs.start({ type: "collect-import", config });
      assert.equal((await exported(runtime, id)).run.status, "succeeded");
    },
    run: async (config, engine = runtime) => {
      const { id } = await engine.runs.start({ type: "collect-export", config: { to: folder.path, ...config } });
      return await exported(runtime, id);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
  await peer.import(ROWS);
  await runtime.audiences.create({ name: "Locals", slug: "locals", filter: 'FILTER city = "Bern"' });
  return peer;
}

/** What a token with a scope reaches. */
async function as(runtime: Runtime, scope: Scope): Promise<Engine> {
  const { token } = await runtime.tokens.create({ name: scope, scopes: [scope] });
  return runtime.as((await runtime.verifyToken(token))!);
}

onEachDatabase(
  "an export gets the members of its audience, with every field, and the run tells of it",
  async (databases) => {
    await using peer = await start(databases);
    const { run, lines } = await peer.run({ audience: "locals" });
    assert.deepEqual([run.status, run.rows, run.failure], ["succeeded", 2, null]);
    assert.deepEqual(run.bytes, (await Deno.stat(run.path!)).size);
    assert.deepEqual(lines.map(({ fields }) => fields), [
      { city: "Bern", email: "ada@example.com", id: "1" },
      { city: "Bern", email: "eve@example.com", id: "3", note: "=1+1" },
    ]);
    assert.equal(run.progress?.share, 1);
  },
);

onEachDatabase("fields come in the order chosen, members up to the limit, with their audiences", async (databases) => {
  await using peer = await start(databases);
  const { lines } = await peer.run({ audience: "all", fields: ["email", "id"], user_limit: 2, memberships: true });
  assert.deepEqual(lines.map(({ fields, in: audiences }) => [Object.entries(fields), audiences]), [
    [[["email", "ada@example.com"], ["id", "1"]], ["locals", "all"]],
    [[["email", "bob@example.com"], ["id", "2"]], ["all"]],
  ]);
});

onEachDatabase("a list audience is exported like any other", async (databases) => {
  await using peer = await start(databases);
  const { audiences } = peer.runtime;
  await audiences.create({ name: "Chosen", slug: "chosen", list: true });
  await audiences.importMembers("chosen", { field: "id", content: ReadableStream.from([encoder.encode("3\n9\n1\n")]) });
  const { lines } = await peer.run({ audience: "chosen", fields: ["id"] });
  assert.deepEqual(lines.map(({ fields }) => fields.id), ["1", "3"]);
});

onEachDatabase(
  "an unknown audience or field is refused when the job is saved, with the near one",
  async (databases) => {
    await using peer = await start(databases);
    const save = (config: Record<string, string | string[]>) =>
      peer.runtime.jobs.create({ type: "collect-export", label: "Out", config: { to: peer.folder, ...config } });
    const unknown = { code: "not_found" } as const;
    await assert.rejects(
      save({ audience: "local" }),
      failure("config", /Audience "local" does not exist/, { ...unknown, hint: /"locals"/ }),
    );
    await assert.rejects(
      save({ audience: "locals", fields: ["emial"] }),
      failure("config", /No profile has a field "emial"/, { ...unknown, hint: /"email"/ }),
    );
  },
);

onEachDatabase(
  "personal fields are exported only for whoever may see them, whoever starts the job",
  async (databases) => {
    await using peer = await start(databases);
    const { runtime, folder } = peer;
    await runtime.account.update({ settings: { pii_fields: ["email"] } });
    const campaigns = await as(runtime, "campaign_manager");
    const mine = await peer.run({ audience: "locals" });
    assert.deepEqual(Object.keys(mine.lines[0].fields), ["city", "email", "id"]);
    const theirs = await peer.run({ audience: "locals" }, campaigns);
    assert.deepEqual(Object.keys(theirs.lines[0].fields), ["city", "id"]);
    await assert.rejects(
      peer.run({ audience: "locals", fields: ["email"] }, campaigns),
      failure("auth", /"email" would be exported, .* the API token lacks "pii.read"/, { code: "forbidden" }),
    );
    const config = { audience: "locals", to: folder };
    await runtime.jobs.create({ type: "collect-export", label: "Mine", config });
    const started = await campaigns.runs.start({ job: "Mine" });
    assert.ok("email" in (await exported(runtime, started.id)).lines[0].fields);
    const changed = await campaigns.runs.start({ job: "Mine", config: { user_limit: 1 } });
    assert.ok(!("email" in (await exported(runtime, changed.id)).lines[0].fields));
    await campaigns.jobs.update("Mine", { config: { user_limit: 2 } });
    const after = await runtime.runs.start({ job: "Mine" });
    assert.ok(!("email" in (await exported(runtime, after.id)).lines[0].fields));
    const { revision, personal } = await runtime.jobs.get("Mine");
    assert.deepEqual([revision, personal], [2, false]);
    const admins = await as(runtime, "admin");
    const plan = await admins.jobs.plan("Mine");
    assert.deepEqual(plan.facts["columns"], ["city", "id", "note"]);
    assert.match(plan.notes.join(), /left out: whoever saved the job may not see them/);
    await admins.jobs.update("Mine", { config: { user_limit: 2 } });
    assert.deepEqual((await admins.jobs.plan("Mine")).facts["columns"], ["city", "email", "id", "note"]);
    assert.match((await campaigns.jobs.plan("Mine")).notes.join(), /left out here, as you may not see them/);
  },
);

onEachDatabase("a field that became personal says whose right is missing", async (databases) => {
  await using peer = await start(databases);
  const { runtime, folder } = peer;
  const campaigns = await as(runtime, "campaign_manager");
  const config = { audience: "all", fields: ["id", "note"], to: folder };
  await campaigns.jobs.create({ type: "collect-export", label: "Notes", config });
  await runtime.account.update({ settings: { pii_fields: ["note"] } });
  const admins = await as(runtime, "admin");
  await assert.rejects(
    admins.runs.start({ job: "Notes" }),
    failure("auth", /"note" would be exported, .* whoever saved the job lacks "pii.read"/, { code: "forbidden" }),
  );
  await admins.jobs.update("Notes", { config });
  const { id } = await admins.runs.start({ job: "Notes" });
  assert.equal((await exported(runtime, id)).run.status, "succeeded");
});

onEachDatabase("an attempt after a failure goes on with what was committed", async (databases) => {
  await using peer = await start(databases);
  const { run } = await peer.run({ audience: "locals", fail: true });
  assert.equal(run.status, "failed");
  await peer.runtime.runs.retry(run.id);
  const again = await exported(peer.runtime, run.id);
  assert.deepEqual([again.run.status, again.run.rows, again.run.attempts], ["succeeded", 2, 2]);
  const files = (await Array.fromAsync(Deno.readDir(peer.folder))).filter(({ isFile }) => isFile);
  assert.equal(files.length, 1);
});

onEachDatabase("an export that is held goes on once it is approved", async (databases) => {
  await using peer = await start(databases);
  const { run } = await peer.run({ audience: "all", most: 2 });
  assert.deepEqual([run.status, run.failure?.message], ["held", "There are more than ever"]);
  await peer.runtime.runs.approve(run.id);
  const { run: approved } = await exported(peer.runtime, run.id);
  assert.deepEqual([approved.status, approved.rows], ["succeeded", 3]);
});

onEachDatabase("the plan tells size, columns and the export before", async (databases) => {
  await using peer = await start(databases);
  const input = { type: "collect-export", config: { audience: "locals", to: peer.folder } };
  assert.deepEqual((await peer.runtime.jobs.plan(input)).facts, {
    columns: ["city", "email", "id", "note"],
    before: null,
  });
  await peer.run({ audience: "locals" });
  const plan = await peer.runtime.jobs.plan(input);
  assert.deepEqual([plan.summary, plan.facts["before"]], ['Would export 2 of "Locals"', 2]);
});

onEachDatabase("audiences and fields are listed for every export", async (databases) => {
  await using peer = await start(databases);
  const { jobs } = peer.runtime;
  const input = { type: "collect-export", config: { audience: "locals" } };
  assert.deepEqual((await jobs.choices(input, "audience")).items.map(({ value }) => value), ["all", "locals"]);
  assert.deepEqual((await jobs.choices(input, "fields", { query: "i" })).items.map(({ value }) => value), [
    "city",
    "email",
    "id",
  ]);
  await assert.rejects(
    jobs.choices({ type: "collect-export", config: {} }, "fields"),
    failure("config", /need "audience"/),
  );
});

onEachDatabase("a published file is opened by its link, and a run has one", async (databases) => {
  await using peer = await start(databases);
  const { run } = await peer.run({ audience: "locals", publish: true, fail: true });
  await peer.runtime.runs.retry(run.id);
  const { run: again } = await exported(peer.runtime, run.id);
  assert.ok(again.notes.includes("There was a file of an earlier attempt"), JSON.stringify(again));
  const { items } = await peer.runtime.artifacts.list();
  assert.deepEqual(
    items.map(({ kind, status, run_id }) => [kind, status, run_id]).sort(),
    [["export", "ready", run.id], ["export", "replaced", run.id]],
  );
});

onEachDatabase("a published file that was revoked is none to go on with", async (databases) => {
  await using peer = await start(databases);
  const { run } = await peer.run({ audience: "locals", publish: true, fail: true });
  const { items: [first] } = await peer.runtime.artifacts.list();
  await peer.runtime.artifacts.revoke(first!.id);
  await peer.runtime.runs.retry(run.id);
  const { run: again } = await exported(peer.runtime, run.id);
  assert.equal(again.status, "succeeded", JSON.stringify(again));
  assert.ok(!again.notes.includes("There was a file of an earlier attempt"), JSON.stringify(again));
});

onEachDatabase("what is signed is verified with the public key alone", async (databases) => {
  await using folder = await makeFolder();
  await databases.useInHomes();
  await using core = await openCore({ home: folder.path, plugins: [] });
  const bytes = new TextEncoder().encode("manifest");
  const { signature, publicKey } = await signExport(core.vault, bytes);
  assert.equal(publicKey, await exportPublicKey(core.vault));
  const x = publicKey.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const isRight = (text: string) => verify(null, new TextEncoder().encode(text), key, Uint8Array.fromBase64(signature));
  assert.deepEqual([isRight("manifest"), isRight("manifesto")], [true, false]);
});

onEachDatabase("whoever may only export sees and keeps what takes data out, and nothing else", async (databases) => {
  await using peer = await start(databases);
  const { runtime, folder } = peer;
  const campaigns = await as(runtime, "campaign_manager");
  const rows = { type: "collect-import", config: { stream: "people", rows: "[]" } };
  await runtime.jobs.create({ ...rows, label: "In" });
  await campaigns.jobs.create({
    type: "collect-export",
    label: "Out",
    config: { audience: "locals", to: folder },
  });
  const [seed] = (await runtime.runs.list()).items;
  const forbidden = (access: string) => failure("auth", new RegExp(`lacks "import.${access}"`), { code: "forbidden" });
  for (
    const attempt of [
      () => campaigns.jobs.create({ ...rows, label: "Mine" }),
      () => campaigns.jobs.update("In", { description: "x" }),
      () => campaigns.jobs.pause("In"),
      () => campaigns.jobs.delete("In"),
      () => campaigns.jobs.plan(rows),
      () => campaigns.jobs.choices(rows, "stream"),
      () => campaigns.runs.start({ job: "In" }),
      () => campaigns.runs.retry(seed!.id),
      () => campaigns.runs.stop(seed!.id),
    ]
  ) await assert.rejects(attempt(), forbidden("write"));
  await assert.rejects(campaigns.jobs.get("In"), forbidden("read"));
  await assert.rejects(campaigns.runs.get(seed!.id), forbidden("read"));
  const run = await campaigns.runs.start({ job: "Out" });
  assert.equal((await exported(runtime, run.id)).run.status, "succeeded");
  assert.deepEqual((await campaigns.jobs.list()).map(({ label }) => label), ["Out"]);
  assert.deepEqual((await campaigns.runs.list()).items.map(({ id }) => id), [run.id]);
});
