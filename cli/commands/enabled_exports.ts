/**
 * `export enable|disable|list`
 *
 * @module
 */
import type { EnabledExportView } from "../../core/engine/exports/enabled_exports.ts";
import type { App } from "../app.ts";
import type { Command } from "../command.ts";
import { UsageError } from "../usage.ts";

/** `export enable` */
export const enable: Command = {
  summary: "Lets the bulk APIs fetch an export: `log-export`, the raw logs of an app",
  args: [{ name: "TYPE" }],
  flags: [{ name: "app", kind: "value", value: "APP", help: "The app, by id or name [required]" }],
  examples: ["export enable log-export --app weather"],
  run: async (app, args) => {
    const [type = ""] = args.words;
    if (type !== "log-export") throw new UsageError("There is no such export to enable", "There is log-export");
    print(app, await (await app.runtime()).enabledExports.enable({ type, app: args.required("app") }));
  },
};

/** `export list` */
export const list: Command = {
  summary: "Lists the exports that the bulk APIs may fetch",
  run: async (app) => {
    const exports = await (await app.runtime()).enabledExports.list();
    if (app.out.json) return app.out.value(exports);
    app.out.table(
      ["id", "type", "app", "app id", "since"],
      exports.map(({ id, type, app, app_id, created_at }) => [id, type, app, app_id, created_at]),
    );
    if (exports.length === 0) {
      app.out.note("No export is enabled yet");
      app.out.next([`${app.command("export", "enable")} --help`]);
    }
  },
};

/** `export disable` */
export const disable: Command = {
  summary: "Disables one: nobody fetches it any more, and its links open nothing",
  args: [{ name: "ID" }],
  run: async (app, { words: [id = ""] }) => {
    const disabled = await (await app.runtime()).enabledExports.disable(id);
    if (app.out.json) return app.out.value({ id: disabled.id, disabled: true });
    app.out.note(`The ${disabled.type} of app "${disabled.app}" is disabled; what was collected stays for its time`);
  },
};

function print({ out }: App, { id, type, app, app_id, created_at }: EnabledExportView): void {
  if (out.json) return out.value({ id, type, app_id, app, created_at });
  out.pairs([["id", id], ["type", type], ["app", app], ["app id", app_id], ["since", created_at]]);
}
