/**
 * A server with people, an audience of them and a clock of the test's, for tests of exports of audiences and profiles.
 *
 * @module
 */
import { Failure } from "../../core/contracts/failure.ts";
import type { RunView } from "../../core/engine/views.ts";
import type { Reply } from "../server_testing.ts";
import { type BulkServer, openBulkServer } from "./bulk_testing.ts";

/** One. */
export interface ExportServer extends AsyncDisposable {
  readonly server: BulkServer;
  /** The audience `letters`: everybody with an address. */
  readonly audience: number;
  /** The table `user`. */
  readonly table: number;
  /** Milliseconds that the server's clock for exports is ahead of where it stood at first. */
  ahead: number;
  /** What that clock shows. */
  readonly now: number;
  /** Runs of a job type that there were so far, the newest first. */
  runs(type: string): Promise<RunView[]>;
  /** Waits until no run of a job type is open, and there are as many. */
  ended(type: string, count: number): Promise<RunView>;
  /** Imports changes of people: by customer id, what is assigned. */
  people(assigned: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<void>;
  /** What a redirection leads to. */
  file(reply: Reply): Promise<string>;
  /** Asks until there are results, and gives the redirection. */
  results(path: string, type: string): Promise<Reply>;
}

/** A day, in milliseconds. */
export const DAY = 86_400_000;

/** Of a day of UTC, in milliseconds. */
const NOON = 17 * 3_600_000;

/** Opens one. */
export async function openExportServer(): Promise<ExportServer> {
  const clock = { ahead: 0 };
  // The next noon or one o'clock in New York: no test comes by chance to the time at which all results are made anew.
  const start = Math.ceil((Date.now() - NOON) / DAY) * DAY + NOON;
  const server = await openBulkServer({ clock: () => Promise.resolve(start + clock.ahead) });
  const { runtime } = server;
  const runs = async (type: string) =>
    (await runtime.runs.list({ limit: 1_000 })).items.filter((run) => run.type === type);
  const ended = async (type: string, count: number) => {
    for (let looks = 0;; looks++) {
      const found = await runs(type);
      const open = found.find(({ status }) => status === "queued" || status === "running");
      if (open !== undefined) { for await (const _ of runtime.runs.follow(open.id)); }
      else if (found.length >= count) return found[0]!;
      if (looks > 1_200) throw new Failure("transient", `There are ${found.length} runs of ${type}, not ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const people: ExportServer["people"] = async (assigned) => {
    const lines = Object.entries(assigned).map(([customer_id, values]) => {
      const changes = Object.entries(values).map(([attr, value]) => ({ op: "assign", attr, value }));
      return `${JSON.stringify({ customer_id, changes })}\n`;
    });
    const { org_id } = await runtime.account.get();
    const { json } = await server.bulk("POST /v1/imports/profiles/upload", {
      org_id: String(org_id),
      format: "json",
      file: new Blob([lines.join("")]),
    });
    await server.ended("/v1/imports/profiles/status/", json.activity_id);
  };
  await people({
    a: { email: "ann@example.com", idfa: "E751D492" },
    b: { email: "bo@example.com" },
    c: { name: "Cy" },
  });
  const { id: audience } = await runtime.audiences.create({ name: "Letters", filter: "FILTER EXISTS email" });
  const [{ id: table } = { id: 0 }] = (await runtime.tables.list()).filter(({ name }) => name === "user");
  const file = async (reply: Reply) => {
    if (reply.status !== 302) throw new Error(`${reply.status} ${reply.text}`);
    const response = await server.app.fetch(new Request(reply.headers.get("location")!));
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return await response.text();
  };
  return {
    server,
    audience,
    table,
    get ahead() {
      return clock.ahead;
    },
    set ahead(ahead) {
      clock.ahead = ahead;
    },
    get now() {
      return start + clock.ahead;
    },
    runs,
    ended,
    people,
    file,
    results: async (path, type) => {
      const before = (await runs(type)).length;
      const first = await server.bulk(`GET ${path}`);
      if (first.status === 302) return first;
      await ended(type, before + 1);
      return await server.bulk(`GET ${path}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
