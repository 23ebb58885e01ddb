/**
 * `stream list|show|fields`
 *
 * @module
 */
import type { Command, Noun } from "../command.ts";
import { count, percent } from "../format.ts";

const STREAM = { name: "STREAM" };

const list: Command = {
  summary: "Lists the streams",
  run: async (app) => {
    const streams = await (await app.runtime()).streams.list();
    if (app.out.json) return app.out.value(streams);
    app.out.table(
      ["stream", "events", "identified by", "made"],
      streams.map((stream) => [
        stream.name,
        count(stream.events),
        stream.identify_by === null ? null : [...stream.identify_by],
        stream.created_at,
      ]),
    );
    const [first] = streams;
    if (first === undefined) app.out.note("There is no stream yet: a run makes one");
    else app.out.next([app.command("stream", "fields", first.name)]);
  },
};

const show: Command = {
  summary: "Shows one",
  args: [STREAM],
  run: async (app, { words: [name = ""] }) => {
    const stream = await (await app.runtime()).streams.get(name);
    if (app.out.json) return app.out.value(stream);
    app.out.pairs([
      ["stream", stream.name],
      ["events", count(stream.events)],
      ["identified by", stream.identify_by === null ? "nothing: it has no mapping" : [...stream.identify_by]],
      ["made", stream.created_at],
    ]);
    app.out.next([app.command("stream", "fields", stream.name)]);
  },
};

const fields: Command = {
  summary: "Lists a stream's fields: how often they are filled, and examples",
  args: [STREAM],
  run: async (app, { words: [name = ""] }) => {
    const fields = await (await app.runtime()).streams.fields(name);
    if (app.out.json) return app.out.value(fields);
    app.out.table(
      ["field", "filled", "events", "examples"],
      fields.map((field) => [
        field.name,
        percent(field.fill_rate),
        count(field.filled),
        field.examples.map((example) => typeof example === "string" ? example : JSON.stringify(example)).join(" · "),
      ]),
    );
  },
};

/** Streams. */
export const stream: Noun = { verbs: { list, show, fields } };
