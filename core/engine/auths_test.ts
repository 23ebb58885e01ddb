import assert from "node:assert/strict";
import type { CheckResult } from "../contracts/auth.ts";
import { onEachDatabase } from "../testing/each_database_testing.ts";
import { authsOf } from "./auths.ts";
import { failure, startEngine } from "./engine_testing.ts";
import { addRun } from "./import_testing.ts";
import { tokensOf } from "./tokens.ts";

const LOGIN = { method: "echo-login", label: "Partner", config: { host: "here", password: "hunter22" } };

async function all(results: AsyncIterable<CheckResult>): Promise<CheckResult[]> {
  return await Array.fromAsync(results);
}

onEachDatabase("a saved auth names its secrets and shows none", async (databases) => {
  await using engine = await startEngine(databases);
  const view = await engine.auths.create({
    ...LOGIN,
    config: { ...LOGIN.config, port: "2222" },
    description: "Theirs",
  });
  assert.match(view.id, /^[0-9a-f]{32}$/);
  assert.deepEqual(view.config, { host: "here", port: 2222 });
  assert.deepEqual(view.secrets, ["password"]);
  assert.deepEqual([view.provider_id, view.method, view.peer, view.description], [
    "echo",
    "echo-login",
    null,
    "Theirs",
  ]);
  assert.deepEqual(await engine.auths.get(view.id), view);
  assert.deepEqual(await engine.auths.get("Partner"), view);
  assert.deepEqual(await engine.auths.list(), [view]);
  const rows = await engine.context.database.kysely.selectFrom("auths").selectAll().execute();
  const stored = rows.map((row) =>
    Object.values(row).map((value) => value instanceof Uint8Array ? new TextDecoder("latin1").decode(value) : value)
  );
  assert(!JSON.stringify([view, stored]).includes("hunter22"));
});

onEachDatabase("an auth that cannot be saved says why, without its secret", async (databases) => {
  await using engine = await startEngine(databases);
  const create = (change: object) => engine.auths.create({ ...LOGIN, ...change });
  await assert.rejects(
    create({ method: "echo-logn" }),
    failure("config", /no auth method/, { code: "not_found", hint: /echo-login/ }),
  );
  await assert.rejects(create({ config: { host: "here" } }), failure("config", /"password" is missing/));
  await assert.rejects(
    create({ config: { ...LOGIN.config, prot: 1 } }),
    failure("config", /no "prot"/, { hint: /"port"/ }),
  );
  await assert.rejects(
    create({ config: { ...LOGIN.config, port: "x" } }),
    (error: Error) => !error.message.includes("hunter22") && failure("config", /"port" must/)(error),
  );
  for (const label of ["", "  ", "a\nb", "f".repeat(32), "x".repeat(101)]) {
    await assert.rejects(create({ label }), failure("config", /^The label /));
  }
  await create({});
  await assert.rejects(
    create({ label: " Partner " }),
    failure("config", /Another auth has the label "Partner"/, { code: "conflict" }),
  );
  assert.equal((await engine.auths.list()).length, 1);
});

onEachDatabase("a change merges by name, keeps secrets, and null goes back to the default", async (databases) => {
  await using engine = await startEngine(databases);
  const { id } = await engine.auths.create({ ...LOGIN, config: { ...LOGIN.config, port: 2222, key: "k-e-y-1" } });
  const changed = await engine.auths.update(id, { label: "Renamed", config: { host: "there", port: null, key: null } });
  assert.deepEqual(changed.config, { host: "there" });
  assert.deepEqual(changed.secrets, ["password"]);
  await all(engine.auths.check("Renamed"));
  assert.deepEqual(engine.side.passwords, ["hunter22"]);
  await engine.auths.update(id, { config: { password: "hunter23" } });
  await all(engine.auths.check(id));
  assert.deepEqual(engine.side.passwords, ["hunter22", "hunter23"]);
  await assert.rejects(
    engine.auths.update(id, { config: { password: null } }),
    failure("config", /"password" is missing/),
  );
  await engine.auths.create(LOGIN);
  await assert.rejects(
    engine.auths.update(id, { label: "Partner" }),
    failure("config", /Another auth/, { code: "conflict" }),
  );
});

onEachDatabase("an unknown auth is not found, and the near label is named", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  const near = failure("config", /no auth "Partnr"/, { code: "not_found", hint: /"Partner"/ });
  await assert.rejects(engine.auths.get("Partnr"), near);
  await assert.rejects(engine.auths.delete("Partnr"), near);
  await assert.rejects(all(engine.auths.check("Partnr")), near);
});

onEachDatabase("a check pins the other side once, and refuses another one until it is trusted", async (databases) => {
  await using engine = await startEngine(databases);
  const { id } = await engine.auths.create(LOGIN);
  const results = await all(engine.auths.check(id));
  assert.deepEqual(results.map(({ name, ok }) => [name, ok]), [["login", true], ["folder", true]]);
  assert.equal((await engine.auths.get(id)).peer, "SHA256:one");
  engine.side.fingerprint = "SHA256:two";
  await assert.rejects(all(engine.auths.check(id)), failure("auth", /changed/));
  assert.equal((await engine.auths.get(id)).peer, "SHA256:one");
  assert.deepEqual(await engine.auths.trustPeer(id), { before: "SHA256:one", now: "SHA256:two" });
  assert.equal((await all(engine.auths.check(id))).length, 2);
  assert.equal(engine.side.connects, 4);
  assert.equal(engine.side.disposals, 3);
});

onEachDatabase("trusting an other side that cannot be reached or shows nothing changes nothing", async (databases) => {
  await using engine = await startEngine(databases);
  const { id } = await engine.auths.create(LOGIN);
  await all(engine.auths.check(id));
  await engine.auths.update(id, { config: { host: "nowhere" } });
  await assert.rejects(engine.auths.trustPeer(id), failure("transient", /does not answer/));
  assert.equal((await engine.auths.get(id)).peer, "SHA256:one");
  await engine.auths.create({ method: "echo-open", label: "Open", config: {} });
  await assert.rejects(engine.auths.trustPeer("Open"), failure("config", /shows no identity/));
});

onEachDatabase("what a plugin writes and answers is without the auth's secrets", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  const results = await all(engine.auths.check("Partner"));
  assert.equal(results[0]?.detail, "In with [secret]");
  assert.deepEqual(engine.log.map(({ message, fields }) => ({ message, fields })), [
    { message: "Logging in with [secret]", fields: { password: "[secret]" } },
  ]);
});

onEachDatabase("a check that nobody reads to its end closes its connection", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create(LOGIN);
  for await (const result of engine.auths.check("Partner")) {
    assert.equal(result.name, "login");
    break;
  }
  assert.equal(engine.side.disposals, 1);
});

onEachDatabase("deleting an auth pauses its jobs and stops its runs", async (databases) => {
  await using engine = await startEngine(databases);
  const { id } = await engine.auths.create(LOGIN);
  await engine.jobs.create({ type: "echo-import", label: "Nightly", config: { stream: "s", file: "a.csv" } });
  const { kysely } = engine.context.database;
  const runs = {
    queued: await addRun(engine.context.database, { auth_id: id, status: "queued" }),
    running: await addRun(engine.context.database, {
      auth_id: id,
      status: "running",
      lease_owner: "f".repeat(32),
      lease_until: 8e15,
      created_at: 1,
    }),
    interrupted: await addRun(engine.context.database, {
      auth_id: id,
      status: "running",
      lease_owner: "e".repeat(32),
      lease_until: 8e15,
      fence: 3,
      created_at: 2,
    }),
  };
  engine.alive.processes.add("f".repeat(32));
  const done = await addRun(engine.context.database, { auth_id: id, status: "succeeded" });
  assert.deepEqual(await engine.auths.delete("Partner"), { jobs: ["Nightly"], runs: Object.values(runs) });
  assert.deepEqual(await engine.auths.list(), []);
  const { status, auth_id } = await engine.jobs.get("Nightly");
  assert.deepEqual([status, auth_id], ["paused", null]);
  const rows = await kysely.selectFrom("runs").select(["id", "status", "stop_requested", "failure", "fence"]).execute();
  const stateOf = (id: string) => rows.find((row) => row.id === id);
  assert.equal(stateOf(runs.queued)?.status, "cancelled");
  assert.match(stateOf(runs.queued)?.failure ?? "", /Auth \\"Partner\\" was deleted/);
  assert.deepEqual([stateOf(runs.running)?.status, stateOf(runs.running)?.stop_requested], ["running", 1]);
  const { status: ended, fence } = stateOf(runs.interrupted)!;
  assert.deepEqual([ended, fence], ["cancelled", 4]);
  assert.deepEqual([stateOf(done)?.status, stateOf(done)?.stop_requested], ["succeeded", 0]);
});

onEachDatabase("an auth takes a free id of the right form, and tells who made it", async (databases) => {
  await using engine = await startEngine(databases);
  const id = "0123456789abcdef0123456789abcdef";
  const user = { kind: "token", id: "f".repeat(32), name: "ci", scopes: ["admin"] } as const;
  const made = await authsOf({ ...engine.context, actor: user }, async () => engine.alive).create({ ...LOGIN, id });
  assert.deepEqual([made.id, made.user_id, made.user_name, made.provider_name], [id, user.id, "ci", "Echo"]);
  assert.deepEqual(await engine.auths.get(id), made);
  const { user_id, user_name } = await engine.auths.create({ ...LOGIN, label: "Mine" });
  assert.deepEqual([user_id, user_name], [null, null]);
  const taken = failure("config", /is taken/, { code: "conflict" });
  await assert.rejects(engine.auths.create({ ...LOGIN, label: "Other", id }), taken);
  const token = await tokensOf(engine.context).create({ name: "ci", scopes: ["admin"] });
  await assert.rejects(engine.auths.create({ ...LOGIN, label: "Other", id: token.id }), taken);
  for (const wrong of ["", "nope", id.toUpperCase(), `${id}0`]) {
    await assert.rejects(engine.auths.create({ ...LOGIN, label: "Other", id: wrong }), failure("config", /cannot be/));
  }
});

onEachDatabase("what keeps a check from going on is its last result, and is thrown after it", async (databases) => {
  await using engine = await startEngine(databases);
  await engine.auths.create({ ...LOGIN, config: { ...LOGIN.config, host: "nowhere" } });
  const results: CheckResult[] = [];
  await assert.rejects(async () => {
    for await (const result of engine.auths.check("Partner")) results.push(result);
  }, failure("transient", /does not answer/));
  assert.deepEqual(results, [{ name: "connection", ok: false, detail: 'Host "nowhere" does not answer' }]);
});

onEachDatabase("an auth reaches private addresses where an operator configured it last", async (databases) => {
  await using engine = await startEngine(databases);
  const scopes = { kind: "token", id: "f".repeat(32), name: "ci" } as const;
  const as = (scope: "admin" | "data_manager") =>
    authsOf({ ...engine.context, actor: { ...scopes, scopes: [scope] } }, async () => engine.alive);
  const allowed = async (id: string) => {
    await all(engine.auths.check(id));
    return engine.side.addresses.at(-1)?.allowPrivate;
  };
  const { id } = await as("admin").create(LOGIN);
  assert.equal(await allowed(id), true);
  await as("data_manager").update(id, { label: "Renamed" });
  assert.equal(await allowed(id), true);
  await as("data_manager").update(id, { config: { port: 23 } });
  assert.equal(await allowed(id), false);
  await engine.auths.update(id, { config: { port: 22 } });
  assert.equal(await allowed(id), true);
  const theirs = await as("data_manager").create({ ...LOGIN, label: "Theirs" });
  assert.equal(await allowed(theirs.id), false);
});

onEachDatabase("what an auth method finds wrong with a configuration keeps it from being saved", async (databases) => {
  await using engine = await startEngine(databases);
  const refused = failure("config", /^Host "forbidden" may not be used by \[secret\]$/);
  await assert.rejects(engine.auths.create({ ...LOGIN, config: { ...LOGIN.config, host: "forbidden" } }), refused);
  const { id } = await engine.auths.create(LOGIN);
  await assert.rejects(engine.auths.update(id, { config: { host: "forbidden" } }), refused);
  assert.deepEqual((await engine.auths.get(id)).config, { host: "here" });
});
