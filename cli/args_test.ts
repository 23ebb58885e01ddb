import assert from "node:assert/strict";
import fc from "fast-check";
import { afterCommand, parseArguments, parseKnown, wordsOf } from "./args.ts";
import type { Flag } from "./command.ts";
import { UsageError } from "./usage.ts";

const FLAGS: readonly Flag[] = [
  { name: "home", kind: "value", help: "" },
  { name: "json", kind: "switch", help: "" },
  { name: "fields", kind: "list", key: "fields", help: "" },
  { name: "file", kind: "value", key: "file", help: "" },
  { name: "strict", kind: "switch", key: "strict", help: "" },
  { name: "limit", kind: "value", help: "" },
  { name: "password", kind: "secret", key: "password", help: "" },
  { name: "password-file", kind: "secret-file", key: "password", help: "" },
  { name: "password-ask", kind: "secret-ask", key: "password", help: "" },
];

function refused(...argv: string[]): UsageError {
  try {
    parseArguments(argv, FLAGS);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error;
  }
  assert.fail(`${argv.join(" ")} was taken`);
}

Deno.test("flags stand anywhere, with a space or an equals sign", () => {
  const args = parseArguments(["--home", "/a", "one", "--file=x=y", "two", "--json", "three"], FLAGS);
  assert.deepEqual(args.words, ["one", "two", "three"]);
  assert.equal(args.value("home"), "/a");
  assert.equal(args.on("json"), true);
  assert.deepEqual(args.config, { file: "x=y" });
});

Deno.test("lists are comma-separated, repeated, or both; an escaped comma is one", () => {
  const args = parseArguments(["--fields", "a,b", "--fields=c\\,d"], FLAGS);
  assert.deepEqual(args.list("fields"), ["a", "b", "c,d"]);
  assert.deepEqual(args.config, { fields: ["a", "b", "c,d"] });
  assert.deepEqual(parseArguments(["--fields="], FLAGS).config, { fields: [] });
});

Deno.test("switches are turned off by no-", () => {
  assert.deepEqual(parseArguments(["--no-strict"], FLAGS).config, { strict: false });
  assert.deepEqual(parseArguments(["--strict"], FLAGS).config, { strict: true });
  assert.equal(parseArguments([], FLAGS).on("strict"), undefined);
  assert.match(refused("--strict=maybe").message, /--strict is a switch/);
});

Deno.test("after two dashes everything is a word, and one dash alone is a word", () => {
  assert.deepEqual(parseArguments(["-", "--", "--json", "-x"], FLAGS).words, ["-", "--json", "-x"]);
});

Deno.test("a value may start with a dash, but a flag's name is a forgotten value", () => {
  assert.equal(parseArguments(["--file", "-x.csv"], FLAGS).value("file"), "-x.csv");
  assert.equal(parseArguments(["--file", "-"], FLAGS).value("file"), "-");
  assert.equal(parseArguments(["--file=--json"], FLAGS).value("file"), "--json");
  assert.match(refused("--file", "--json").message, /--file needs a value/);
  assert.match(refused("--file").message, /--file needs a value/);
});

Deno.test("an unknown flag names the one that was meant", () => {
  assert.equal(refused("--flie", "x").hint, "Did you mean --file?");
  assert.equal(refused("--pasword=hunter2").hint, "Did you mean --password-file?");
  assert.equal(refused("-q").message, "There is no flag -q");
});

Deno.test("a flag that takes one value is not given twice", () => {
  assert.match(refused("--file", "a", "--file", "b").message, /--file is given twice/);
});

Deno.test("a secret is refused as a flag's value, with the three ways to give it", () => {
  const { message, hint } = refused("--password", "hunter2");
  assert.match(message, /--password is not taken/);
  assert.match(hint ?? "", /--password-file PATH.*WAYBILL_PASSWORD.*--password-ask/);
});

Deno.test("no error repeats what was given to a flag", () => {
  const flag = fc.constantFrom("--password", "--pasword", "--password-ask", "--limit", "--strict", "--zzz", "-p");
  fc.assert(fc.property(flag, fc.boolean(), (flag, attached) => {
    const secret = "s3cr3t-value";
    try {
      const args = parseArguments(attached ? [`${flag}=${secret}`] : [flag, secret], FLAGS);
      args.integer("limit", 1, 9);
    } catch (error) {
      assert.ok(error instanceof UsageError);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /s3cr3t/);
    }
  }));
});

Deno.test("secrets are told apart from the configuration", () => {
  const file = parseArguments(["--password-file", "-"], FLAGS);
  assert.deepEqual([...file.secretFiles], [["password", "-"]]);
  assert.deepEqual([...parseArguments(["--password-ask"], FLAGS).asked], ["password"]);
  assert.deepEqual(file.config, {});
});

Deno.test("whole numbers are held to their bounds", () => {
  assert.equal(parseArguments(["--limit", "10"], FLAGS).integer("limit", 1, 10), 10);
  for (const text of ["0", "11", "1.5", "-1", "ten", ""]) {
    assert.throws(() => parseArguments([`--limit=${text}`], FLAGS).integer("limit", 1, 10), UsageError, text);
  }
});

Deno.test("the words that name a command are found among the flags and taken out", () => {
  const argv = ["--home", "/a", "run", "--unknown", "list", "--", "x"];
  assert.deepEqual(wordsOf(argv, FLAGS), ["run", "list", "x"]);
  assert.deepEqual(afterCommand(argv, FLAGS, 2), ["--home", "/a", "--unknown", "--", "x"]);
  assert.equal(parseKnown(argv, FLAGS).value("home"), "/a");
});
