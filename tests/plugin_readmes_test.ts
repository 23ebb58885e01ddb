/**
 * The options tables in the plugins' READMEs are what their declarations say. With `WAYBILL_UPDATE_READMES=1` they are
 * written anew instead.
 */
import assert from "node:assert/strict";
import type { ConfigSchema } from "../core/contracts/config.ts";
import { optionsTable } from "../core/describe/mod.ts";
import { jobSchema } from "../core/engine/schedule/fields.ts";
import { plugins } from "../plugins/mod.ts";

const update = Deno.env.get("WAYBILL_UPDATE_READMES") === "1";

for (const { name, providers = [], jobs = [] } of plugins) {
  Deno.test(`the README of ${name} shows every option as declared`, async () => {
    const path = new URL(`../plugins/${name.replaceAll("-", "_")}/README.md`, import.meta.url);
    const declared = new Map<string, ConfigSchema>([
      ...providers.flatMap(({ auths }) => auths).map((auth) => [auth.id, auth.config] as const),
      ...jobs.map((job) => [job.id, jobSchema(job)] as const),
    ]);
    const text = await Deno.readTextFile(path);
    const shown = new Set<string>();
    const renewed = text.replaceAll(
      /<!-- options (\S+) -->\n[^]*?<!-- \/options -->/g,
      (_section, id: string) => {
        const config = declared.get(id);
        assert.ok(config, `the README of ${name} shows "${id}", which the plugin does not bring`);
        shown.add(id);
        return `<!-- options ${id} -->\n\n${optionsTable(config)}\n<!-- /options -->`;
      },
    );
    assert.deepEqual([...declared.keys()].filter((id) => !shown.has(id)), [], "without a place in the README");
    if (update) await Deno.writeTextFile(path, renewed);
    else assert.equal(text, renewed, "run this test with WAYBILL_UPDATE_READMES=1");
  });
}
