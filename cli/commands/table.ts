/**
 * `table list|show|fields|crowded|set`
 *
 * @module
 */
import type { TableChange } from "../../core/engine/runtime.ts";
import type { TableView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Arguments } from "../args.ts";
import type { Command, Noun } from "../command.ts";
import { count, percent } from "../format.ts";
import { heedWait, reportReplay, WAIT } from "../replay_report.ts";
import { UsageError } from "../usage.ts";

const TABLE = { name: "TABLE" };

const list: Command = {
  summary: "Lists the profile tables",
  run: async (app) => {
    const tables = await (await app.runtime()).tables.list();
    if (app.out.json) return app.out.value(tables);
    app.out.table(
      ["id", "table", "profiles", "identified by", "streams"],
      tables.map(({ id, name, profiles, identify_by, mappings }) => [
        id,
        name,
        count(profiles),
        [...identify_by],
        mappings.map(({ stream }) => stream),
      ]),
    );
  },
};

const show: Command = {
  summary: "Shows one, by name or id",
  args: [TABLE],
  run: async (app, { words: [name = ""] }) => {
    const table = await (await app.runtime()).tables.get(name);
    print(app, table);
    app.out.next([
      app.command("table", "fields", table.name),
      ...table.crowded === 0 ? [] : [app.command("table", "crowded", table.name)],
    ]);
  },
};

const fields: Command = {
  summary: "Lists a table's fields: kind, merge, how often they are filled, and examples",
  args: [TABLE],
  run: async (app, { words: [name = ""] }) => {
    const { fields, profiles, sampled, table } = await (await app.runtime()).tables.fields(name);
    if (app.out.json) return app.out.value({ table, profiles, sampled, fields });
    app.out.table(
      ["field", "kind", "merge", "identifies", "filled", "examples"],
      fields.map(({ name, kind, merge, identifies, fill_rate, examples }) => [
        name,
        kind ?? "as it comes",
        merge,
        identifies ? "yes" : "",
        percent(fill_rate),
        examples.map((example) => typeof example === "string" ? example : JSON.stringify(example)).join(" · "),
      ]),
    );
    if (sampled < profiles) app.out.note(`Of ${count(profiles)} profiles, ${count(sampled)} were looked at`);
  },
};

const crowded: Command = {
  summary: "Lists profiles that gathered too many values of one identity field: is one of them many people's?",
  args: [TABLE],
  flags: [
    { name: "limit", kind: "value", value: "NUMBER", help: "Most profiles, 1 to 1,000 [default: 50]" },
    { name: "cursor", kind: "value", value: "CURSOR", help: "Go on after the list before" },
  ],
  run: async (app, args) => {
    const [limit, cursor, name = ""] = [args.integer("limit", 1, 1_000), args.value("cursor"), args.words[0]];
    const { items, next } = await (await app.runtime()).tables.crowded(name, {
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (app.out.json) return app.out.value(items);
    app.out.table(
      ["profile", "field", "values", "run", "the first of them"],
      items.map(({ profile, field, values, run, sample }) => [profile, field, count(values), run, [...sample]]),
    );
    if (items.length === 0) return app.out.note("There is no such profile");
    app.out.next([
      ...next === null ? [] : [app.command("table", "crowded", name, "--cursor", next)],
      `${app.command("table", "set", name)} --deny ${items[0]?.field}=VALUE`,
    ]);
  },
};

const set: Command = {
  summary: "Changes how a table's values identify; the events are replayed",
  args: [TABLE],
  flags: [
    { name: "deny", kind: "list", value: "FIELD=A,B", help: "These values name nobody; * for every field" },
    { name: "allow", kind: "list", value: "FIELD=A,B", help: "Take these values off the list again" },
    {
      name: "normalise",
      kind: "list",
      value: "FIELD=STEP",
      help: "Compare by digits alone, in lower case, or both: digits, lower; none for as it stands",
    },
    {
      name: "most-values",
      kind: "value",
      value: "NUMBER",
      help: "Report profiles with more values of a field [default: 100]",
    },
    { name: "unset", kind: "list", value: "A,B", help: "Put deny, normalise or most-values back to what is built in" },
    WAIT,
  ],
  runner: "cli",
  examples: ["table set user --deny email=office@example.com,info@example.com --normalise phone=digits"],
  run: async (app, args) => {
    await heedWait(app, args);
    const name = args.words[0] ?? "";
    const { tables } = await app.runtime();
    const change = changeOf(args, await tables.get(name));
    const table = await tables.update(name, change);
    return await reportReplay(app, args, table, () => print(app, table));
  },
};

/** The change that the flags describe: values are added to the lists that there are, and taken off. */
function changeOf(args: Arguments, { identity }: TableView): TableChange {
  const denied = new Map(Object.entries(identity.deny ?? {}).map(([field, values]) => [field, new Set(values)]));
  for (const [field, values] of byField(args, "deny")) {
    denied.set(field, new Set([...denied.get(field) ?? [], ...values]));
  }
  const allowed = byField(args, "allow");
  for (const [field, values] of allowed) for (const value of values) denied.get(field)?.delete(value);
  const named = new Set([...byField(args, "deny").keys(), ...allowed.keys()]);
  const deny = Object.fromEntries([...named].map((field) => {
    const values = [...denied.get(field) ?? []];
    return [field, values.length === 0 ? null : values];
  }));
  const normalise = Object.fromEntries(
    [...byField(args, "normalise")].map(([field, steps]) => [field, steps.filter((step) => step !== "none")]),
  );
  const most = args.integer("most-values", 2, 1_000_000);
  const unset = new Set((args.list("unset") ?? []).map((word) => word.replaceAll("-", "_")));
  for (const word of unset) {
    if (!["deny", "normalise", "most_values"].includes(word)) {
      throw new UsageError(`Flag --unset knows no "${word}"`, "One of deny, normalise, most-values");
    }
  }
  const change: TableChange = {
    ...(unset.has("deny") ? { deny: null } : named.size === 0 ? {} : { deny }),
    ...(unset.has("normalise") ? { normalise: null } : Object.keys(normalise).length === 0 ? {} : { normalise }),
    ...(unset.has("most_values") ? { most_values: null } : most === undefined ? {} : { most_values: most }),
  };
  if (Object.keys(change).length === 0) throw new UsageError("There is nothing to set", "See --help for what there is");
  return change;
}

/** `email=a,b` and `phone=c`, split at commas: what has no field of its own belongs to the one before. */
function byField(args: Arguments, flag: string): Map<string, string[]> {
  const lists = new Map<string, string[]>();
  let field: string | undefined;
  for (const part of args.list(flag) ?? []) {
    const equals = part.indexOf("=");
    if (equals > 0) field = part.slice(0, equals);
    if (field === undefined || equals === 0) {
      throw new UsageError(`Flag --${flag} names no field`, `Give it as --${flag} FIELD=VALUE`);
    }
    lists.set(field, [...lists.get(field) ?? [], part.slice(equals + 1)]);
  }
  return lists;
}

function print({ out }: App, table: TableView): void {
  if (out.json) return out.value(table);
  const { deny = {}, normalise = {}, most_values = 100 } = table.identity;
  out.pairs([
    ["table", table.name],
    ["id", table.id],
    ["profiles", count(table.profiles)],
    ["identified by", [...table.identify_by]],
    ["mappings", table.mappings.map(({ alias, stream }) => alias ?? stream)],
    ...Object.entries(normalise).map(([field, steps]) =>
      [`normalised ${field}`, steps.length === 0 ? "as it stands" : [...steps]] as const
    ),
    ...Object.entries(deny).map(([field, values]) => [`denied ${field}`, [...values]] as const),
    ["most values", count(most_values)],
    ["crowded profiles", table.crowded === 0 ? null : count(table.crowded)],
    ["replayed by run", table.replay_run],
  ]);
}

/** Profile tables. */
export const table: Noun = { verbs: { list, show, fields, crowded, set } };
