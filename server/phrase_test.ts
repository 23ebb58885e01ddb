import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTestServer } from "./server_testing.ts";
import { phrase, phraseStep, phrasing, REQUESTS } from "./phrase.ts";

Deno.test("a command in a hint becomes the request that does it, its flags the body", () => {
  assert.equal(phrase("See `waybill run list`"), "See `GET /api/run`");
  assert.equal(
    phrase("Look at `waybill run rejects 12`, or go on with `waybill run retry 12 --reject-threshold NUMBER` (or …)"),
    'Look at `GET /api/run/12/rejects`, or go on with `POST /api/run/12/retry {"reject_threshold":"NUMBER"}` (or …)',
  );
  assert.equal(
    phrase("Give it another: `waybill job update 'Ann'\\''s job' --auth LABEL`"),
    'Give it another: `PUT /api/job/Ann\'s%20job {"auth":"LABEL"}`',
  );
  assert.equal(
    phrase("`waybill export enable profile-export --table user --job-type profile_changes`, see `waybill export list`"),
    '`POST /api/export {"type":"profile-export","table":"user","job_type":"profile_changes"}`, see `GET /api/export`',
  );
  assert.equal(phrase("Enable it with `waybill export enable`"), "Enable it with `POST /api/export`");
  assert.equal(
    phrase("`waybill mapping suggest web` makes one, for `waybill mapping create --file -`"),
    '`POST /api/mapping/suggest {"stream":"web"}` makes one, for `POST /api/mapping {"lql":"…"}`',
  );
  assert.equal(phrase("`waybill audience create --list`"), '`POST /api/audience {"list":true}`');
  assert.equal(
    phrase("`waybill run approve 12` if it is right, `waybill run stop 12` if not"),
    "`POST /api/run/12/approve` if it is right, `POST /api/run/12/stop` if not",
  );
  assert.equal(phraseStep("waybill run approve 12"), "POST /api/run/12/approve");
  assert.equal(phrase("Update `host_key`"), "Update `host_key`");
});

Deno.test("each command that the engine, a plugin or the server names has its request, or is the command line's alone", async () => {
  const named = new Set<string>();
  for (const folder of ["core", "plugins", "server"]) {
    for await (const text of sourcesIn(fileURLToPath(new URL(`../${folder}`, import.meta.url)))) {
      for (const [, command = ""] of text.matchAll(/`waybill ([a-z]+ [a-z-]+)/g)) named.add(command);
    }
  }
  assert.ok(named.has("run approve"), [...named].join());
  const left = [...named].filter((command) => !(command in REQUESTS));
  assert.deepEqual(left.sort(), ["account list", "audit verify", "db check", "db migrate", "export verify"]);
});

Deno.test("each field that a hint's request has in its body is one that the route takes", async () => {
  await using server = await openTestServer();
  const { paths } = (await server.call("GET /openapi.json")).json;
  const told = new Set<string>();
  for (const folder of ["core", "plugins", "server"]) {
    for await (const text of sourcesIn(fileURLToPath(new URL(`../${folder}`, import.meta.url)))) {
      for (const [, command = ""] of text.matchAll(/`(waybill [a-z]+ [a-z-]+ [^`\n]+)`/g)) {
        const [, method = "", path = "", body] = /^(\w+) (\S+) (\{.*\})$/.exec(
          phraseStep(command.replace(/\$\{[^}]*\}/g, "X")) ?? "",
        ) ?? [];
        if (body === undefined) continue;
        const route = Object.keys(paths).find((known) =>
          known.replace(/\{\w+\}/, "X") === path.replace(/\/ID\b|\/\d+/, "/X")
        );
        const schema = paths[route!]?.[method.toLowerCase()].requestBody.content["application/json"].schema;
        for (const field of Object.keys(JSON.parse(body))) {
          told.add(`${command}: ${field} ${takes(schema, field)}`);
        }
      }
    }
  }
  assert.ok(told.size > 5, [...told].join());
  assert.deepEqual([...told].filter((one) => one.endsWith(" false")), []);
});

/** Whether a schema, or any that it is made of, takes a field; settings of an account are told apart by the engine. */
// deno-lint-ignore no-explicit-any
function takes(schema: any, field: string): boolean {
  if (schema?.$ref === "#/components/schemas/Config" || Object.hasOwn(schema?.properties ?? {}, field)) return true;
  return [...schema?.anyOf ?? [], ...schema?.oneOf ?? []].some((part) => takes(part, field));
}

Deno.test("no text of the engine or a plugin names a flag, but those of programs that are started", async () => {
  const named = new Set<string>();
  for (const folder of ["core", "plugins"]) {
    for await (const text of sourcesIn(fileURLToPath(new URL(`../${folder}`, import.meta.url)))) {
      const outside = text.replace(/`waybill [^`]+`/g, "");
      for (const [, flag = ""] of outside.matchAll(/[\s`"'(](--[a-z][a-z0-9-]+)/g)) named.add(flag);
    }
  }
  const ofGnuPg = ["--armor", "--cipher-algo", "--compress-algo", "--disable-mdc", "--encrypt", "--export"]
    .concat("--export-secret-keys", "--recipient", "--rfc2440", "--sign", "--symmetric");
  const ofOthers = ["--long", "--ultra", "--a-b--"];
  const ofServers = ["--allow-all", "--allow-net", "--allow-read", "--allow-sys", "--allow-write", "--home", "--port"];
  const counters = ["--depth", "--left", "--upload"];
  const known = new Set([...ofGnuPg, ...ofOthers, ...ofServers, ...counters, "--notify-webhook"]);
  assert.deepEqual([...named].filter((flag) => !known.has(flag)).sort(), []);
});

/** The sources below a folder, without tests, what tests with, and lines that are comments. */
async function* sourcesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory && name !== "testing") yield* sourcesIn(path);
    else if (name.endsWith(".ts") && !/_test(ing)?\.ts$/.test(name)) {
      // Hints stand in backticks, escaped ones where they stand in a template.
      yield (await Deno.readTextFile(path)).replaceAll("\\`", "`").replace(/^\s*(?:\*|\/\/|\/\*).*$/gm, "");
    }
  }
}

Deno.test("a command that the API has no request for stays, and is told where to type; such a next step is none", () => {
  assert.equal(phrase("Run `waybill db migrate`"), "Run `waybill db migrate` (on the server's machine)");
  assert.equal(phraseStep("waybill serve"), null);
  assert.equal(phraseStep("waybill auth check 12"), "POST /api/auth/12/check");
});

Deno.test("what to do is phrased wherever it stands, and nothing else is", () => {
  const value = {
    next_step: "waybill run retry 1",
    failure: { hint: "`waybill run list`" },
    note: "`waybill run list`",
    notes: ["Set `timestamp_format: mdy`", "See `waybill run list`", 1],
    attributes: { next_step: "call back", hint: "`waybill run list`", more: [{ notes: ["`waybill run list`"] }] },
  };
  assert.deepEqual(JSON.parse(JSON.stringify(value, phrasing())), {
    next_step: "POST /api/run/1/retry",
    failure: { hint: "`GET /api/run`" },
    note: "`waybill run list`",
    notes: ["Set `timestamp_format: mdy`", "See `GET /api/run`", 1],
    attributes: value.attributes,
  });
});

Deno.test("each request that stands for a command is there", async () => {
  await using server = await openTestServer();
  const { paths } = (await server.call("GET /openapi.json")).json;
  const there = Object.entries(paths as Record<string, Record<string, unknown>>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/, "{}")}`)
  );
  for (const request of Object.values(REQUESTS)) assert.ok(there.includes(request), request);
});

Deno.test("errors, runs and checks name requests over HTTP, not commands", async () => {
  await using server = await openTestServer({ runner: "serve" });
  const missing = await server.call(`GET /api/run/${"0".repeat(32)}`);
  assert.equal(missing.status, 404);
  assert.equal(missing.json.hint, "See `GET /api/run`");
  await server.call("POST /api/auth", {
    json: { method: "local-folder", label: "in", config: { folder: server.folder } },
  });
  const config = { stream: "s", file: "customers.csv", identify_by: ["nothing"], reject_threshold: "0" };
  const started = await server.call("POST /api/run", { json: { type: "csv-import", auth: "in", config } });
  const { id } = started.json.data;
  for await (const _ of server.runtime.runs.follow(id, { signal: AbortSignal.timeout(240_000) }));
  const run = await server.call(`GET /api/run/${id}`);
  const listed = await server.call("GET /api/run");
  for (const { failure, next_step } of [run.json.data, listed.json.data[0]]) {
    assert.ok(!`${failure?.hint}${next_step}`.includes("waybill"), JSON.stringify({ failure, next_step }));
  }
});
