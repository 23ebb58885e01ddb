import assert from "node:assert/strict";
import { testCli } from "./cli_testing.ts";

const LINES = [
  '{"customer_id":"abc","changes":[{"op":"assign","attr":"example1","value":"value1"}]}',
  '{"customer_id":"123","changes":[{"op":"set-add","attr":"example2","value":["value1", "value2"]}]}',
  '{"customer_id":"zxc","changes":[{"op":"set-remove","attr":"example3","value":["value1", "value2"]}]}',
  '{"customer_id":"abc","changes":[{"op":"increment","attr":"foo","value":1}]}',
  '{"customer_id":"zxc","changes":[{"op":"delete","attr":"foo"}]}',
  '{ "customer_id" : "abc", "changes" : [ {"op":"increment","attr":"example1","value":1}, {"op":"assign","attr":"b","value":1} ] }',
  "{“customer_id”:“abc”}",
  '{"customer_id":"abc","changes":[{"op":"assign","attr":"__proto__","value":{"a":["2026-02-30"]}}]}',
  '{"customer_id":"abc","changes":[{"op":"assign","attr":"big","value":12345678901234567890}]}',
  '{"customer_id":"abc","changes":[{"op":"asign","attr":"a","value":1}]}',
  '{"customer_id":true,"changes":[]}',
  '{"customer_id":"abc","changes":[{"op":"increment","attr":"big","value":1}]}',
  '{"customer_id":123,"changes":[{"op":"assign","attr":"plan","value":"gold"}]}',
  '{"changes":[{"op":"set-add","attr":"example2","value":"value3"}],"customer_id":123}',
];

Deno.test("profile-import: operations in file order, a bad row costs one row, and the same file again adds up", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  await Deno.writeTextFile(`${cli.folder}/in/changes.jsonl`, `\uFEFF${LINES.join("\r\n")}\n`);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const run = await cli.json("run", "profile-import", "--auth", "in", "--file", "changes.jsonl");
  const { status, read, accepted, rejected, profiles_created, profiles_updated } = run;
  assert.deepEqual([status, read, accepted, rejected], ["succeeded", 14, 10, 4]);
  assert.deepEqual([profiles_created, profiles_updated], [3, 0]);
  const { stdout } = await cli.run(["run", "rejects", String(run["id"]), "--json"]);
  const rejects = JSON.parse(stdout) as { line: number; reason: string; raw: string }[];
  assert.deepEqual(rejects.sort((a, b) => a.line - b.line).map(({ line, reason }) => [line, reason]), [
    [6, 'Increments "example1", which holds "value1" and no number'],
    [7, 'Is not valid JSON: it has curly quotes where JSON has straight ones (")'],
    [10, 'Change 1 has the unknown operation "asign": it is one of assign, delete, increment, set-add, set-remove'],
    [11, 'Has a "customer_id" that is neither a text nor a number: true'],
  ]);
  const attributes = async (id: string) => (await cli.json("profile", "get", "customer_id", id))["attributes"];
  const abc = JSON.stringify(await attributes("abc"));
  assert.equal(
    abc,
    '{"__proto__":{"a":["2026-02-30"]},"big":"12345678901234567891","customer_id":"abc","example1":"value1","foo":1}',
  );
  assert.deepEqual(await attributes("123"), {
    customer_id: "123",
    example2: ["value1", "value2", "value3"],
    plan: "gold",
  });
  assert.deepEqual(await attributes("zxc"), { customer_id: "zxc" });
  // Without an auth it is a file of this machine.
  await cli.json("run", "profile-import", "--file", `${cli.folder}/in/changes.jsonl`);
  assert.match(JSON.stringify(await attributes("abc")), /"big":"12345678901234567891".*"foo":2/);
  const folder = await cli.run(["run", "profile-import", "--file", `${cli.folder}/in`]);
  assert.deepEqual([folder.code, /\/in" is a folder\n/.test(folder.stderr)], [3, true], folder.stderr);
});

Deno.test("profile-import: CSV assigns the cells that are not empty to the customer of the first column", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  const csv = 'Kunde;plan;"full\nname"\n1;gold;"Ann ""A"""\n2;;\n;silver;Bob\n1;;Ann B\nunknown;gold;\n';
  await Deno.writeTextFile(`${cli.folder}/in/changes.csv`, csv);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const { app_id } = await cli.json("app", "create", "--name", "Shop");
  const run = await cli.json(
    ...["run", "profile-import", "--auth", "in", "--file", "changes.csv", "--format", "csv", "--delimiter", ";"],
    ...["--app", String(app_id)],
  );
  assert.deepEqual([run["accepted"], run["rejected"]], [3, 2]);
  const { stdout } = await cli.run(["run", "rejects", String(run["id"]), "--json"]);
  assert.deepEqual(JSON.parse(stdout).map(({ line, reason }: Record<string, unknown>) => [line, reason]), [
    [5, 'Has no "customer_id"'],
    [7, 'Has a "customer_id" that names nobody: "unknown"'],
  ]);
  const profile = await cli.json("profile", "get", "customer_id", "1", "--table", "shop");
  assert.deepEqual(profile["attributes"], { customer_id: "1", "full\nname": "Ann B", plan: "gold" });
  assert.equal((await cli.run(["profile", "get", "customer_id", "1"])).code, 3);
  const csvOf = ["run", "profile-import", "--auth", "in", "--file", "changes.csv", "--format", "csv", "--app"];
  const named = await cli.json(...csvOf, "Shop", "--delimiter", ";", "--force");
  assert.deepEqual([named["accepted"], named["profiles_created"]], [3, 0]);
  // Both ways of naming the app lead to one stream.
  const streams = JSON.parse((await cli.run(["stream", "list", "--json"])).stdout) as { name: string }[];
  assert.deepEqual(streams.map(({ name }) => name), [`_profile-changes.${app_id}`]);
  const unknown = await cli.run([...csvOf, "Shp"]);
  assert.match(unknown.stderr, /There is no app "Shp".*\n.*Did you mean "Shop"/);
});

Deno.test("what a mapping computes is not changed by an import, nor is what an import writes computed by a mapping", async () => {
  await using cli = await testCli();
  await Deno.mkdir(`${cli.folder}/in`);
  await Deno.writeTextFile(
    `${cli.folder}/m.lql`,
    "SELECT id AS customer_id, count(x) AS visits FROM web INTO user BY customer_id",
  );
  await cli.json("mapping", "create", "--file", `${cli.folder}/m.lql`);
  const row = (attr: string) => `{"customer_id":"1","changes":[{"op":"assign","attr":"${attr}","value":5}]}\n`;
  await Deno.writeTextFile(`${cli.folder}/in/a.jsonl`, row("visits") + row("calls"));
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", `${cli.folder}/in`);
  const run = await cli.json("run", "profile-import", "--auth", "in", "--file", "a.jsonl");
  assert.deepEqual([run["accepted"], run["rejected"]], [1, 1]);
  await Deno.writeTextFile(
    `${cli.folder}/n.lql`,
    "SELECT id AS customer_id, count(x) AS calls FROM phone INTO user BY customer_id",
  );
  const refused = await cli.run(["mapping", "create", "--file", `${cli.folder}/n.lql`]);
  assert.match(refused.stderr, /Column "calls" is NUMBER \(SUM\)|Column "calls" is INT \(SUM\)/);
  await Deno.writeTextFile(
    `${cli.folder}/o.lql`,
    "SELECT customer_id FROM `_profile-changes` INTO other BY customer_id",
  );
  assert.match((await cli.run(["mapping", "create", "--file", `${cli.folder}/o.lql`])).stderr, /changes of profiles/);
  const mappings = JSON.parse((await cli.run(["mapping", "list", "--json"])).stdout) as {
    id: string;
    stream: string;
  }[];
  const own = mappings.find(({ stream }) => stream === "_profile-changes")!;
  assert.match((await cli.run(["mapping", "delete", own.id])).stderr, /built in/);
});
