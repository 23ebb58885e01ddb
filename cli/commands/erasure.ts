/**
 * `erasure request|status|list|lift`
 *
 * @module
 */
import type { ErasureView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Noun } from "../command.ts";
import { firstItems } from "../first_items.ts";

const REQUEST_ID = { name: "REQUEST-ID" };

const request: Command = {
  summary: "Has a profile erased, with everything that is kept of it",
  args: [{ name: "FIELD" }, { name: "VALUE" }],
  flags: [
    { name: "table", kind: "value", value: "TABLE", help: "Profile table to look in [default: user]" },
    { name: "wait", kind: "switch", help: "Wait until it is done; --no-wait leaves it to `waybill serve`" },
  ],
  examples: ["erasure request email ada@example.com", "erasure request user_id 1002 --no-wait"],
  runner: "cli",
  run: async (app, args) => {
    const [field = "", value = ""] = args.words;
    const table = args.value("table");
    const { erasures, runs } = await app.runtime();
    const made = await erasures.request(field, value, table === undefined ? {} : { table });
    if (args.on("wait") === false) {
      if (app.out.json) return app.out.value({ request_id: made.request_id });
      app.out.line(made.request_id);
      return app.out.next([app.command("erasure", "status", made.request_id)]);
    }
    const { followRun, reportRun } = await import("../follow.ts");
    const run = await followRun(app, await runs.get(made.run_id));
    if (run.status !== "succeeded") return await reportRun(app, run);
    print(app, await erasures.get(made.request_id));
  },
};

const status: Command = {
  summary: "Shows how far an erasure is",
  args: [REQUEST_ID],
  run: async (app, { words: [id = ""] }) => print(app, await (await app.runtime()).erasures.get(id)),
};

const list: Command = {
  summary: "Lists erasures, newest first",
  flags: [{ name: "limit", kind: "value", value: "N", help: "At most so many [default: 20]" }],
  run: async (app, args) => {
    const wanted = args.integer("limit", 1, 100_000) ?? 20;
    const { erasures } = await app.runtime();
    const found = await firstItems({ wanted, most: 100 }, (page) => erasures.list(page));
    if (app.out.json) return app.out.value(found);
    app.out.table(
      ["request", "state", "asked", "done"],
      found.map(({ request_id, state, created_at, completed_at }) => [request_id, state, created_at, completed_at]),
    );
  },
};

const lift: Command = {
  summary: "Takes data for the erased again, where the account refuses it for ever",
  args: [REQUEST_ID],
  run: async (app, { words: [id = ""] }) => print(app, await (await app.runtime()).erasures.lift(id)),
};

function print({ out }: App, erasure: ErasureView): void {
  if (out.json) return out.value(erasure);
  out.pairs([
    ["request", erasure.request_id],
    ["state", erasure.state],
    ["asked", erasure.created_at],
    ["done", erasure.completed_at],
    ["new data", erasure.refused ? "refused" : "taken"],
    ["run", erasure.run_id],
  ]);
}

/** Erasures. */
export const erasure: Noun = { verbs: { request, status, list, lift } };
