import assert from "node:assert/strict";
import { join } from "node:path";
import { openQuietRuntime, temporaryFolder } from "./support/home.ts";
import { runCli, startCli } from "./support/waybill_process.ts";

Deno.test("waybill run JOB goes on first with a run of the job that was killed, and stops one that nobody works on", async () => {
  await using folder = await temporaryFolder();
  const home = join(folder.path, "home");
  const rows = 300_000;
  const lines = Array.from({ length: rows }, (_, row) => `${row},p${row}@example.com`);
  await Deno.writeTextFile(join(folder.path, "people.csv"), `id,email\n${lines.join("\n")}\n`);
  await using runtime = await openQuietRuntime(home, "none");
  await runtime.auths.create({ method: "local-folder", label: "inbox", config: { folder: folder.path } });
  const config = { file: "people.csv", stream: "people", identify_by: "id" };
  const { id: job } = await runtime.jobs.create({ type: "csv-import", label: "nightly", config });

  /** A run of the job whose process is killed once it has committed something. */
  const killed = async (): Promise<string> => {
    await using first = startCli(home, ["run", "nightly"]);
    for (;;) {
      const [run] = (await runtime.runs.list({ job })).items;
      if (run !== undefined && run.status === "running" && run.read > 0) {
        await first.kill();
        return run.id;
      }
      assert.ok(!first.ended(), first.log.join("\n"));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };

  const old = await killed();
  const before = await runtime.runs.get(old);
  assert.equal(before.status, "running");
  assert.ok(before.read < rows);
  const { code, stderr } = await runCli(home, ["run", "nightly"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`Run "${old}" of this job was interrupted; it goes on first`));
  const went = await runtime.runs.get(old);
  assert.deepEqual([went.status, went.read, went.attempts], ["succeeded", rows, 2]);
  const own = (await runtime.runs.list({ job })).items[0]!;
  assert.deepEqual([own.status, own.read], ["succeeded", rows]);
  assert.ok(Date.parse(went.finished_at!) <= Date.parse(own.started_at!), "One after the other");

  const other = await killed();
  const stop = await runCli(home, ["run", "stop", other, "--json"]);
  assert.equal(JSON.parse(stop.stdout).status, "cancelled", stop.stderr);
  await runtime.jobs.delete("nightly");
});
