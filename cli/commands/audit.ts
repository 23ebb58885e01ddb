/**
 * `audit list|verify`
 *
 * @module
 */
import { FAILURE_HANDLING } from "../../core/contracts/failure.ts";
import type { Command, Noun } from "../command.ts";

const list: Command = {
  summary: "Lists who changed what, newest first",
  flags: [
    { name: "limit", kind: "value", value: "NUMBER", help: "Most entries, 1 to 1,000 [default: 50]" },
    { name: "cursor", kind: "value", value: "CURSOR", help: "Go on after the list before" },
  ],
  run: async (app, args) => {
    const [limit, cursor] = [args.integer("limit", 1, 1_000), args.value("cursor")];
    const { items, next } = await (await app.runtime()).audit.list({
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (app.out.json) return app.out.value(items);
    app.out.table(
      ["no.", "at", "who", "did", "what", "label", "more"],
      items.map(({ sequence, at, actor, action, kind, label, detail }) => [
        sequence,
        at,
        actor.kind === "token" ? `token ${actor.name}` : actor.name,
        action,
        kind,
        label,
        detail,
      ]),
    );
    if (next !== null) app.out.next([app.command("audit", "list", "--cursor", next)]);
  },
};

const verify: Command = {
  summary: "Checks that nothing in the log was changed, removed, reordered or cut off",
  run: async (app) => {
    const { audit } = await app.runtime();
    const verdict = await audit.verify();
    const { ok, entries, head, problems } = verdict;
    const exitCode = ok ? 0 : FAILURE_HANDLING.data.exitCode;
    app.out.goOnUnread();
    if (app.out.json) {
      app.out.value(verdict);
      return exitCode;
    }
    app.out.pairs([["entries", entries], ["head", head === "" ? "none" : head], ["whole", ok ? "yes" : "no"]]);
    for (const problem of problems) app.out.line(problem);
    if (ok && entries > 0) {
      app.out.note("Keep the head elsewhere: it proves later that nothing up to it was changed");
    }
    return exitCode;
  },
};

/** The audit log. */
export const audit: Noun = { verbs: { list, verify } };
