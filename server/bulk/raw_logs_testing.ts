/**
 * A server whose bulk APIs are called with a key, at a time of the test's, for tests of raw logs.
 *
 * @module
 */
import { openTestServer, type Reply, type TestServer } from "../server_testing.ts";

/** What goes with a request. */
export interface LogCall {
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server with an app whose log exports are enabled. */
export interface LogServer extends AsyncDisposable {
  readonly server: TestServer;
  readonly app: string;
  /** The header that names the API key. */
  readonly authorization: string;
  /** What the clock shows, in milliseconds. */
  now: number;
  /** Asks with the API key. */
  ask(request: string, call?: LogCall): Promise<Reply>;
  /** Sends events to the app. */
  send(events: readonly object[], headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** The rows of an hour, as its link gives them: `2026/11/21/14`. */
  rows(hour: string): Promise<Record<string, unknown>[]>;
  /** The file of an hour. */
  file(hour: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Opens one, at five past two. */
export async function openLogServer(): Promise<LogServer> {
  const clock = { now: Date.UTC(2026, 10, 21, 14, 5) };
  const server = await openTestServer({ clock: () => Promise.resolve(clock.now) });
  const { app_id: app } = await server.runtime.apps.create({ name: "weather" });
  await server.runtime.enabledExports.enable({ type: "log-export", app });
  const { api_key, api_secret } = await server.runtime.apiKeys.create();
  const authorization = `Basic ${btoa(`${api_key}:${api_secret}`)}`;
  const ask = (request: string, { body, headers }: LogCall = {}) =>
    server.call(request, {
      token: null,
      headers: { authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const file = async (hour: string) => {
    const { status, headers, text } = await ask(`GET /v1/exports/analytics/logs/${app}/${hour}`);
    if (status !== 302) throw new Error(`${status} ${text}`);
    const response = await server.app.fetch(new Request(headers.get("location")!));
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return await response.bytes();
  };
  return {
    server,
    app,
    authorization,
    get now() {
      return clock.now;
    },
    set now(now) {
      clock.now = now;
    },
    ask,
    send: (events, headers = {}) =>
      ask(`POST /v1/apps/${app}/events`, {
        body: events.map((event) => `${JSON.stringify(event)}\n`).join(""),
        headers: { "content-type": "application/x-ndjson", ...headers },
      }),
    rows: async (hour) => {
      const { gunzipSync } = await import("node:zlib");
      const text = new TextDecoder().decode(gunzipSync(await file(hour)));
      return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    },
    file,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
