/**
 * `export enable|disable|list|show`
 *
 * @module
 */
import type { EnabledExportView } from "../../core/engine/exports/enabled_exports.ts";
import type { EnableExportInput } from "../../core/engine/exports/export_sources.ts";
import type { App } from "../app.ts";
import type { Arguments } from "../args.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../usage.ts";

/** `export enable` */
export const enable: Command = {
  summary: "Lets the bulk APIs fetch an audience, the profiles of a table or their changes, or an app's raw logs",
  args: [{ name: "TYPE" }],
  flags: [
    { name: "audience", kind: "value", value: "AUDIENCE", help: "audience-export: the audience, by slug or id" },
    {
      name: "identifier-type",
      kind: "value",
      value: "TYPE",
      help: "audience-export: what members are named by: idfa, gaid, email or customer_id",
    },
    { name: "table", kind: "value", value: "TABLE", help: "profile-export: the profile table, by name or id" },
    { name: "job-type", kind: "value", value: "TYPE", help: "profile-export: profile or profile_changes" },
    { name: "app", kind: "value", value: "APP", help: "log-export: the app, by id or name" },
  ],
  examples: [
    "export enable audience-export --audience newsletter --identifier-type email",
    "export enable profile-export --table user --job-type profile_changes",
    "export enable log-export --app weather",
  ],
  run: async (app, args) => print(app, await (await app.runtime()).enabledExports.enable(await inputOf(args))),
};

/** The flags of each type that may be enabled. */
const TAKES = {
  "audience-export": ["audience", "identifier-type"],
  "profile-export": ["table", "job-type"],
  "log-export": ["app"],
} as const satisfies Readonly<Record<EnableExportInput["type"], readonly string[]>>;

async function inputOf(args: Arguments): Promise<EnableExportInput> {
  const [named = ""] = args.words;
  const type = oneOf("export to enable", named, Object.keys(TAKES) as (keyof typeof TAKES)[]);
  refuseOthers(args, type);
  switch (type) {
    case "audience-export": {
      const { IDENTIFIERS } = await import("../../core/contracts/export_job.ts");
      const [audience, identifier] = [args.required("audience"), args.required("identifier-type")];
      return { type, audience, identifier_type: oneOf("--identifier-type", identifier, IDENTIFIERS) };
    }
    case "profile-export": {
      const { PROFILE_JOBS } = await import("../../core/engine/exports/export_sources.ts");
      const [table, job] = [args.required("table"), args.required("job-type")];
      return { type, table, job_type: oneOf("--job-type", job, PROFILE_JOBS) };
    }
    case "log-export":
      return { type, app: args.required("app") };
  }
}

/** What was typed, as one of the names that there are. */
function oneOf<Name extends string>(what: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`There is no ${what} "${text}"`, `There are ${names.join(", ")}`);
}

/** What says nothing of an export of this type was meant for another. */
function refuseOthers(args: Arguments, type: keyof typeof TAKES): void {
  const taken: readonly string[] = TAKES[type];
  const other = Object.values(TAKES).flat().find((name) => !taken.includes(name) && args.value(name) !== undefined);
  if (other === undefined) return;
  throw new UsageError(
    `Flag --${other} does not belong to ${type}`,
    `It takes ${taken.map((name) => `--${name}`).join(" and ")}`,
  );
}

/** `export list` */
export const list: Command = {
  summary: "Lists the exports that the bulk APIs may fetch",
  run: async (app) => {
    const exports = await (await app.runtime()).enabledExports.list();
    if (app.out.json) return app.out.value(exports);
    app.out.table(
      ["id", "type", "of", "name", "results of", "rows", "last run", "asked for", "until"],
      exports.map((one) => [
        one.id,
        one.job_type === null ? one.type : `${one.type} ${one.job_type}`,
        one.source_id,
        one.name,
        one.results_generated_at,
        one.results_count,
        one.last_run?.status ?? null,
        one.last_requested_at,
        one.results_expire_at,
      ]),
    );
    const failed = exports.flatMap(({ id, last_run }) => last_run?.failure ? [{ id, last_run }] : []);
    for (const { id, last_run } of failed) app.out.note(`The last run of export ${id} failed: ${last_run.failure}`);
    app.out.next(failed.map(({ last_run }) => app.command("run", "show", last_run.id)));
    if (exports.length === 0) {
      app.out.note("No export is enabled yet");
      app.out.next([`${app.command("export", "enable")} --help`]);
    }
  },
};

/** `export show` */
export const show: Command = {
  summary: "Shows one: its results, who last asked for them, and until when it is enabled",
  args: [{ name: "ID" }],
  run: async (app, { words: [id = ""] }) => print(app, await (await app.runtime()).enabledExports.get(id)),
};

/** `export disable` */
export const disable: Command = {
  summary: "Disables one: nobody fetches it any more, and its links open nothing",
  args: [{ name: "ID" }],
  run: async (app, { words: [id = ""] }) => {
    const disabled = await (await app.runtime()).enabledExports.disable(id);
    if (app.out.json) return app.out.value({ id: disabled.id, disabled: true });
    const { type, name } = disabled;
    app.out.note(
      type === "log-export"
        ? `The ${type} of app "${name}" is disabled; what was collected stays for its time`
        : `The ${type} of "${name}" is disabled, and its results are gone`,
    );
  },
};

function print({ out }: App, view: EnabledExportView): void {
  if (out.json) return out.value(view);
  out.pairs([
    ["id", view.id],
    ["type", view.type],
    ["job type", view.job_type],
    ["name", view.name],
    ["of", view.source_id],
    ["enabled", view.created_at],
    ["enabled by", view.enabled_by],
    ["next results", view.next_refresh_at],
    ["results of", view.results_generated_at],
    ["rows", view.results_count],
    ["last run", view.last_run && `${view.last_run.id}, ${view.last_run.status}`],
    ["failure", view.last_run && view.last_run.failure],
    ["asked for", view.last_requested_at],
    ["until", view.results_expire_at],
  ]);
}
