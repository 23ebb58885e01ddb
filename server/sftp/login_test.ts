import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { FailedLogins, network } from "./attempts.ts";
import { connectRaw, type RawConnection } from "./raw_client_testing.ts";
import { PASSWORD, startTestServer, until } from "./server_testing.ts";

const WRONG = { message: "All configured authentication methods failed" };

Deno.test("a password may also be the answer to the one question that is asked", async () => {
  await using server = await startTestServer();
  await using connection = await connectRaw(server.port, { interactive: true });
  assert.ok(await connection.sftp());
  await assert.rejects(connectRaw(server.port, { interactive: true, password: "wrong" }), WRONG);
});

Deno.test("names that nobody has are answered like those of others, after the same work", async () => {
  await using server = await startTestServer();
  server.logins.add("key-only", { hasPassword: false });
  for (const username of ["ada", "key-only", "nobody", "a\0b", "x".repeat(5_000)]) {
    await assert.rejects(connectRaw(server.port, { username, password: "wrong" }), WRONG, username);
  }
  assert.deepEqual(server.logins.checked, ["ada", "key-only", undefined, undefined, undefined]);
  const refused = server.events.filter((event) => event.kind === "login_refused");
  assert.deepEqual(refused.map(({ reason }) => reason), Array(5).fill("password"));
  assert.deepEqual(refused.map(({ account }) => account), [1, 1, undefined, undefined, undefined]);
});

Deno.test("a connection gets six wrong passwords, then it is closed", async () => {
  let time = 0;
  // Every try is an hour after the one before, so none has to wait.
  await using server = await startTestServer({ clock: () => time += 3_600_000 });
  let tries = 0;
  const config = {
    authHandler: (_left: unknown, _partial: unknown, next: (attempt: unknown) => void) => {
      tries++;
      next(tries > 20 ? false : { type: "password", username: "ada", password: "wrong" });
    },
  };
  await assert.rejects(connectRaw(server.port, { config }));
  assert.equal(server.logins.checked.length, 6);
  assert.equal(tries, 6);
});

Deno.test("whoever guesses waits longer and longer; the owner of the name does not, where they logged in before", () => {
  let time = 0;
  const failed = new FailedLogins(() => time, 30);
  const guess = (address: string) => failed.begin("ada", address);
  failed.trust("ada", "10.0.0.1");
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => guess("192.0.2.9")), [0, 0, 250, 500, 1_000, 2_000]);
  for (let round = 0; round < 20; round++) guess("192.0.2.9");
  assert.equal(guess("192.0.2.9"), 10_000, "an address waits 10 seconds at most");
  assert.equal(guess("198.51.100.7"), 5_000, "a name costs others 5 seconds at most");
  assert.equal(guess("10.0.0.1"), 0, "not where its owner was");
  assert.equal(failed.begin("eve", "198.51.100.7"), 0, "other names do not wait");
  assert.ok(!failed.refuses("192.0.2.9"));
  for (let round = 0; round < 10; round++) guess("192.0.2.9");
  assert.ok(failed.refuses("192.0.2.9"));
  assert.ok(!failed.refuses("198.51.100.7"));
  time += 20 * 60_000;
  assert.ok(!failed.refuses("192.0.2.9"), "half of it is forgotten in ten minutes");
  time += 24 * 3_600_000;
  assert.equal(guess("192.0.2.9"), 0);
});

Deno.test("a try that succeeds leaves nothing behind; memory of failures is bounded", () => {
  const failed = new FailedLogins(() => 0, 30);
  for (let round = 0; round < 1_000; round++) {
    assert.equal(failed.begin("ada", "192.0.2.9"), 0);
    failed.takeBack("ada", "192.0.2.9");
  }
  for (let round = 0; round < 12_000; round++) failed.begin(`user${round}`, "192.0.2.9");
  assert.ok(failed.refuses("192.0.2.9"));
});

Deno.test("IPv6 addresses of one network are one, IPv4 addresses are themselves", () => {
  assert.equal(network("2001:db8:0:1:aaaa::1"), network("2001:db8:0:1:bbbb:2:3:4"));
  assert.notEqual(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
  assert.equal(network("2001:db8::1"), "2001:db8:0:0");
  assert.equal(network("fe80::1%eth0"), "fe80:0:0:0");
  assert.equal(network("::1"), "0:0:0:0");
  assert.equal(network("192.0.2.9"), "192.0.2.9");
});

Deno.test("an address that guessed too often is not talked to, until that is forgotten", async () => {
  let time = 0;
  await using server = await startTestServer({ limits: { failuresOfAddress: 2 }, clock: () => time });
  for (const username of ["a", "b"]) await assert.rejects(connectRaw(server.port, { username, password: "x" }), WRONG);
  await assert.rejects(connectRaw(server.port), /closed|reset|before handshake/);
  assert.equal(server.logins.checked.length, 2);
  time += 10 * 60_000;
  await using connection = await connectRaw(server.port);
  assert.ok(await connection.sftp());
});

Deno.test("a user has so many sessions and no more, and one that leaves makes room", async () => {
  await using server = await startTestServer({ limits: { sessionsOfUser: 3 } });
  server.logins.add("eve");
  const connections: RawConnection[] = [];
  for (let count = 0; count < 3; count++) connections.push(await connectRaw(server.port));
  await assert.rejects(connectRaw(server.port));
  connections.push(await connectRaw(server.port, { username: "eve" }));
  assert.equal(server.server.sessions.list().length, 4);
  const [first, ...others] = connections;
  await first?.[Symbol.asyncDispose]();
  await until(() => server.server.sessions.list().length === 3);
  connections.splice(0, connections.length, ...others, await connectRaw(server.port));
  for (const connection of connections) await connection[Symbol.asyncDispose]();
  const refused = server.events.filter((event) => event.kind === "login_refused");
  assert.deepEqual(refused.map(({ reason }) => reason), ["sessions"]);
});

Deno.test("sessions of an account that is changed or deleted end at once, those of others go on", async () => {
  await using server = await startTestServer({ limits: { revisions: 20 } });
  server.logins.add("eve");
  server.logins.add("bob");
  await using ada = await connectRaw(server.port);
  await using eve = await connectRaw(server.port, { username: "eve" });
  await using bob = await connectRaw(server.port, { username: "bob" });
  server.logins.add("ada", { revision: 2 });
  server.logins.users.delete("eve");
  await Promise.all([ada.closed, eve.closed]);
  assert.deepEqual(server.server.sessions.list().map(({ username }) => username), ["bob"]);
  assert.ok(await bob.sftp());
  const logouts = () =>
    server.events.flatMap((event) => event.kind === "logout" ? [[event.username, event.reason]] : []);
  await until(() => logouts().length === 2);
  assert.deepEqual(logouts().sort(), [["ada", "account changed"], ["eve", "account changed"]]);
});

Deno.test("sessions are listed with what they do, and one can be ended", async () => {
  await using server = await startTestServer();
  await using connection = await connectRaw(server.port);
  const sftp = await connection.sftp();
  await sftp.ask({ kind: "open", path: "/in.csv", flags: 2 | 8 });
  const [session, ...others] = server.server.sessions.list();
  assert.ok(session !== undefined && others.length === 0);
  assert.match(session.id, /^[0-9a-f]{32}$/);
  assert.deepEqual(
    [session.username, session.account, session.address, session.uploads],
    ["ada", 1, "127.0.0.1", ["/in.csv"]],
  );
  assert.match(session.client, /^ssh2js/);
  assert.ok(session.received > 500 && session.sent > 500 && session.lastRequest >= session.started);
  assert.equal(server.server.sessions.end("0".repeat(32), "kicked"), false);
  assert.equal(server.server.sessions.end(session.id, "kicked"), true);
  await connection.closed;
  await until(() => server.account.sessions === 0);
  assert.deepEqual(server.account.interrupted, ["in.csv"]);
  assert.deepEqual(server.account.completed, []);
});

Deno.test("a signature by another key does not let in, nor one that is made for another algorithm", async () => {
  await using server = await startTestServer();
  const pair = () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    return privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  };
  const [own, other] = [pair(), pair()];
  const ssh2: { readonly default: { readonly utils: { parseKey(key: string): { getPublicSSH(): Uint8Array } } } } =
    await import("ssh2");
  const line = (key: string) =>
    `ssh-rsa ${btoa(String.fromCharCode(...ssh2.default.utils.parseKey(key).getPublicSSH()))}`;
  server.logins.add("key", { publicKeys: [line(own)], hasPassword: false });
  await using connection = await connectRaw(server.port, { username: "key", privateKey: own });
  assert.ok(await connection.sftp());
  await assert.rejects(connectRaw(server.port, { username: "key", privateKey: other }), WRONG);
  await assert.rejects(connectRaw(server.port, { username: "key", password: PASSWORD }), WRONG);
});
