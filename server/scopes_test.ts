/** SPEC §4's table of scopes, held against the server: every operation of the OpenAPI document × every scope. */
import assert from "node:assert/strict";
import { CAPABILITIES, scopesWith } from "../core/engine/capabilities.ts";
import { type Scope, SCOPES } from "../core/engine/scopes.ts";
import { document, nothing } from "./answers.ts";
import { mount } from "./mount.ts";
import type { Operation } from "./openapi.ts";
import { defineRoute, type Route } from "./route.ts";
import { targetOf } from "./route_table.ts";
import { openTestServer } from "./server_testing.ts";
import { z } from "zod";

/** Who manages data: auths, jobs, runs, streams. */
const MANAGERS: readonly Scope[] = ["admin", "data_manager", "general_manager"];
/** Whoever makes exports sees where they go, and keeps jobs and runs that take data out. */
const EXPORTERS: readonly Scope[] = [...MANAGERS, "campaign_manager"];
const ADMIN: readonly Scope[] = ["admin"];
const WRITE_AUDIENCES: readonly Scope[] = [
  "admin",
  "segment_manager",
  "marketer",
  "campaign_manager",
  "general_manager",
];
const READ_AUDIENCES: readonly Scope[] = [...WRITE_AUDIENCES, "data", "observer"];
const READ_ENTITIES: readonly Scope[] = ["admin", "data", "data_manager", "general_manager"];
const READ_CONTENT: readonly Scope[] = ["admin", "content_manager", "data_manager", "general_manager"];
const ENTITY_READERS: readonly Scope[] = ["admin", "data", "data_manager", "general_manager"];

/** Who may call what. Written by hand from SPEC §4: a new operation needs a line. */
const ALLOWED: Readonly<Record<string, readonly Scope[]>> = {
  eraseEntity: MANAGERS,
  eraseContentEntity: MANAGERS,
  getDeleteStatus: MANAGERS,
  listErasures: MANAGERS,
  getErasure: MANAGERS,
  liftErasure: MANAGERS,
  listProviders: EXPORTERS,
  getProvider: EXPORTERS,
  listAuths: EXPORTERS,
  createAuth: MANAGERS,
  createAuthWithId: MANAGERS,
  getAuth: EXPORTERS,
  updateAuth: MANAGERS,
  deleteAuth: MANAGERS,
  checkAuth: MANAGERS,
  trustHostKey: MANAGERS,
  getSftpServer: MANAGERS,
  listSftpAccounts: MANAGERS,
  purgeSftpAccount: MANAGERS,
  listSftpSessions: MANAGERS,
  endSftpSessions: MANAGERS,
  getSftpAccount: MANAGERS,
  listSftpLog: MANAGERS,
  createToken: ADMIN,
  listTokens: ADMIN,
  getToken: ADMIN,
  deleteToken: ADMIN,
  getAccount: ADMIN,
  updateAccount: ADMIN,
  getSettings: MANAGERS,
  updateSettings: ADMIN,
  listApps: MANAGERS,
  createApp: MANAGERS,
  getApp: MANAGERS,
  updateApp: MANAGERS,
  deleteApp: MANAGERS,
  listApiKeys: ADMIN,
  createApiKey: ADMIN,
  getApiKey: ADMIN,
  deleteApiKey: ADMIN,
  getExportKey: ["admin", "data_manager", "campaign_manager", "general_manager"],
  listAudit: ["admin", "general_manager"],
  listJobTypes: EXPORTERS,
  getJobType: EXPORTERS,
  listChoices: EXPORTERS,
  planJobType: EXPORTERS,
  listJobs: EXPORTERS,
  createJob: EXPORTERS,
  getJob: EXPORTERS,
  updateJob: EXPORTERS,
  deleteJob: EXPORTERS,
  planJob: EXPORTERS,
  listJobFiles: EXPORTERS,
  pauseJob: EXPORTERS,
  resumeJob: EXPORTERS,
  runJob: EXPORTERS,
  listRuns: EXPORTERS,
  startRun: EXPORTERS,
  getRun: EXPORTERS,
  stopRun: EXPORTERS,
  retryRun: EXPORTERS,
  approveRun: EXPORTERS,
  listRejects: EXPORTERS,
  linkRejects: EXPORTERS,
  linkResult: EXPORTERS,
  listArtifacts: EXPORTERS,
  getArtifact: EXPORTERS,
  revokeArtifact: EXPORTERS,
  listEnabledExports: EXPORTERS,
  enableExport: EXPORTERS,
  getEnabledExport: EXPORTERS,
  disableExport: EXPORTERS,
  listStreams: MANAGERS,
  getStream: MANAGERS,
  listStreamFields: MANAGERS,
  uploadToStream: ["admin", "data", "data_write", "data_manager", "general_manager"],
  listMappings: MANAGERS,
  createMapping: MANAGERS,
  testMapping: MANAGERS,
  suggestMapping: MANAGERS,
  getMapping: MANAGERS,
  updateMapping: MANAGERS,
  deleteMapping: MANAGERS,
  listTables: ENTITY_READERS,
  getTable: ENTITY_READERS,
  listTableFields: ENTITY_READERS,
  listCrowdedProfiles: ENTITY_READERS,
  updateTable: MANAGERS,
  listAudiences: READ_AUDIENCES,
  createAudience: WRITE_AUDIENCES,
  getAudience: READ_AUDIENCES,
  updateAudience: WRITE_AUDIENCES,
  deleteAudience: WRITE_AUDIENCES,
  getAudienceSize: READ_AUDIENCES,
  listMembers: READ_AUDIENCES,
  importMembers: WRITE_AUDIENCES,
  getEntity: READ_ENTITIES,
  getEntityByCookie: READ_ENTITIES,
  getMe: READ_ENTITIES,
  getContentEntity: READ_CONTENT,
  getContentEntityByCookie: READ_CONTENT,
  getProfile: ["admin", "data", "data_manager", "general_manager"],
};

Deno.test("every operation of the OpenAPI document lets in the scopes of SPEC §4's table, and no others", async () => {
  await using server = await openTestServer();
  const tokens = new Map<Scope, string>();
  for (const scope of SCOPES) {
    tokens.set(scope, (await server.runtime.tokens.create({ name: scope, scopes: [scope] })).token);
  }
  const { paths } = (await server.call("GET /openapi.json", { token: null })).json;
  let looked = 0;
  for (const [path, operations] of Object.entries<Record<string, Operation>>(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const name = operation.operationId;
      if (path.startsWith("/v1/")) {
        assert.deepEqual([operation.security, operation["x-scopes"]], [[{ basic: [] }], undefined], name);
        continue;
      }
      if (!path.startsWith("/api/")) {
        assert.deepEqual([operation.security, operation["x-scopes"]], [[], undefined], name);
        continue;
      }
      const allowed = ALLOWED[name];
      assert.ok(allowed, `${name} has no line in the table of this test`);
      assert.deepEqual(operation["x-scopes"], SCOPES.filter((scope) => allowed.includes(scope)), name);
      const request = `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "no-such-thing")}`;
      for (const [scope, token] of tokens) {
        const reply = await server.call(request, operation.requestBody === undefined ? { token } : { token, json: {} });
        if (allowed.includes(scope)) {
          assert.ok(reply.status !== 401 && reply.status !== 403, `${scope} ${request}: ${reply.text}`);
        } else {
          assert.equal(reply.status, 403, `${scope} ${request}: ${reply.text}`);
          const capability = Object.values(operation.security[0] ?? {}).flat()[0];
          assert.equal(reply.json.message, `The API token lacks "${capability}" (its scopes: ${scope})`);
          assert.ok(reply.json.hint.endsWith(`: ${SCOPES.filter((scope) => allowed.includes(scope)).join(", ")}`));
        }
        looked++;
      }
    }
  }
  assert.equal(looked, Object.keys(ALLOWED).length * SCOPES.length);
});

Deno.test("scopes add up", async () => {
  await using server = await openTestServer();
  const { token } = await server.runtime.tokens.create({ scopes: ["observer", "data_manager"] });
  assert.equal((await server.call("GET /api/auth", { token })).status, 200);
  assert.equal((await server.call("GET /api/token", { token })).status, 403);
});

Deno.test("a route that declares no capability, or one that there is not, keeps the server from starting", () => {
  const options = {
    as: () => {
      throw new Error("Nobody calls");
    },
    stopping: new AbortController().signal,
    verifyToken: () => assert.fail(),
  };
  const route = (change: Partial<Route>): Route => ({
    ...defineRoute({
      method: "get",
      path: "/api/thing",
      name: "getThing",
      capability: "auth.read",
      tag: "service",
      summary: "Shows a thing",
      answer: nothing(),
      handle: () => {},
    }),
    ...change,
  });
  mount([route({}), route({ path: "/thing", capability: null })], options);
  const { capability: _, ...undeclared } = route({});
  const wrong: readonly object[] = [
    undeclared,
    route({ capability: null }),
    { ...route({}), capability: "auth.everything" },
    { ...route({}), capability: "toString" },
    // Nobody is known outside /api: a capability there would be of nobody.
    route({ path: "/thing" }),
    route({ path: "/api", capability: null }),
  ];
  for (const one of wrong) {
    assert.throws(() => mount([one as Route], options), /Route GET \S+ declares no capability that there is/);
  }
});

Deno.test("a route that anybody may call knows no caller", async () => {
  const open = defineRoute({
    method: "get",
    path: "/thing",
    name: "getThing",
    capability: null,
    tag: "service",
    summary: "Shows a thing",
    answer: document(z.string(), "The thing"),
    handle: ({ engine }) => String(engine),
  });
  const options = {
    verifyToken: () => assert.fail(),
    as: () => assert.fail(),
    stopping: new AbortController().signal,
  };
  const handle = mount([open], options);
  const url = "http://waybill.test/thing";
  await assert.rejects(handle(new Request(url), targetOf(url)), /Route "getThing" knows no caller/);
});

Deno.test("whoever sees rows as they came in may see PII: samples, examples and rejected rows hide nothing", () => {
  const pii = scopesWith("pii.read");
  for (
    const capability of ["import.read", "import.write", "stream.read", "mapping.read"] as const
  ) {
    for (const scope of scopesWith(capability)) assert.ok(pii.includes(scope), `${scope} has ${capability}`);
  }
});

Deno.test("every capability is somebody's, and an admin has all of them", () => {
  for (const capability of Object.keys(CAPABILITIES) as (keyof typeof CAPABILITIES)[]) {
    assert.equal(scopesWith(capability)[0], "admin", capability);
  }
  // Those of routes that come later, by SPEC §4.
  assert.deepEqual(scopesWith("audience.read"), [
    "admin",
    "data",
    "segment_manager",
    "marketer",
    "observer",
    "campaign_manager",
    "general_manager",
  ]);
  assert.deepEqual(
    scopesWith("audience.write"),
    ["admin", "segment_manager", "marketer", "campaign_manager", "general_manager"],
  );
  assert.deepEqual(scopesWith("export.write"), ["admin", "data_manager", "campaign_manager", "general_manager"]);
  assert.deepEqual(scopesWith("mapping.write"), MANAGERS);
  assert.deepEqual(scopesWith("entity.erase"), MANAGERS);
  assert.deepEqual(scopesWith("pii.read"), MANAGERS);
  assert.deepEqual(scopesWith("content.write"), ["admin", "content_manager", "data_manager", "general_manager"]);
});
