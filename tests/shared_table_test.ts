import assert from "node:assert/strict";
import { openRuntime } from "../core/engine/open.ts";
import { createLog } from "../core/engine/log.ts";
import type { Runtime } from "../core/engine/runtime.ts";

const plugins = [import.meta.resolve("../plugins/mod.ts")];

/** Runs `work` over a runtime of its own, with a way to import text. */
async function withImports(
  work: (runtime: Runtime, load: (stream: string, identifyBy: string, csv: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const log = createLog({ level: "error" });
    await using runtime = await openRuntime({ home: `${folder}/home`, plugins, runner: "cli", log });
    await Deno.mkdir(`${folder}/in`);
    await runtime.auths.create({ method: "local-folder", label: "in", config: { folder: `${folder}/in` } });
    let files = 0;
    await work(runtime, async (stream, identifyBy, csv) => {
      const file = `${files++}.csv`;
      await Deno.writeTextFile(`${folder}/in/${file}`, csv);
      const config = { stream, file, identify_by: identifyBy };
      const { id } = await runtime.runs.start({ type: "csv-import", auth: "in", config });
      for await (const { status } of runtime.runs.follow(id)) if (status === "failed") break;
      return id;
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("streams with different identities share one profile, which keeps every identity it ever had", async () => {
  await withImports(async (runtime, load) => {
    await load("a", "customer_id,email", "customer_id,email\n1,a@x.org\n");
    await load("b", "email", "email,customer_id\na@x.org,2\n");
    await load("a", "", "customer_id,email,name\n1,,Anna\n");
    for (const [field, value] of [["customer_id", "1"], ["customer_id", "2"], ["email", "A@X.org"]] as const) {
      const { attributes, identities } = await runtime.profiles.get(field, value);
      assert.deepEqual(attributes, { customer_id: "1", email: "a@x.org", name: "Anna" });
      assert.deepEqual(identities, { customer_id: ["1", "2"], email: ["a@x.org"] });
    }
  });
});

Deno.test("a run that reads no row makes no stream and no mapping", async () => {
  await withImports(async (runtime, load) => {
    const run = await runtime.runs.get(await load("a", "id", ""));
    assert.equal(run.failure?.kind, "data");
    assert.deepEqual(await runtime.streams.list(), []);
  });
});
