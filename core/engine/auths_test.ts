import assert from "node:assert/strict";
import type { CheckResult } from "../contracts/auth.ts";
import { failure, startEngine } from "./engine_testing.ts";

const LOGIN = { method: "echo-login", label: "Partner", config: { host: "here", password: "hunter22" } };

async function all(results: AsyncIterable<CheckResult>): Promise<CheckResult[]> {
  return await Array.fromAsync(results);
}

Deno.test("a saved auth names its secrets and shows none", async () => {
  await using engine = await startEngine();
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

Deno.test("an auth that cannot be saved says why, without its secret", async () => {
  await using engine = await startEngine();
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

Deno.test("a change merges by name, keeps secrets, and null goes back to the default", async () => {
  await using engine = await startEngine();
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

Deno.test("an unknown auth is not found, and the near label is named", async () => {
  await using engine = await startEngine();
  await engine.auths.create(LOGIN);
  const near = failure("config", /no auth "Partnr"/, { code: "not_found", hint: /"Partner"/ });
  await assert.rejects(engine.auths.get("Partnr"), near);
  await assert.rejects(engine.auths.delete("Partnr"), near);
  await assert.rejects(all(engine.auths.check("Partnr")), near);
});

Deno.test("a check pins the other side once, and refuses another one until it is trusted", async () => {
  await using engine = await startEngine();
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

Deno.test("trusting an other side that cannot be reached or shows nothing changes nothing", async () => {
  await using engine = await startEngine();
  const { id } = await engine.auths.create(LOGIN);
  await all(engine.auths.check(id));
  await engine.auths.update(id, { config: { host: "nowhere" } });
  await assert.rejects(engine.auths.trustPeer(id), failure("transient", /does not answer/));
  assert.equal((await engine.auths.get(id)).peer, "SHA256:one");
  await engine.auths.create({ method: "echo-open", label: "Open", config: {} });
  await assert.rejects(engine.auths.trustPeer("Open"), failure("config", /shows no identity/));
});

Deno.test("what a plugin writes and answers is without the auth's secrets", async () => {
  await using engine = await startEngine();
  await engine.auths.create(LOGIN);
  const results = await all(engine.auths.check("Partner"));
  assert.equal(results[0]?.detail, "In with [secret]");
  assert.deepEqual(engine.log.map(({ message, fields }) => ({ message, fields })), [
    { message: "Logging in with [secret]", fields: { password: "[secret]" } },
  ]);
});

Deno.test("a check that nobody reads to its end closes its connection", async () => {
  await using engine = await startEngine();
  await engine.auths.create(LOGIN);
  for await (const result of engine.auths.check("Partner")) {
    assert.equal(result.name, "login");
    break;
  }
  assert.equal(engine.side.disposals, 1);
});

Deno.test("an auth that a job or a waiting run uses is not deleted", async () => {
  await using engine = await startEngine();
  const { id } = await engine.auths.create(LOGIN);
  await engine.jobs.create({ type: "echo-import", label: "Nightly", config: { stream: "s", file: "a.csv" } });
  await assert.rejects(
    engine.auths.delete(id),
    failure("config", /"Partner" is used by job "Nightly"/, { code: "conflict" }),
  );
  await engine.jobs.delete("Nightly");
  await engine.auths.delete("Partner");
  assert.deepEqual(await engine.auths.list(), []);
});
