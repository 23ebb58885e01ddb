import assert from "node:assert/strict";
import { collectLog } from "../../testing/collect_log.ts";
import { onEachDatabase, type TestDatabases } from "../../testing/each_database_testing.ts";
import { failure, makeFolder } from "../engine_testing.ts";
import { openRuntime } from "../open.ts";
import type { Runtime } from "../runtime.ts";
import type { JobView } from "../views.ts";

interface Peer extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Saves an export. */
  save(label: string, audience: string): Promise<JobView>;
}

/** A Waybill with the lists `locals` (1) and `others` (2). */
async function start(databases: TestDatabases): Promise<Peer> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(await makeFolder());
  await databases.useInHomes();
  const { log } = collectLog();
  const engineLog = { ...log, with: () => engineLog };
  const plugins = [import.meta.resolve("./export_plugin_testing.ts")];
  const runtime = stack.use(
    await openRuntime({ home: `${folder.path}/home`, plugins, runner: "none", log: engineLog }),
  );
  await runtime.auths.create({ method: "collect-open", label: "Open", config: {} });
  for (const slug of ["locals", "others"]) await runtime.audiences.create({ slug, list: true });
  return {
    runtime,
    save: (label, audience) =>
      runtime.jobs.create({ type: "collect-export", label, config: { audience, to: folder.path } }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

onEachDatabase("an audience that saved exports name is not deleted, and they are told", async (databases) => {
  await using peer = await start(databases);
  const { runtime: { audiences, jobs }, save } = peer;
  await save("nightly", "locals");
  await save("by number", "1");
  await save("everybody", "all");
  const hint = /^Delete the exports, or give them another audience, first$/;
  await assert.rejects(
    audiences.delete("locals"),
    failure("config", /^Audience "locals" is exported by jobs "by number", "nightly"$/, { code: "conflict", hint }),
  );
  assert.equal((await audiences.get("locals")).id, 1);
  await jobs.delete("by number");
  await assert.rejects(audiences.delete("1"), failure("config", /by job "nightly"$/, { code: "conflict", hint }));
  await jobs.update("nightly", { config: { audience: "others" } });
  assert.equal((await audiences.delete("locals")).id, 1);
  for (let number = 1; number <= 6; number++) await save(`n${number}`, "others");
  await assert.rejects(
    audiences.delete("others"),
    failure("config", /by jobs "n1", "n2", "n3", "n4", "n5" and 2 more$/, { code: "conflict" }),
  );
});

onEachDatabase("an audience keeps the slug that saved exports name it by; its id stays anyway", async (databases) => {
  await using peer = await start(databases);
  const { runtime: { audiences, jobs }, save } = peer;
  await save("nightly", "locals");
  await save("by number", "2");
  await assert.rejects(
    audiences.update("locals", { slug: "here" }),
    failure("config", /^Audience "locals" is exported by job "nightly"$/, {
      code: "conflict",
      hint: /^Let the exports name it by its id, 1, first$/,
    }),
  );
  await audiences.update("locals", { slug: "locals", name: "Those from here" });
  assert.equal((await audiences.update("others", { slug: "away" })).slug, "away");
  await jobs.update("nightly", { config: { audience: "1" } });
  assert.equal((await audiences.update("locals", { slug: "here" })).slug, "here");
});

onEachDatabase("who may not see exports is told how many name the audience, and no label", async (databases) => {
  await using peer = await start(databases);
  const { runtime, save } = peer;
  await save("secret plan", "locals");
  const { token } = await runtime.tokens.create({ name: "segments", scopes: ["segment_manager"] });
  const { audiences } = runtime.as((await runtime.verifyToken(token))!);
  await assert.rejects(
    audiences.delete("locals"),
    failure("config", /^Audience "locals" is exported by 1 job$/, { code: "conflict" }),
  );
});
