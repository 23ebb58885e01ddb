/**
 * A server with an app and an API key, for tests of the bulk APIs.
 *
 * @module
 */
import { openTestServer, type Reply, type TestServer, type TestServerOptions } from "../server_testing.ts";

/** One. */
export interface BulkServer extends TestServer {
  readonly app_id: string;
  readonly profiledb_id: number;
  readonly api_key: string;
  readonly api_secret: string;
  /** Calls with the key: a form, or nothing. */
  bulk(request: string, form?: Readonly<Record<string, string | Blob>>): Promise<Reply>;
  /** Waits for an import's end and gives its status. */
  ended(path: string, activity: string): Promise<Reply>;
}

/** Credentials as RFC 7617 sends them. */
export function basic(key: string, secret: string): string {
  return `Basic ${new TextEncoder().encode(`${key}:${secret}`).toBase64()}`;
}

/** Opens one, whose runs are executed. */
export async function openBulkServer(options: TestServerOptions = {}): Promise<BulkServer> {
  const server = await openTestServer({ runner: "serve", ...options });
  const { app_id, profiledb_id } = await server.runtime.apps.create({ name: "weather" });
  const { api_key, api_secret } = await server.runtime.apiKeys.create();
  const headers = { authorization: basic(api_key, api_secret) };
  const bulk = async (request: string, form?: Readonly<Record<string, string | Blob>>) => {
    if (form === undefined) return await server.call(request, { token: null, headers });
    const body = new FormData();
    for (const [name, value] of Object.entries(form)) body.append(name, value);
    return await server.call(request, { token: null, headers, body });
  };
  return {
    ...server,
    app_id,
    profiledb_id,
    api_key,
    api_secret,
    bulk,
    ended: async (path, activity) => {
      const run = activity.replaceAll("-", "");
      for await (const _ of server.runtime.runs.follow(run, { signal: AbortSignal.timeout(240_000) }));
      return await bulk(`GET ${path}${activity}`);
    },
  };
}
