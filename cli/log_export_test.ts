import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Core, openCore } from "../core/engine/core.ts";
import { LogCollector } from "../core/engine/raw_logs/collector.ts";
import { onEachDatabase } from "../core/testing/each_database_testing.ts";
import { openTestServer } from "../server/server_testing.ts";
import { type TestCli, testCli } from "./cli_testing.ts";

const HOUR = 3_600_000;

/** The last hour that is complete. */
const lastComplete = () => Math.floor((Date.now() - HOUR - 600_000) / HOUR) * HOUR;

/** A test that is told the last hour that is complete; where another one is by its end, a failure has it done again. */
function testWithHours(name: string, body: (newest: number) => Promise<void>): void {
  onEachDatabase(name, async (databases) => {
    for (;;) {
      const newest = lastComplete();
      await databases.useInHomes();
      try {
        return await body(newest);
      } catch (error) {
        if (lastComplete() === newest) throw error;
      }
    }
  });
}

const nameOf = (hour: number) => new Date(hour).toISOString().slice(0, 13);

/** Puts events into hours as if it were those hours. */
async function collect(core: Core, account: number, app: string, ...hours: readonly number[]): Promise<void> {
  for (const hour of hours) {
    const collector = new LogCollector(core, () => Promise.resolve(hour + 5_000));
    const line = `{"type":"e","name":"at ${nameOf(hour)}","at_millis":${hour + 1_000}}\n`;
    await collector.collect({ account, app }, { kind: "token", id: "t", name: "t", scopes: [] }, {
      stream: new Blob([line]).stream(),
      gzip: false,
    });
  }
}

async function openLogs() {
  const cli = await testCli();
  const { app_id } = await cli.json("app", "create", "--name", "weather");
  const fill = async (...hours: readonly number[]) => {
    await using core = await openCore({ home: homeOf(cli), plugins: [] });
    await collect(core, 1, String(app_id), ...hours);
  };
  return { cli, fill };
}

/** The data directory that a command line has made. */
function homeOf({ folder }: TestCli): string {
  return join(folder, "home");
}

function namesIn(path: string): string[] {
  const text = new TextDecoder().decode(gunzipSync(Deno.readFileSync(path)));
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line).name);
}

testWithHours(
  "log-export writes an hour as it lies in the archive; without an hour, the last that is complete",
  async (newest) => {
    const { cli, fill } = await openLogs();
    await using _cli = cli;
    await fill(newest - 5 * HOUR, newest - 5 * HOUR, newest);
    const path = join(cli.folder, "hour.log.gz");
    const of = ["run", "log-export", "--app", "weather"];
    const run = await cli.json(...of, "--hour", nameOf(newest - 5 * HOUR), "--output", path);
    assert.deepEqual([run.status, run.rows, run.bytes, run.path], ["succeeded", 2, Deno.statSync(path).size, path]);
    assert.deepEqual(namesIn(path), Array(2).fill(`at ${nameOf(newest - 5 * HOUR)}`));
    assert.equal((await cli.json(...of, "--output", path)).rows, 1);
    assert.deepEqual(namesIn(path), [`at ${nameOf(newest)}`]);
    assert.equal((await cli.json(...of, "--hour", nameOf(newest - HOUR), "--output", path)).rows, 0);
    assert.deepEqual(namesIn(path), []);
    for (const hour of [newest + 2 * HOUR, newest - 31 * 24 * HOUR]) {
      const { code, stderr } = await cli.run([...of, "--hour", nameOf(hour), "--output", path]);
      assert.equal(code, 3, stderr);
      assert.match(stderr, new RegExp(`There is no log of the hour ${nameOf(hour)}`));
    }
    for (const hour of ["2017-02-30T01", "2017-04-01T24", "14", "2017-04-01 14"]) {
      const { code, stderr } = await cli.run([...of, "--hour", hour, "--output", path]);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /must be an hour such as "2017-04-01T14"/);
    }
    const unknown = await cli.run(["run", "log-export", "--app", "wether", "--output", path]);
    assert.match(unknown.stderr, /There is no app "wether".*\n.*Did you mean "weather"/);
  },
);

testWithHours("a continuous log-export brings each hour since the last, and plans them", async (newest) => {
  const { cli, fill } = await openLogs();
  await using _cli = cli;
  const out = join(cli.folder, "out");
  await Deno.mkdir(join(out, "logs"), { recursive: true });
  await cli.json("auth", "create", "local-folder", "--label", "warehouse", "--folder", out);
  const outside = ["--auth", "warehouse", "--app", "weather", "--output", "../{hour}.log.gz"];
  const refused = await cli.run(["job", "plan", "log-export", ...outside]);
  assert.deepEqual([refused.code, /leads out of/.test(refused.stderr)], [3, true], refused.stderr);
  const options = ["--auth", "warehouse", "--app", "weather", "--output", "logs/{hour}.log.gz", "--continuous"];
  await cli.json("job", "create", "log-export", "--label", "logs", ...options, "--time-of-day", "03:00");
  const files = () => [...Deno.readDirSync(join(out, "logs"))].map(({ name }) => name).sort();
  const fileOf = (hour: number) => `${nameOf(hour)}.log.gz`;
  await cli.json("run", "logs");
  assert.deepEqual(files(), [fileOf(newest)]);
  // As if the job had run three hours ago.
  {
    await using core = await openCore({ home: homeOf(cli), plugins: [] });
    await core.database.kysely.updateTable("runs").set({ path: `logs/${fileOf(newest - 3 * HOUR)}` }).execute();
  }
  await fill(newest - HOUR);
  const plan: { sample: { rows: string[][] } } = JSON.parse((await cli.run(["job", "plan", "logs", "--json"])).stdout);
  assert.deepEqual(
    plan.sample.rows.map(([hour]) => hour),
    [2, 1, 0].map((ago) => nameOf(newest - ago * HOUR)),
  );
  const run = await cli.json("run", "logs");
  assert.deepEqual([run.rows, run.path], [1, `logs/${fileOf(newest)}`]);
  assert.deepEqual(files(), [2, 1, 0].map((ago) => fileOf(newest - ago * HOUR)));
  assert.deepEqual(namesIn(join(out, "logs", fileOf(newest - HOUR))), [`at ${nameOf(newest - HOUR)}`]);
  // Nothing is due twice in a row, and the next run still knows the last hour.
  for (let time = 0; time < 2; time++) {
    const again = await cli.json("run", "logs");
    assert.deepEqual([again.status, again.rows, again.path], ["succeeded", 0, `logs/${fileOf(newest)}`]);
  }
});

onEachDatabase("raw logs are exported in the right of whoever may see personal fields", async (databases) => {
  await databases.useInHomes();
  await using server = await openTestServer();
  await server.runtime.apps.create({ name: "weather" });
  const folder = { method: "local-folder", label: "here", config: { folder: server.folder } };
  assert.equal((await server.call("POST /api/auth", { json: folder })).status, 201);
  const job = { type: "log-export", auth: "here", label: "logs", config: { app: "weather" } };
  for (const [scope, status] of [["campaign_manager", 403], ["data_manager", 201]] as const) {
    const { token } = await server.runtime.tokens.create({ name: scope, scopes: [scope] });
    const made = await server.call("POST /api/job", { token, json: job });
    assert.equal(made.status, status, made.text);
    if (status === 403) assert.match(made.text, /Raw logs tell of people, and the API token lacks \\"pii.read\\"/);
    const plan = await server.call("POST /api/job/type/log-export/plan", {
      token,
      json: { auth: job.auth, config: job.config },
    });
    assert.equal(plan.status, status === 403 ? 403 : 200, plan.text);
  }
});
