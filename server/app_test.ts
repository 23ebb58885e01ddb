import assert from "node:assert/strict";
import { Failure } from "../core/contracts/failure.ts";
import type { Engine } from "../core/engine/runtime.ts";
import { openTestServer } from "./server_testing.ts";

/** An engine whose list of streams fails. */
function failingStreams(error: unknown): (engine: Engine) => Engine {
  return (engine) => ({
    ...engine,
    streams: { ...engine.streams, list: () => Promise.reject(error) },
  });
}

Deno.test("a token is taken bare, as Bearer, and from the query", async () => {
  await using server = await openTestServer();
  const ask = async (path: string, authorization?: string) => {
    const call = authorization === undefined ? {} : { headers: { authorization } };
    return (await server.call(`GET ${path}`, { token: null, ...call })).status;
  };
  assert.equal(await ask("/api/auth", server.token), 200);
  assert.equal(await ask("/api/auth", `Bearer ${server.token}`), 200);
  assert.equal(await ask("/api/auth", `bearer ${server.token}`), 200);
  assert.equal(await ask(`/api/auth?access_token=${server.token}`), 200);
  assert.equal(await ask(`/api/auth?access_token=${server.token}`, "Bearer wrong"), 401);
  assert.equal(await ask("/api/auth?access_token="), 401);
});

Deno.test("an unknown path answers 404, and under /api only to those who may know", async () => {
  await using server = await openTestServer();
  assert.equal((await server.call("GET /nowhere", { token: null })).json.status, 404);
  assert.equal((await server.call("GET /api/nowhere", { token: null })).status, 401);
  assert.equal((await server.call("GET /api/nowhere")).status, 404);
});

for (
  const [status, failure] of [
    [400, new Failure("config", "Wrong")],
    [404, new Failure("config", "Gone", { code: "not_found" })],
    [409, new Failure("config", "Taken", { code: "conflict" })],
    [409, new Failure("cancelled", "Stopped")],
    [422, new Failure("auth", "Refused")],
    [422, new Failure("data", "Broken")],
    [503, new Failure("transient", "Later", { hint: "Wait" })],
  ] as const
) {
  const { kind, code, message, hint } = failure;
  Deno.test(`a failure of kind ${kind}${code ? ` (${code})` : ""} answers ${status}`, async () => {
    await using server = await openTestServer({ change: failingStreams(failure) });
    const reply = await server.call("GET /api/stream");
    assert.equal(reply.status, status);
    assert.deepEqual(reply.json, {
      status,
      message,
      kind,
      hint: hint ?? null,
      request_id: reply.headers.get("x-request-id"),
    });
  });
}

Deno.test("a bug answers 500 without a word of it; the log has its stack under the request's id", async () => {
  await using server = await openTestServer({ change: failingStreams(new TypeError("password hunter2")) });
  const reply = await server.call("GET /api/stream");
  assert.equal(reply.status, 500);
  assert.doesNotMatch(reply.text, /hunter2/);
  const logged = server.lines.map((line) => JSON.parse(line)).find(({ level }) => level === "error");
  assert.match(logged.stack, /hunter2[^]*app_test/);
  assert.equal(logged.request_id, reply.json.request_id);
});

Deno.test("each request is logged once, without its query", async () => {
  await using server = await openTestServer();
  await server.call(`GET /api/profile?field=email&value=ann@example.com&access_token=${server.token}`, { token: null });
  const lines = server.lines.filter((line) => line.includes('"Request"'));
  assert.equal(lines.length, 1);
  const { method, path, status, level, request_id } = JSON.parse(lines[0] ?? "");
  assert.deepEqual([method, path, status, level], ["GET", "/api/profile", 404, "info"]);
  assert.match(request_id, /^[0-9a-f-]{36}$/);
  assert.doesNotMatch(server.lines.join(""), new RegExp(`${server.token}|ann@example.com`));
});

Deno.test("the log does not name the people whose profiles are asked for", async () => {
  await using server = await openTestServer();
  for (
    const request of [
      "GET /api/entity/user/email/ann@example.com",
      "DELETE /api/entity/user/email/ann%40example.com",
      "GET /api/entity/user/ann@example.com",
      "GET /api/me/email/ann@example.com",
    ]
  ) await server.call(request);
  const paths = server.lines.filter((line) => line.includes('"Request"')).map((line) => JSON.parse(line).path);
  assert.deepEqual(paths, [...Array(3).fill("/api/entity/user/…"), "/api/me/…"]);
  assert.doesNotMatch(server.lines.join(""), /ann(@|%40)example/);
});

Deno.test("a refused body is not repeated in the answer or the log", async () => {
  await using server = await openTestServer();
  const replies = [
    await server.call("POST /api/auth", { json: { method: "sftp", label: 7, config: "hunter2" } }),
    await server.call("POST /api/auth", { json: { method: "sftp", label: "x", config: { password: "hunter2" } } }),
    await server.call("POST /api/auth", { json: { method: "sftp", label: "x", config: { password: ["hunter2"] } } }),
    await server.call("POST /api/auth", {
      body: '{"config":{"password":"hunter2"',
      headers: { "content-type": "application/json" },
    }),
  ];
  for (const reply of replies) {
    assert.equal(reply.status, 400);
    assert.doesNotMatch(reply.text, /hunter2/);
  }
  assert.doesNotMatch(server.lines.join(""), /hunter2/);
});
