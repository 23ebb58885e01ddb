import assert from "node:assert/strict";
import { type TestCli, testCli } from "./cli_testing.ts";

const LQL =
  "SELECT id, email(email) AS email, sum(toint(spent)) AS spent FROM shop INTO user BY id OR email ALIAS shop";

/** A CLI whose stream `shop` has three events and no mapping. */
async function shopCli(): Promise<TestCli> {
  const cli = await testCli();
  await Deno.writeTextFile(
    `${cli.folder}/shop.csv`,
    "id,email,spent\n1,A@example.com,5\n2,a@example.com,7\n3,office@example.com,1\n",
  );
  await Deno.writeTextFile(`${cli.folder}/shop.lql`, LQL);
  await cli.json("auth", "create", "local-folder", "--label", "in", "--folder", cli.folder);
  return cli;
}

const importShop = (cli: TestCli) => cli.run(["run", "csv-import", "--file", "shop.csv", "--stream", "shop"]);

Deno.test("an import without a mapping says how to get one, and one that is suggested replays its events", async () => {
  await using cli = await shopCli();
  const imported = await importShop(cli);
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stderr, /has no mapping: its events are kept.*mapping suggest shop/);
  assert.equal((await cli.json("stream", "show", "shop")).identify_by, null);
  const suggested = await cli.run(["mapping", "suggest", "shop"]);
  assert.match(suggested.stdout, /^-- Kinds and BY are guesses[^\n]*\nSELECT\n/);
  assert.match(suggested.stderr, /mapping create --file -/);
  await Deno.writeTextFile(`${cli.folder}/suggested.lql`, suggested.stdout);
  const made = await cli.run(["mapping", "create", "--file", `${cli.folder}/suggested.lql`]);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /stream +shop\n/);
  assert.match(made.stderr, /3 events replayed in .*, 2 profiles made/);
  const { attributes } = await cli.json("profile", "get", "email", "A@Example.com", "--table", "user");
  assert.deepEqual(attributes, { email: "a@example.com", id: "2", spent: 7 });
});

Deno.test("an import tells how many of its rows are in no profile, with a mapping and without", async () => {
  await using cli = await shopCli();
  await importShop(cli);
  await cli.json("mapping", "create", "--file", `${cli.folder}/shop.lql`);
  await Deno.writeTextFile(`${cli.folder}/some.csv`, "id,email,spent\n,,5\n4,,1\n,n/a,2\n");
  const mapped = await cli.run(["run", "csv-import", "--file", "some.csv", "--stream", "shop"]);
  assert.match(mapped.stderr, /2 rows have no value in "id" or "email": in the stream, and in no profile/);
  const plain = ["--file", "some.csv", "--stream", "plain", "--identify-by", "email,id"];
  const { stderr } = await cli.run(["run", "csv-import", ...plain]);
  assert.match(stderr, /2 rows have no value in "id" or "email": in the stream, and in no profile/);
  const whole = await cli.run(["run", "csv-import", "--file", "shop.csv", "--stream", "shop"]);
  assert.doesNotMatch(whole.stderr, /no value in/);
});

Deno.test("a mapping is tried, made, shown, changed and deleted at the command line", async () => {
  await using cli = await shopCli();
  await importShop(cli);
  const file = `${cli.folder}/shop.lql`;
  const tried = await cli.json("mapping", "test", "--file", file);
  assert.deepEqual([tried.events, tried.profiles, tried.unidentified], [3, 2, 0]);
  const shown = await cli.run(["mapping", "test", "--file", file]);
  assert.match(shown.stdout, /profiles +2\n[^]*by email +a@example\.com\n/);
  await Deno.writeTextFile(`${cli.folder}/own.jsonl`, '{"id":"9","spent":"1"}\n{"id":"9","spent":"2"}\n');
  const own = await cli.json("mapping", "test", "--file", file, "--input", `${cli.folder}/own.jsonl`);
  assert.deepEqual(own.sample, [{ identities: { id: ["9"] }, attributes: { id: "9", spent: 3 } }]);
  const csv = await cli.json("mapping", "test", "--file", file, "--input", `${cli.folder}/shop.csv`, "--events", "1");
  assert.deepEqual([csv.events, csv.profiles], [1, 1]);
  assert.deepEqual(await cli.json("mapping", "list"), []);

  const made = await cli.json("mapping", "create", "--file", file);
  assert.deepEqual([made.stream, made.table, made.alias], ["shop", "user", "shop"]);
  assert.match(String(made.id), /^[0-9a-f]{32}$/);
  assert.equal((await cli.json("run", "show", String(made.replay_run))).status, "succeeded");
  assert.deepEqual((await cli.json("profile", "get", "email", "a@example.com")).attributes, {
    email: "a@example.com",
    id: "2",
    spent: 12,
  });
  assert.equal((await cli.json("mapping", "show", "shop")).id, made.id);
  assert.match((await cli.run(["mapping", "show", "shop"])).stdout, /spent +INT +SUM/);
  await Deno.writeTextFile(file, LQL.replace("sum(toint(spent))", "max(toint(spent))"));
  const left = await cli.run(["mapping", "update", "shop", "--file", file, "--no-wait"]);
  assert.equal(left.code, 0, left.stderr);
  const run = /Run ([0-9a-f]{32}) fills the table anew/.exec(left.stderr)?.[1] ?? "";
  assert.equal((await cli.json("run", "show", run)).status, "queued");
  assert.equal((await cli.json("mapping", "show", "shop")).replay_run, run);
  assert.equal((await cli.run(["run", "retry", run])).code, 0);
  assert.deepEqual((await cli.json("profile", "get", "id", "2")).attributes, {
    email: "a@example.com",
    id: "2",
    spent: 7,
  });
  const gone = await cli.json("mapping", "delete", "shop");
  assert.deepEqual([gone.id, gone.deleted], [made.id, true]);
  assert.equal((await cli.run(["mapping", "show", "shop"])).code, 3);
});

Deno.test("what is wrong with a text is shown with line, column and a caret, as JSON too", async () => {
  await using cli = await shopCli();
  const file = `${cli.folder}/wrong.lql`;
  await Deno.writeTextFile(file, "SELECT id\nFORM shop\nINTO user BY id\n");
  const plain = await cli.run(["mapping", "create", "--file", file]);
  assert.equal(plain.code, 3);
  assert.match(plain.stderr, /^error: Line 2, column 1: expected [^\n]*\n {2}FORM shop\n {2}\^\n/);
  const { code, stderr } = await cli.run(["mapping", "test", "--file", file, "--json"]);
  assert.equal(code, 3);
  assert.match(JSON.parse(stderr).error.message, /^Line 2, column 1: [^\n]*\n {2}FORM shop\n {2}\^$/);
  assert.equal((await cli.run(["mapping", "create", "--file", `${cli.folder}/none.lql`])).code, 3);
  assert.equal((await cli.run(["mapping", "test"])).code, 2);
  const unknown = await cli.run(["mapping", "show", "nothing"]);
  assert.deepEqual([unknown.code, /Mapping "nothing" does not exist/.test(unknown.stderr)], [3, true]);
});

Deno.test("a table is shown with its fields, and its rules are added to, taken off and put back", async () => {
  await using cli = await shopCli();
  await importShop(cli);
  await cli.json("mapping", "create", "--file", `${cli.folder}/shop.lql`);
  assert.match((await cli.run(["table", "list"])).stdout, /1 +user +2 +id, email +shop/);
  assert.match((await cli.run(["table", "fields", "user"])).stdout, /spent +INT +SUM +100 %/);
  const set = (...flags: string[]) => cli.json("table", "set", "user", ...flags);
  const denied = await set("--deny", "email=a@example.com,b@example.com,id=0", "--most-values", "7");
  assert.deepEqual(denied.identity, { deny: { email: ["a@example.com", "b@example.com"], id: ["0"] }, most_values: 7 });
  assert.equal((await cli.json("table", "show", "1")).profiles, 3);
  const other = await set("--allow", "email=a@example.com,id=0", "--normalise", "id=digits,lower", "--deny", "*=x");
  assert.deepEqual(other.identity, {
    normalise: { id: ["digits", "lower"] },
    deny: { "*": ["x"], email: ["b@example.com"] },
    most_values: 7,
  });
  assert.deepEqual((await set("--unset", "deny,most-values,normalise")).identity, {});
  assert.equal((await cli.json("table", "show", "user")).profiles, 2);
  await set("--most-values", "2");
  assert.deepEqual(await cli.json("table", "crowded", "user"), []);
  for (const flags of [[], ["--deny", "x"], ["--unset", "name"], ["--most-values", "1"]]) {
    assert.equal((await cli.run(["table", "set", "user", ...flags])).code, 2, flags.join(" "));
  }
  assert.equal((await cli.run(["table", "set", "user", "--normalise", "id=upper"])).code, 3);
  const missing = await cli.run(["table", "show", "usr"]);
  assert.match(missing.stderr, /Did you mean "user"\?/);
});
