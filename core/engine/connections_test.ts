import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { onEachDatabase, type TestDatabases } from "../testing/each_database_testing.ts";
import { openConnection } from "./connections.ts";
import { type EnginePeer, failure, startEngine } from "./engine_testing.ts";
import { type AuthRow, findAuth, pinPeer } from "./saved_auths.ts";

const signal = new AbortController().signal;

async function engineWithAuth(databases: TestDatabases): Promise<{ engine: EnginePeer; auth: AuthRow }> {
  const engine = await startEngine(databases);
  const config = { host: "here", password: "hunter22" };
  const { id } = await engine.auths.create({ method: "echo-login", label: "Partner", config });
  return { engine, auth: await findAuth(engine.context.database.kysely, 1, id) };
}

onEachDatabase("a run's connection is its own, and pins the other side at first use", async (databases) => {
  const { engine, auth } = await engineWithAuth(databases);
  await using _ = engine;
  const { context, side } = engine;
  const options = { signal, log: context.log };
  const connections = [
    await openConnection(context, 1, auth.id, options),
    await openConnection(context, 1, "Partner", options),
  ];
  assert.equal((await engine.auths.get(auth.id)).peer, "SHA256:one");
  for (const connection of connections) await connection[Symbol.asyncDispose]();
  assert.deepEqual([side.connects, side.disposals], [2, 2]);
  side.fingerprint = "SHA256:two";
  await assert.rejects(openConnection(context, 1, auth.id, options), failure("auth", /changed/));
});

onEachDatabase("two first connections that meet different sides do not both pin", async (databases) => {
  const { engine, auth } = await engineWithAuth(databases);
  await using _ = engine;
  const { context } = engine;
  await pinPeer(context, auth, "SHA256:one");
  await pinPeer(context, auth, "SHA256:one");
  await assert.rejects(pinPeer(context, auth, "SHA256:two"), failure("auth", /changed while it was looked at/));
  assert.equal((await engine.auths.get(auth.id)).peer, "SHA256:one");
});

onEachDatabase("a plugin may replace what is pinned, as long as nobody else did so meanwhile", async (databases) => {
  const { engine, auth } = await engineWithAuth(databases);
  await using _ = engine;
  const { context } = engine;
  await pinPeer(context, auth, "SHA256:one");
  const seen = { ...auth, peer: "SHA256:one" };
  await pinPeer(context, seen, "SHA256:two");
  assert.equal((await engine.auths.get(auth.id)).peer, "SHA256:two");
  await assert.rejects(pinPeer(context, seen, "SHA256:three"), failure("auth", /changed while it was looked at/));
});

onEachDatabase(
  "work at the same time and after it shares a connection, which ends with the engine",
  async (databases) => {
    const { engine, auth } = await engineWithAuth(databases);
    const { connections, side } = engine;
    const use = () => connections.use(auth, signal, (connection) => Promise.resolve(connection));
    const [one, two] = await Promise.all([use(), use()]);
    assert.equal(one, two);
    assert.equal(await use(), one);
    assert.deepEqual([side.connects, side.disposals], [1, 0]);
    await engine[Symbol.asyncDispose]();
    assert.deepEqual([side.connects, side.disposals], [1, 1]);
  },
);

onEachDatabase("a connection is not lent again after an error that may be its own", async (databases) => {
  const { engine, auth } = await engineWithAuth(databases);
  await using _ = engine;
  const { connections, side } = engine;
  const fail = (error: Error) => connections.use(auth, signal, () => Promise.reject(error));
  await assert.rejects(fail(new Failure("config", "No such file")));
  await assert.rejects(fail(new Failure("transient", "Gone")));
  assert.equal(side.connects, 1);
  await assert.rejects(fail(new Error("bug")));
  assert.equal(side.connects, 2);
});
