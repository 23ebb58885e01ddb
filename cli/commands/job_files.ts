/**
 * `job files`
 *
 * @module
 */
import type { JobFileView } from "../../core/engine/job_files.ts";
import type { App } from "../app.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import { firstItems } from "../first_items.ts";

/** Lists what the ledger of a job holds. */
export const files: Command = {
  summary: "Lists the files that one has imported, the last first",
  args: [{ name: "JOB" }],
  flags: [{ name: "limit", kind: "value", value: "NUMBER", help: "Most files to list [default: 20]" }],
  run: async (app, args) => {
    const items = await listFiles(app, args);
    if (app.out.json) return app.out.value(items);
    app.out.table(
      ["file", "imported", "rows", "rejected", "run"],
      items.map(({ path, imported_at, rows, rejected, run_id }) => [path, imported_at, rows, rejected, run_id]),
    );
    if (items.length === 0) app.out.note("It has imported no file yet");
  },
};

async function listFiles(app: App, args: Arguments): Promise<JobFileView[]> {
  const wanted = args.integer("limit", 1, 1_000_000) ?? 20;
  const { jobs } = await app.runtime();
  return await firstItems({ wanted, most: 1_000 }, (page) => jobs.files(args.words[0] ?? "", page));
}
