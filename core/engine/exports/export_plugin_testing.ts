/**
 * The plugin `collect`: an import of rows that its configuration holds, and an export that writes what it gets into a file.
 *
 * @module
 */
import { z } from "zod";
import { defineAuth } from "../../contracts/auth.ts";
import { Failure } from "../../contracts/failure.ts";
import { defineExport } from "../../contracts/export_job.ts";
import { nameList } from "../../contracts/fields.ts";
import { defineJob } from "../../contracts/job.ts";
import { membersOf } from "../../contracts/members.ts";
import { definePlugin, type PluginDefinition } from "../../contracts/plugin.ts";
import { defineProvider } from "../../contracts/provider.ts";
import type { Row } from "../../contracts/records.ts";

const auth = defineAuth({
  id: "collect-open",
  title: "Open",
  summary: "Needs nothing.",
  config: z.object({}),
  connect: async () => ({ [Symbol.asyncDispose]: async () => {} }),
  check: async function* () {},
});

const provider = defineProvider({ id: "collect", title: "Collect", summary: "Collects.", auths: [auth] });

const seed = defineJob({
  id: "collect-import",
  title: "Import",
  summary: "Imports the rows of its configuration.",
  provider,
  direction: "import",
  auths: [auth],
  config: z.object({ stream: z.string(), rows: z.string() }),
  checkpoint: z.object({}),
  into: ({ stream }) => ({ stream, identifyBy: ["id"] }),
  run: async ({ config, emit }) => {
    const rows: Row["fields"][] = JSON.parse(config.rows);
    await emit(rows.map((fields) => ({ fields })), {});
  },
});

const collect = defineExport({
  id: "collect-export",
  title: "Export",
  summary: "Writes members into a file, a JSON object a line.",
  provider,
  direction: "export",
  auths: [auth],
  config: z.object({
    audience: z.string(),
    fields: nameList(),
    user_limit: z.int().positive().optional(),
    memberships: z.boolean().default(false),
    to: z.string(),
    publish: z.boolean().default(false),
    fail: z.boolean().default(false),
    most: z.int().default(1000),
  }),
  schedule: "optional",
  checkpoint: z.object({ file: z.string() }),
  from: ({ audience, fields, user_limit: limit, memberships }) => ({
    audience,
    fields,
    memberships,
    ...(limit === undefined ? {} : { limit }),
  }),
  sources: { audience: "audience", fields: "fields" },
  plan: async ({ size, audience, columns, history }) => ({
    summary: `Would export ${await size()} of "${audience.name}"`,
    facts: { columns: columns.map(({ name }) => name), before: (await history.last())?.rows ?? null },
    notes: [],
  }),
  run: async (context) => {
    const { config, checkpoint, columns, audience, startedAt } = context;
    const file = checkpoint?.file ?? `${config.to}/${audience.slug}-${startedAt}.jsonl`;
    await context.commit({ file });
    const lines: string[] = [];
    for await (const batch of context.members()) {
      for (const [index, member] of membersOf(batch, columns).entries()) {
        lines.push(JSON.stringify({ ...member, ...(batch.memberships && { in: batch.memberships[index] }) }));
      }
      context.progress({ done: lines.length, unit: "rows", share: batch.share });
    }
    if (lines.length > config.most) await context.hold("There are more than ever");
    const text = lines.join("\n");
    if (config.publish) {
      const input = { name: "members.jsonl", mediaType: "application/x-ndjson", lifetime: 3_600_000 };
      const content = ReadableStream.from([new TextEncoder().encode(text)]);
      const before = await context.published();
      const { url, size, artifact } = await context.publish(input, content);
      context.log.warn(`Kept ${size} bytes at ${new URL(url).pathname.split("/")[1]}`);
      const now = await context.published();
      if (now?.artifact !== artifact || now.url !== url) throw new Error("The published file is another one");
      if (before !== undefined) context.log.warn("There was a file of an earlier attempt");
    }
    await Deno.writeTextFile(file, text);
    if (config.fail && checkpoint === undefined) throw new Failure("data", "The line dropped");
    await context.commit({ file }, { rows: lines.length, bytes: text.length, path: file });
  },
});

/** The plugin. */
export const plugin: PluginDefinition = definePlugin({
  name: "collect",
  version: "1.0.0",
  api: 1,
  providers: [provider],
  jobs: [seed, collect],
});
