/**
 * `choices JOB-TYPE FIELD`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";
import { shellQuote } from "../format.ts";
import { jobFlags, jobTypes } from "../job_target.ts";
import { AUTH } from "../saved.ts";

const list: Command = {
  summary: "Lists the values that a field may take, live from the provider",
  args: [{ name: "JOB-TYPE" }, { name: "FIELD" }],
  flags: [
    AUTH,
    { name: "query", kind: "value", value: "TEXT", help: "Only values that hold this" },
    { name: "limit", kind: "value", value: "NUMBER", help: "Most values to list, up to 1000 [default: 100]" },
    { name: "cursor", kind: "value", value: "CURSOR", help: "Go on where the page before ended" },
  ],
  examples: [
    "choices csv-import file --auth partner",
    "choices csv-import timestamps --auth partner --file customers.csv",
  ],
  subjects: jobTypes,
  declared: async (app, [type]) =>
    jobFlags(app, type === undefined ? undefined : (await app.registry()).job(type), true),
  run: async (app, args) => {
    const [type = "", field = ""] = args.words;
    const [query, cursor, limit] = [args.value("query"), args.value("cursor"), args.integer("limit", 1, 1000)];
    const auth = args.value("auth");
    const { jobs } = await app.runtime();
    const page = await jobs.choices(
      { type, config: args.config, ...(auth === undefined ? {} : { auth }) },
      field.replaceAll("-", "_"),
      {
        ...(query === undefined ? {} : { query }),
        ...(cursor === undefined ? {} : { cursor }),
        ...(limit === undefined ? {} : { limit }),
      },
    );
    if (app.out.json) return app.out.value(page);
    if (page.items.length === 0) app.out.note("There is no such value");
    app.out.table(["value", "what it is"], page.items.map(({ value, title }) => [value, title]));
    if (page.next !== null) app.out.note(`There are more: go on with --cursor ${shellQuote(page.next)}`);
  },
};

/** Live lists of values. */
export const choices: Noun = { self: list };
