import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { openTestServer } from "./server_testing.ts";

Deno.test("the OpenAPI document is valid by the specification's own schema", async () => {
  await using server = await openTestServer();
  const { json } = await server.call("GET /openapi.json", { token: null });
  assert.equal(json.openapi, "3.1.1");
  assert.deepEqual(await new Validator().validate(json), { valid: true });
});

Deno.test("the OpenAPI document holds every route of the app and no other", async () => {
  await using server = await openTestServer();
  const { json } = await server.call("GET /openapi.json", { token: null });
  const documented = Object.entries<Record<string, { operationId: string }>>(json.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { operationId }]) => `${method} ${path} ${operationId}`)
  );
  const routes = server.app.routes.map(({ method, path, name }) => `${method} ${path} ${name}`);
  assert.deepEqual(documented.sort(), routes.sort());
});

Deno.test("every reference of the OpenAPI document leads somewhere", async () => {
  await using server = await openTestServer();
  const { text, json } = await server.call("GET /openapi.json", { token: null });
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? "");
  assert.ok(references.length > 0);
  for (const name of references) assert.ok(Object.hasOwn(json.components.schemas, name), name);
  assert.doesNotMatch(text, /\$defs|__schema/);
});

Deno.test("the OpenAPI document holds the config of every auth method and job type, secrets write-only", async () => {
  await using server = await openTestServer();
  const { schemas } = (await server.call("GET /openapi.json", { token: null })).json.components;
  for (const name of ["sftp", "local-folder", "csv-import"]) assert.equal(schemas[`config.${name}`].type, "object");
  const { password, port } = schemas["config.sftp"].properties;
  assert.deepEqual([password.writeOnly, port.default], [true, 22]);
});

Deno.test("routes that need a token say so, with each way to send it", async () => {
  await using server = await openTestServer();
  const { json } = await server.call("GET /openapi.json", { token: null });
  const needs = { bearer: ["auth.read"], header: ["auth.read"], query: ["auth.read"] };
  assert.deepEqual(Object.assign({}, ...json.paths["/api/auth"].get.security), needs);
  assert.deepEqual(json.paths["/healthz"].get.security, []);
});

Deno.test("every route that takes a body says what one that stands still is answered with", async () => {
  await using server = await openTestServer();
  const { json } = await server.call("GET /openapi.json", { token: null });
  const operations = Object.values<Record<string, { requestBody?: unknown; responses: object }>>(json.paths)
    .flatMap((methods) => Object.values(methods));
  for (const { requestBody, responses } of operations) {
    assert.equal(Object.hasOwn(responses, "408"), requestBody !== undefined);
  }
});
