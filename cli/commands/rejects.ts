/**
 * `run rejects RUN`: the rows that a run could not read, printed, as a file, or as a link to one.
 *
 * @module
 */
import type { RunView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../usage.ts";

/** Lists them. */
export const rejects: Command = {
  summary: "Lists the rows that a run could not read, in the order of the file",
  args: [{ name: "RUN" }],
  flags: [
    {
      name: "as-csv",
      kind: "switch",
      help: "Print the rows as a file with its header, to mend and import again with the same settings",
    },
    {
      name: "link",
      kind: "switch",
      help: "Print a link to a file of them, which whoever has it can fetch without a token",
    },
    {
      name: "expires-in",
      kind: "value",
      value: "24h",
      help: "How long the link is good: 30m, 24h, 7d at most [default: 24h]",
    },
  ],
  examples: ["run rejects 1f3a --as-csv", "run rejects 1f3a --link --as-csv --expires-in 48h"],
  run: async (app, args) => {
    const { runs } = await app.runtime();
    const run = await runs.get(args.words[0] ?? "");
    if (args.on("link") === true) return await printLink(app, run, args);
    if (args.value("expires-in") !== undefined) {
      throw new UsageError("Flag --expires-in is for links", "Give --link with it");
    }
    if (args.on("as-csv") === true) {
      if (app.out.json) throw new UsageError("--as-csv and --json do not go together");
      for await (const bytes of runs.rejectedFile(run.id)) app.out.stdout.write(bytes);
      return;
    }
    if (app.out.json) return await app.out.values(runs.rejects(run.id));
    await printRejects(app, run);
  },
};

async function printLink(app: App, { id }: RunView, args: Arguments): Promise<void> {
  const { artifacts } = await app.runtime();
  const expires = args.value("expires-in");
  const link = await artifacts.linkRejects(id, {
    format: args.on("as-csv") === true ? "csv" : "jsonl",
    ...(expires === undefined ? {} : { expires_in: await secondsOf(expires) }),
  });
  try {
    if (app.out.json) return app.out.value(link);
    app.out.line(link.url);
  } catch (error) {
    // Nobody will ever have it.
    await artifacts.revoke(link.id);
    throw error;
  }
  app.out.note(`Good until ${link.expires_at}; whoever has it can fetch the file`);
  for (const note of link.notes) app.out.note(app.phrase(note));
  app.out.next([app.command("artifact", "revoke", link.id)]);
}

async function secondsOf(text: string): Promise<number> {
  const { durationOf } = await import("../../core/engine/expiry.ts");
  const milliseconds = durationOf(text);
  if (milliseconds !== undefined) return milliseconds / 1_000;
  throw new UsageError("Flag --expires-in is no time", "Give minutes, hours or days: 30m, 24h, 7d");
}

/** Why there are fewer rows than were rejected. */
function erasedNote({ rejected, rejected_erased: erased }: RunView): string {
  return `${erased} of ${rejected} rejected rows ${
    erased === 1 ? "is" : "are"
  } not shown: about people who were erased`;
}

/** A table is laid out as a whole; beyond this many rows, in parts. */
const PART = 1000;

async function printRejects(app: App, run: RunView): Promise<void> {
  const { runs } = await app.runtime();
  let part: (readonly (string | number)[])[] = [];
  const flush = () => {
    app.out.table(["line", "reason", "row"], part);
    part = [];
  };
  for await (const { line, reason, raw } of runs.rejects(run.id)) {
    part.push([line, reason, raw.length > 500 ? `${raw.slice(0, 500)}…` : raw]);
    if (part.length === PART) flush();
  }
  flush();
  if (run.rejected === 0) app.out.note("No row was rejected");
  if (run.rejected_erased > 0) app.out.note(erasedNote(run));
}
