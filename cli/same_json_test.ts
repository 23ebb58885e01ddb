import assert from "node:assert/strict";
import { join } from "node:path";
import { phraseStep } from "../server/phrase.ts";
import { openTestServer } from "../server/server_testing.ts";
import { testCli } from "./cli_testing.ts";

/** What to do next is a command here and a request there. */
function asRequest(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value),
    (key, part) =>
      key === "next_step" && typeof part === "string"
        ? phraseStep(part.replace(/^.*?task (waybill .*) --home .*$/, "$1"))
        : part,
  );
}

Deno.test("what --json prints is what the HTTP API answers, key for key", async () => {
  await using server = await openTestServer({ runner: "serve" });
  await using cli = await testCli();
  const config = { stream: "s", file: "customers.csv", identify_by: ["id"] };
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  await server.call("POST /api/job", { json: { type: "csv-import", label: "nightly", config } });
  const { id } = (await server.call("POST /api/job/nightly/run")).json.data;
  for await (const _ of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  const token = (await server.runtime.tokens.list())[0]?.id ?? "";
  const artifact = (await server.call(`POST /api/run/${id}/rejects/link`, { json: {} })).json.data.id;
  await server.call("POST /api/app", { json: { name: "weather" } });
  const key = (await server.call("POST /api/apikey", { json: {} })).json.data.api_key;
  const same: readonly (readonly [argv: readonly string[], request: string])[] = [
    [["provider", "list"], "GET /api/provider"],
    [["provider", "show", "file-service"], "GET /api/provider/file-service"],
    [["job", "types"], "GET /api/job/type"],
    [["job", "list"], "GET /api/job"],
    [["job", "show", "nightly"], "GET /api/job/nightly"],
    [["job", "plan", "nightly"], "POST /api/job/nightly/plan"],
    [["run", "list"], "GET /api/run"],
    [["run", "show", id], `GET /api/run/${id}`],
    [["run", "rejects", id], `GET /api/run/${id}/rejects`],
    [["artifact", "list"], "GET /api/artifact"],
    [["artifact", "show", artifact], `GET /api/artifact/${artifact}`],
    [["stream", "list"], "GET /api/stream"],
    [["stream", "show", "s"], "GET /api/stream/s"],
    [["stream", "fields", "s"], "GET /api/stream/s/fields"],
    [["mapping", "list"], "GET /api/mapping"],
    [["mapping", "show", "s"], "GET /api/mapping/s"],
    [["table", "list"], "GET /api/table"],
    [["table", "show", "user"], "GET /api/table/user"],
    [["table", "fields", "user"], "GET /api/table/user/fields"],
    [["table", "crowded", "user"], "GET /api/table/user/crowded"],
    [["profile", "get", "id", "1"], "GET /api/profile?field=id&value=1"],
    [["token", "list"], "GET /api/token"],
    [["token", "show", token], `GET /api/token/${token}`],
    [["app", "list"], "GET /api/app"],
    [["app", "show", "weather"], "GET /api/app/weather"],
    [["apikey", "list"], "GET /api/apikey"],
    [["apikey", "show", key], `GET /api/apikey/${key}`],
    [["account", "show"], "GET /api/account"],
    [["auth", "check", "in"], "POST /api/auth/in/check"],
  ];
  const printed = (argv: readonly string[]) => cli.json(...argv, "--home", join(server.folder, "..", "home"));
  for (const [argv, request] of same) {
    const { status, json } = await server.call(request);
    assert.equal(status, 200, request);
    assert.deepEqual(asRequest(await printed(argv)), json.data, argv.join(" "));
  }
  // Over HTTP, config is write-only; whoever has the data directory sees what is no secret.
  const { config: shown, ...auth } = await printed(["auth", "show", "in"]);
  assert.deepEqual(auth, (await server.call("GET /api/auth/in")).json.data);
  assert.deepEqual(shown, { folder: server.folder });
});
