/**
 * A server over a real runtime in a temporary data directory, for tests.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createLog } from "../core/engine/log.ts";
import { openRuntime } from "../core/engine/open.ts";
import type { Engine, Runtime } from "../core/engine/runtime.ts";
import { type App, createApp } from "./app.ts";

/** A customer file with three good rows and one bad one. */
const CUSTOMERS = 'id,email,name\n1,ann@example.com,Ann\n2,bo@example.com,"Bo, Jr."\n3,cy@example.com\n"4,broken\n';

/** What a test asks. */
export interface Call {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
  /** Token to send; null = none; an admin's unless told. */
  readonly token?: string | null;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as `JSON.parse` gives it; undefined where it is no JSON. */
  readonly json: ReturnType<typeof JSON.parse>;
}

/** A server without a socket. */
export interface TestServer extends AsyncDisposable {
  readonly app: App;
  readonly runtime: Runtime;
  /** An admin's token. */
  readonly token: string;
  /** Folder with `customers.csv`. */
  readonly folder: string;
  /** What was logged, a line each. */
  readonly lines: readonly string[];
  /** Asks: `call("GET /api/auth")`. Fails when what succeeds is not what the route declares, key for key. */
  call(request: string, call?: Call): Promise<Reply>;
}

/** What differs from an ordinary server. */
export interface TestServerOptions {
  /** `serve` executes runs; `none` unless told. */
  readonly runner?: "serve" | "none";
  /** Data directory, which stays when the server is closed; one that goes with it unless told. */
  readonly home?: string;
  /** Puts other parts into what callers get. */
  change?(engine: Engine): Engine;
  /** Another clock than the database's for what expires. */
  readonly clock?: () => Promise<number>;
  /** Whether the server can work. */
  ready?(): Promise<void>;
}

/** Opens one. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const stack = new AsyncDisposableStack();
  const root = await Deno.makeTempDir({ prefix: "waybill-server-" });
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const folder = join(root, "files");
  await Deno.mkdir(folder);
  await Deno.writeTextFile(join(folder, "customers.csv"), CUSTOMERS);
  const lines: string[] = [];
  const log = createLog({ level: "debug", write: (line) => lines.push(line) });
  const opened = stack.use(
    await openRuntime({
      home: options.home ?? join(root, "home"),
      plugins: [import.meta.resolve("../plugins/mod.ts")],
      runner: options.runner ?? "none",
      log,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    }),
  );
  const { change = (engine) => engine } = options;
  const runtime: Runtime = { ...opened, as: (caller) => change(opened.as(caller)) };
  const { token } = await opened.tokens.create({ name: "test", scopes: ["admin"] });
  const app = createApp(runtime, {
    log,
    stopping: new AbortController().signal,
    ready: () => options.ready?.() ?? Promise.resolve(),
  });
  return {
    app,
    runtime: opened,
    token,
    folder,
    lines,
    call: (request, call = {}) => ask(app, request, { token, ...call }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function ask(app: App, request: string, { json, body, headers, token }: Call): Promise<Reply> {
  const [method = "", path = ""] = request.split(" ");
  const sent = new Headers(headers);
  if (token) sent.set("authorization", `Bearer ${token}`);
  if (json !== undefined) sent.set("content-type", "application/json");
  const content = json === undefined ? body : JSON.stringify(json);
  const init = { method, headers: sent, ...(content === undefined ? {} : { body: content }) };
  const response = await app.fetch(new Request(new URL(path, "http://waybill.test"), init));
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
  const reply = {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  };
  if (response.ok && isJson) assertDeclared(app, method, new URL(path, "http://waybill.test").pathname, reply);
  return reply;
}

function assertDeclared(app: App, method: string, path: string, { status, json }: Reply): void {
  const route = app.routes.filter((route) => route.method === method.toLowerCase())
    .sort((a, b) => Object.keys(a.params).length - Object.keys(b.params).length)
    .find((route) => new RegExp(`^${route.path.replace(/\/$/, "").replaceAll(/\{\w+\}/g, "[^/]+")}/?$`).test(path));
  assert.equal(status, route?.answer.status);
  // Parsing drops keys that are not declared.
  assert.deepEqual(route?.answer.body?.schema.parse(json), json);
}
