/**
 * `mapping create|list|show|test|update|delete|suggest`
 *
 * @module
 */
import type { MappingTest } from "../../core/engine/runtime.ts";
import type { MappingPreviewView, MappingView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Command, Flag, Noun } from "../command.ts";
import { count } from "../format.ts";
import { readRows, readText } from "../mapping_input.ts";
import { heedWait, reportReplay, WAIT } from "../replay_report.ts";
import { UsageError } from "../usage.ts";

const MAPPING = { name: "MAPPING" };
const FILE: Flag = { name: "file", kind: "value", value: "M.lql", help: "File of the text; - reads standard input" };
const REQUIRED_FILE: Flag = { ...FILE, help: `${FILE.help} [required]` };

const create: Command = {
  summary: "Makes a mapping; events that came in before it are replayed",
  flags: [REQUIRED_FILE, WAIT],
  runner: "cli",
  examples: ["mapping create --file web.lql", "mapping create --file - < web.lql"],
  run: async (app, args) => {
    // The first mapping of a stream comes before its events, as a rule.
    await heedWait(app, args, { likely: false });
    const lql = await readText(args.required("file"));
    const { mappings } = await app.runtime();
    const mapping = await mappings.create({ lql });
    return await reportReplay(app, args, mapping, () => print(app, mapping));
  },
};

const list: Command = {
  summary: "Lists the mappings",
  flags: [
    { name: "stream", kind: "value", value: "STREAM", help: "Only those of this stream" },
    { name: "table", kind: "value", value: "TABLE", help: "Only those into this profile table" },
  ],
  run: async (app, args) => {
    const [stream, table] = [args.value("stream"), args.value("table")];
    const mappings = await (await app.runtime()).mappings.list({
      ...(stream === undefined ? {} : { stream }),
      ...(table === undefined ? {} : { table }),
    });
    if (app.out.json) return app.out.value(mappings);
    app.out.table(
      ["stream", "table", "alias", "identified by", "columns", "id"],
      mappings.map(({ stream, table, alias, identify_by, columns, lql, id }) => [
        stream,
        table,
        alias,
        [...identify_by],
        lql === null ? "every field" : columns.length,
        id,
      ]),
    );
    if (mappings.length === 0) {
      app.out.note("There is no mapping yet: an import with --identify-by makes one");
      app.out.next([app.command("mapping", "suggest", "STREAM")]);
    }
  },
};

const show: Command = {
  summary: "Shows one, by id, alias, or its stream",
  args: [MAPPING],
  run: async (app, { words: [mapping = ""] }) => print(app, await (await app.runtime()).mappings.get(mapping)),
};

const test: Command = {
  summary: "Shows the profiles that a mapping would make of its stream's last events, or of a local file",
  flags: [
    FILE,
    { name: "mapping", kind: "value", value: "MAPPING", help: "A saved one in place of a file" },
    {
      name: "input",
      kind: "value",
      value: "PATH",
      help: "Local CSV or JSON-lines file in place of the stream's events",
    },
    { name: "delimiter", kind: "value", value: "CHARACTER", help: "What separates the cells of a CSV file" },
    { name: "events", kind: "value", value: "NUMBER", help: "Most events to read [default: 1000]" },
    { name: "show", kind: "value", value: "NUMBER", help: "Most profiles to show [default: 20]" },
  ],
  examples: ["mapping test --file web.lql", "mapping test --file web.lql --input sample.csv"],
  run: async (app, args) => {
    const [file, mapping, input] = [args.value("file"), args.value("mapping"), args.value("input")];
    const [events, show] = [args.integer("events", 1, 100_000), args.integer("show", 0, 1_000)];
    if ((file === undefined) === (mapping === undefined)) throw new UsageError("Give either --file or --mapping");
    const given: MappingTest = {
      ...(file === undefined ? {} : { lql: await readText(file) }),
      ...(mapping === undefined ? {} : { mapping }),
      ...(input === undefined ? {} : { rows: await readRows(input, events ?? 1_000, args.value("delimiter")) }),
      ...(events === undefined ? {} : { events }),
      ...(show === undefined ? {} : { show }),
    };
    printPreview(app, await (await app.runtime()).mappings.test(given));
  },
};

const update: Command = {
  summary: "Gives one another text; the events are replayed",
  args: [MAPPING],
  flags: [REQUIRED_FILE, WAIT],
  runner: "cli",
  examples: ["mapping update web --file web.lql"],
  run: async (app, args) => {
    await heedWait(app, args);
    const lql = await readText(args.required("file"));
    const { mappings } = await app.runtime();
    const mapping = await mappings.update(args.words[0] ?? "", { lql });
    return await reportReplay(app, args, mapping, () => print(app, mapping));
  },
};

const remove: Command = {
  summary: "Deletes one: its events stay, and what only it made of them goes",
  args: [MAPPING],
  flags: [WAIT],
  runner: "cli",
  run: async (app, args) => {
    await heedWait(app, args);
    const { mappings } = await app.runtime();
    const gone = await mappings.delete(args.words[0] ?? "");
    return await reportReplay(app, args, gone, () => {
      if (app.out.json) app.out.value(gone);
      else app.out.note(`The mapping of stream "${gone.stream}" into table "${gone.table}" is deleted`);
    });
  },
};

const suggest: Command = {
  summary: "Prints a mapping that suits a stream's fields, to begin with",
  args: [{ name: "STREAM" }],
  examples: ["mapping suggest customers > customers.lql"],
  run: async (app, { words: [stream = ""] }) => {
    const suggestion = await (await app.runtime()).mappings.suggest(stream);
    if (app.out.json) return app.out.value(suggestion);
    app.out.stdout.write(suggestion.lql);
    for (const note of suggestion.notes) app.out.note(`${app.out.talk("yellow", "note:")} ${note}`);
    app.out.next([app.command("mapping", "create", "--file", "-")]);
  },
};

function print({ out }: App, mapping: MappingView): void {
  if (out.json) return out.value(mapping);
  out.pairs([
    ["id", mapping.id],
    ["alias", mapping.alias],
    ["stream", mapping.stream],
    ["table", mapping.table],
    ["identified by", [...mapping.identify_by]],
    ["columns", mapping.lql === null ? "every field under its own name, the latest value" : null],
    ["replayed by run", mapping.replay_run],
    ["updated", mapping.updated_at],
  ]);
  if (mapping.lql === null) return;
  out.line();
  out.table(
    ["column", "kind", "merge", "description"],
    mapping.columns.map(({ name, kind, merge, description }) => [name, kind ?? "as it comes", merge, description]),
  );
}

function printPreview({ out }: App, preview: MappingPreviewView): void {
  if (out.json) return out.value(preview);
  out.pairs([
    ["stream", preview.stream],
    ["table", preview.table],
    ["events read", count(preview.events)],
    ["left out", count(preview.left_out)],
    ["naming nobody", count(preview.unidentified)],
    ["profiles", count(preview.profiles)],
  ]);
  for (const { identities, attributes } of preview.sample) {
    out.line();
    out.pairs([
      ...Object.entries(identities).map(([field, values]) => [`by ${field}`, [...values]] as const),
      ...Object.entries(attributes),
    ]);
  }
  for (const note of preview.notes) out.note(`${out.talk("yellow", "note:")} ${note}`);
}

/** Mappings. */
export const mapping: Noun = { verbs: { create, list, show, test, update, delete: remove, suggest } };
