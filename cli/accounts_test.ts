import assert from "node:assert/strict";
import { readSettings } from "../core/engine/account_settings.ts";
import { testCli } from "./cli_testing.ts";

/** What is set where nobody said anything. */
const { pii_fields: _fields, suppress_erased: _erased, ...UNTOLD } = readSettings("{}");

Deno.test("accounts are made, listed, shown and set; the first is meant where none is named", async () => {
  await using cli = await testCli();
  const acme = await cli.json("account", "create", "--name", "acme");
  assert.match(String(acme.id), /^[0-9a-f]{32}$/);
  assert.equal((await cli.json("account", "show")).name, "default");
  for (const name of ["acme", String(acme.id)]) {
    assert.deepEqual(await cli.json("account", "show", "--account", name), acme);
  }
  const set = await cli.json("account", "set", "--account", "acme", "--pii-fields", "email,phone");
  assert.deepEqual(set.settings, { ...UNTOLD, pii_fields: ["email", "phone"], suppress_erased: "off" });
  const forever = await cli.json("account", "set", "--account", "acme", "--suppress-erased", "forever");
  assert.deepEqual(forever.settings, { ...UNTOLD, pii_fields: ["email", "phone"], suppress_erased: "forever" });
  const unset = await cli.json("account", "set", "--account", "acme", "--unset", "pii-fields", "--name", "acme-2");
  assert.deepEqual([unset.name, unset.settings], ["acme-2", { ...UNTOLD, pii_fields: [], suppress_erased: "forever" }]);
  const { stdout } = await cli.run(["account", "list", "--json"]);
  assert.deepEqual(JSON.parse(stdout).map(({ name }: { name: string }) => name), ["default", "acme-2"]);
  assert.match((await cli.run(["account", "list"])).stdout, /acme-2/);
  const shown = await cli.run(["account", "show", "--account", "acme-2"]);
  assert.match(shown.stdout, /suppress erased +forever/);
});

Deno.test("what a command does in one account, no other sees", async () => {
  await using cli = await testCli();
  await cli.json("account", "create", "--name", "acme");
  const inAcme = ["--account", "acme"];
  const made = await cli.run([...inAcme, "auth", "create", "local-folder", "--label", "in", "--folder", cli.folder]);
  assert.equal(made.code, 0, made.stderr);
  // Commands to be pasted work in the same account.
  assert.match(made.stderr, /auth check in --account acme/);
  const { id, token } = await cli.json("token", "create", "--name", "x", "--scopes", "data", ...inAcme);
  assert.equal((await cli.run(["auth", "show", "in"])).code, 3);
  assert.equal((await cli.run(["token", "revoke", String(id)])).code, 3);
  assert.equal((await cli.run(["auth", "show", "in", ...inAcme])).code, 0);
  const revoked = await cli.run(["token", "revoke", String(id), ...inAcme]);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.doesNotMatch(revoked.stdout + revoked.stderr, new RegExp(String(token)));
});

Deno.test("a wrong account, name or setting is refused with what to do", async () => {
  await using cli = await testCli();
  await cli.json("account", "create", "--name", "acme");
  for (
    const [argv, code, text] of [
      [["account", "show", "--account", "acmee"], 3, /no account "acmee"[^]*Did you mean "acme"/],
      [["account", "show", "--account", ""], 3, /no account ""/],
      [["account", "create", "--name", "acme"], 3, /Another account has the name "acme"/],
      [["account", "create", "--name", "f".repeat(32)], 3, /looks like an id/],
      [["account", "create"], 2, /--name is missing/],
      [["account", "set", "--suppress-erased", "sometimes"], 3, /suppress.erased/],
      [["token", "create", "--name", "x", "--scopes", "data", "--expires", "soon"], 3, /"soon" is no time/],
    ] as const
  ) {
    const { code: ended, stderr } = await cli.run(argv);
    assert.equal(ended, code, stderr);
    assert.match(stderr, text);
  }
});

Deno.test("a token is made with an expiry and a description, and shows both", async () => {
  await using cli = await testCli();
  const { id } = await cli.json(
    ...["token", "create", "--name", "vendor", "--scopes", "data_write", "--expires", "100h", "--description", "Files"],
  );
  const token = await cli.json("token", "show", String(id));
  const [created, expires] = [token.created, token.expires].map((time) => Temporal.Instant.from(String(time)));
  assert.equal(Math.round(created!.until(expires!).total("hours")), 100);
  assert.equal(token.description, "Files");
  assert.match((await cli.run(["token", "show", String(id)])).stdout, /expires +\d{4}-/);
  assert.match((await cli.run(["token", "list"])).stdout, /vendor/);
});
