/**
 * `audience create|list|show|size|members|import|update|delete`
 *
 * @module
 */
import type { AudienceSavedView, AudienceView } from "../../core/engine/views.ts";
import type { App } from "../app.ts";
import type { Arguments } from "../args.ts";
import type { Command, Flag, Noun } from "../command.ts";
import { count } from "../format.ts";
import { openLocalFile } from "../local_file.ts";
import { onInterrupt } from "../interrupts.ts";
import { DESCRIPTION } from "../saved.ts";
import { UsageError } from "../usage.ts";

const AUDIENCE = { name: "AUDIENCE" };

const NAME: Flag = { name: "name", kind: "value", value: "NAME", help: "Name for people; else the slug" };
const SLUG: Flag = { name: "slug", kind: "value", value: "SLUG", help: "Unique; else the filter's ALIAS or the name" };
const FILTER: readonly Flag[] = [
  { name: "filter", kind: "value", value: "'FILTER …'", help: "FilterQL: who its members are" },
  { name: "filter-file", kind: "value", value: "PATH", help: "File that the filter is in; - is standard input" },
];

const create: Command = {
  summary: "Makes an audience of a filter, or a list whose members are imported",
  flags: [
    NAME,
    SLUG,
    ...FILTER,
    { name: "list", kind: "switch", help: "Its members are imported" },
    { name: "table", kind: "value", value: "TABLE", help: "Profile table of a list; a filter's stands after FROM" },
    DESCRIPTION,
  ],
  examples: [
    `audience create --name "Swiss buyers" --filter 'FILTER AND (country = "CH", orders > 0)'`,
    "audience create --name Newsletter --list",
  ],
  run: async (app, args) => {
    const [table, list] = [args.value("table"), args.on("list")];
    const { audiences } = await app.runtime();
    const made = await audiences.create({
      ...await changeOf(args),
      ...(table === undefined ? {} : { table }),
      ...(list === undefined ? {} : { list }),
    });
    const { id, slug, kind } = made;
    if (app.out.json) return app.out.value({ id, slug });
    print(app, made);
    const next = ["import", slug, "--field", "FIELD", "--file", "FILE"];
    app.out.next([app.command("audience", ...kind === "list" ? next : ["size", slug])]);
  },
};

const list: Command = {
  summary: "Lists the audiences",
  run: async (app) => {
    const audiences = await (await app.audiences()).list();
    if (app.out.json) return app.out.value(audiences);
    app.out.table(
      ["id", "slug", "kind", "table", "name", "description"],
      audiences.map(({ id, slug, kind, table, name, description }) => [id, slug, kind, table, name, description]),
    );
    if (audiences.length === 0) {
      app.out.note("There is no audience yet, but for `all`");
      app.out.next([`${app.command("audience", "create")} --help`]);
    }
  },
};

const show: Command = {
  summary: "Shows one",
  args: [AUDIENCE],
  run: async (app, { words: [audience = ""] }) => {
    const shown = await (await app.audiences()).get(audience);
    print(app, shown);
    if (!app.out.json) app.out.next([app.command("audience", "size", shown.slug)]);
  },
};

const size: Command = {
  summary: "Counts the profiles that are members now",
  args: [AUDIENCE],
  counts: true,
  run: async (app, { words: [audience = ""] }) => {
    const abort = new AbortController();
    using _ = onInterrupt(() => abort.abort());
    const answer = await (await app.audiences()).size(audience, { signal: abort.signal });
    if (app.out.json) return app.out.value(answer);
    app.out.line(count(answer.size));
  },
};

const members: Command = {
  summary: "Lists the profiles that are members now, a JSON object a line",
  args: [AUDIENCE],
  examples: ["audience members swiss_buyers", "audience members 7 --json"],
  run: async (app, { words: [audience = ""] }) => {
    const abort = new AbortController();
    using _ = onInterrupt(() => abort.abort());
    const found = (await app.audiences()).eachMember(audience, { signal: abort.signal });
    if (app.out.json) return await app.out.values(found);
    for await (const member of found) app.out.line(JSON.stringify(member));
  },
};

const importList: Command = {
  summary: "Imports the members of a list: they replace those that are there, all at once",
  args: [AUDIENCE],
  flags: [
    { name: "file", kind: "value", value: "PATH", help: "An identity a line, UTF-8; - is standard input [required]" },
    {
      name: "field",
      kind: "value",
      value: "FIELD",
      help: "Identity field that they are values of; else that of before",
    },
    { name: "add", kind: "switch", help: "They come to those that are there" },
  ],
  examples: ["audience import newsletter --field email --file subscribers.txt"],
  run: async (app, args) => {
    const [field, add] = [args.value("field"), args.on("add")];
    const content = await openLocalFile(args.required("file"));
    const imported = await (await app.runtime()).audiences.importMembers(args.words[0] ?? "", {
      content,
      ...(field === undefined ? {} : { field }),
      ...(add === undefined ? {} : { add }),
    });
    if (app.out.json) return app.out.value(imported);
    app.out.pairs([
      ["audience", imported.slug],
      ["lines", count(imported.lines)],
      ["rejected", count(imported.rejected)],
      ["members", count(imported.members)],
    ]);
    app.out.next([app.command("audience", "size", imported.slug)]);
  },
};

const update: Command = {
  summary: "Changes one; what is not named stays",
  args: [AUDIENCE],
  flags: [NAME, SLUG, ...FILTER, DESCRIPTION],
  run: async (app, args) => {
    const { audiences } = await app.runtime();
    const changed = await audiences.update(args.words[0] ?? "", await changeOf(args));
    print(app, changed);
    if (!app.out.json) app.out.next([app.command("audience", "size", changed.slug)]);
  },
};

const remove: Command = {
  summary: "Deletes one that no other includes and no saved export names",
  args: [AUDIENCE],
  run: async (app, { words: [audience = ""] }) => {
    const { id, slug } = await (await app.runtime()).audiences.delete(audience);
    if (app.out.json) return app.out.value({ id, deleted: true });
    app.out.note(`Audience "${slug}" is deleted`);
  },
};

/** What the flags say of an audience. */
async function changeOf(args: Arguments) {
  const [name, slug, description] = [args.value("name"), args.value("slug"), args.value("description")];
  const [text, path] = [args.value("filter"), args.value("filter-file")];
  if (text !== undefined && path !== undefined) throw new UsageError("Give --filter or --filter-file, not both");
  const filter = path === undefined ? text : await new Response(await openLocalFile(path)).text();
  return {
    ...(name === undefined ? {} : { name }),
    ...(slug === undefined ? {} : { slug }),
    ...(description === undefined ? {} : { description }),
    ...(filter === undefined ? {} : { filter }),
  };
}

function print({ out }: App, audience: AudienceView | AudienceSavedView): void {
  if (out.json) return out.value(audience);
  out.pairs([
    ["slug", audience.slug],
    ["id", audience.id],
    ["name", audience.name],
    ["description", audience.description],
    ["kind", audience.kind],
    ["table", audience.table],
    ["members by", audience.field],
    ["members", audience.members === null ? null : count(audience.members)],
    ["updated", audience.updated_at],
  ]);
  if (audience.filter !== null) out.line(`\n${audience.filter}`);
  if ("notes" in audience) { for (const note of audience.notes) out.note(note); }
}

/** Audiences. */
export const audience: Noun = {
  verbs: { create, list, show, size, members, import: importList, update, delete: remove },
};
