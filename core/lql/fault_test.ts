import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { compileFilter } from "./compile_filter.ts";
import { compileMapping } from "./compile_mapping.ts";
import { parseFilter } from "./parse_filter.ts";
import { parseMapping } from "./parse_mapping.ts";

function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  assert.fail("nothing was thrown");
}

function read(text: string): unknown {
  return /^\s*SELECT/i.test(text)
    ? compileMapping(parseMapping(text))
    : compileFilter(parseFilter(text), (slug) => slug === "buyers" ? LIST : undefined, () => ["buyers"]);
}

const LIST = { matches: () => true, fields: [], usesNow: false };

/** Texts with ¶ where the caret must stand, what the message says, and the hint. */
const FAULTS: readonly (readonly [text: string, says: string, hint?: RegExp])[] = [
  ["¶", "expected FILTER, found the end"],
  ["FILTER¶", "expected a value, found the end"],
  ["FILTER a > 5 ¶b", 'expected an operator, FROM, ALIAS or the end, found "b"'],
  ["FILTER a > 5 FROM user ¶x", 'expected ALIAS or the end, found "x"'],
  ["FILTER a > 5 ALIAS b ¶FROM user", 'expected the end, found "FROM"'],
  ["FILTER AND (a > 5, b =¶)", 'expected a value, found ")"'],
  ["FILTER AND (\n  a > 1\n  b < 2 ¶c = 3)", 'expected "," or ")", found "c"'],
  ["FILTER AND (¶)", 'expected a value, found ")"'],
  ["FILTER AND ¶a", 'expected "(", found "a"'],
  ["FILTER (a = 1¶", 'expected an operator or ")", found the end'],
  ["FILTER x = ¶“a”", '"“" has no meaning here', /straight quotes/],
  ["FILTER a ¶&& b", '"&" has no meaning here', /AND, OR, NOT/],
  ['FILTER x = ¶"abc', 'this text has no closing "'],
  ['FILTER x = "a¶\\d"', '"\\d" is no escape', /backslash/],
  ["FILTER ¶`x = 5", "this name has no closing back-tick"],
  ["FILTER ¶`` = 5", "a name is not empty"],
  ["FILTER x > ¶5x", '"5x" is neither a number nor a name', /back-ticks/],
  ["FILTER x > ¶9007199254740993", "9007199254740993 is too great for a number", /quotes/],
  ["FILTER x > ¶1e999", "1e999 is too great for a number"],
  ["FILTER x = ¶null", "NULL is no value", /EXISTS/],
  ["FILTER ¶kind = 5", 'expected a value, found "kind"', /`kind`/],
  ["FILTER a < b ¶< c", "comparisons do not follow one another", /AND/],
  ["FILTER a IN ¶5", 'expected "(" and a list of values, or a field, found "5"'],
  ["FILTER a IN (¶)", 'expected a text in quotes, a number, TRUE or FALSE, found ")"'],
  ["FILTER a IN (1 ¶2)", 'expected "," or ")", found "2"'],
  ["FILTER a IN (¶b)", 'expected a text in quotes, a number, TRUE or FALSE, found "b"'],
  ["FILTER a LIKE ¶5", 'expected a pattern in quotes, found "5"'],
  ["FILTER a BETWEEN 1 ¶OR 2", 'expected AND, found "OR"'],
  ["FILTER INCLUDE ¶(a)", 'expected an audience\'s slug, found "("'],
  ["FILTER INCLUDE ¶buyer", 'audience "buyer" does not exist', /Did you mean buyers\?/],
  ["FILTER INCLUDE ¶zzz", 'audience "zzz" does not exist', /slug or id/],
  ["FILTER INCLUDE buyers AND ¶tolowr(x) = 'a'", 'function "tolowr" is not known', /Did you mean tolower\?/],
  ["FILTER ¶tolower(x, 1) = 'a'", "tolower takes 1 argument, found 2", /tolower\(x\)/],
  ["FILTER ¶any()", "any takes at least 1 argument, found none", /any\(x, …\)/],
  ["FILTER ¶substr(x) = 'a'", "substr takes 2 to 3 arguments, found 1", /substr\(x, start\[, length\]\)/],
  ["FILTER ¶now(x) > 5", "now takes no arguments, found 1"],
  ["FILTER ¶count(x) > 1", "count(…) counts over events, so it stands alone as a column of a mapping"],
  ["FILTER ¶tolower(x)", "expected a condition, found a text", /Compare/],
  ["FILTER a = 1 AND ¶5", "expected a condition, found a number"],
  ["FILTER len(x) > ¶'abc'", 'a number never compares with "abc"'],
  ["FILTER todate(x) > ¶'soon'", '"soon" says no time', /now-3d/],
  ["FILTER a > ¶TRUE", "true and false have no order"],
  ["FILTER a BETWEEN ¶false AND 5", "true and false have no order"],
  ["FILTER len(x) IN (1, 'a')", 'a number never compares with "a"'],
  ["FILTER ¶'a' + 1 > 5", "expected a number, found a text", /concat/],
  ["FILTER tolower(¶split(x, ',')) = 'a'", "expected a text as the x of tolower, found a list"],
  ["FILTER extract(x, ¶format) = 'a'", "the format of extract is a text in quotes"],
  ["FILTER extract(x, ¶'%Q') = 'a'", '"%Q" is no directive', /%Y/],
  ["FILTER todatein(x, ¶'Mars') > now()", '"Mars" is no time zone', /IANA/],
  ["FILTER todate(¶'xyz', x) > now()", '"xyz" is no form of times', /iso8601/],
  ["FILTER json.path(x, ¶'a[') = 1", '"a[" is no path from character 2 on'],
  [
    "SELECT a ¶FORM x",
    'expected an operator, ",", AS, IF, SHORTDESC, LONGDESC, KIND, MERGEOP or FROM, found "FORM"',
    /Did you mean FROM\?/,
  ],
  ["SELECT a, ¶FROM x", "expected a column after the comma", /comma/],
  ["SELECT a FROM ¶'x' INTO", "expected the name of a stream, found 'x'", /not in quotes/],
  ["SELECT a FROM x INTO t ¶", "expected BY, found the end"],
  ["SELECT a FROM x INTO t BY ¶", "expected the name of a column, found the end"],
  ["SELECT a FROM x INTO t BY a ¶,b", 'expected OR, WHERE, ALIAS or the end, found ","'],
  ["SELECT a FROM x INTO t BY a WHERE b = 1 ¶c", 'expected an operator, ALIAS or the end, found "c"'],
  ["SELECT a AS b ¶AS c FROM x", "AS stands twice in this column"],
  ["SELECT a KIND ¶STRNG FROM x", "expected a kind: STRING, INT", /Did you mean STRING\?/],
  ["SELECT a MERGEOP ¶LATST FROM x", "expected a merge: LATEST, OLDEST", /Did you mean LATEST\?/],
  ["SELECT a SHORTDESC ¶b FROM x", 'expected a description in quotes, found "b"'],
  ["SELECT ¶* FROM x INTO t BY a", 'expected a value, found "*"'],
  ["SELECT a FROM x INTO t BY a WHERE ¶INCLUDE b", 'expected a value, found "INCLUDE"'],
  ["SELECT a,\n ¶b AS a FROM s INTO t BY a", '"a" is the name of two columns', /AS a_2/],
  ["SELECT ¶5 FROM s INTO t BY a", "this column has no name", /AS/],
  ["SELECT email FROM s INTO t BY ¶emial", '"emial" identifies, but is no column', /Did you mean email\?/],
  ["SELECT email, b FROM s INTO t BY email OR ¶c1", '"c1" identifies, but is no column'],
  ["SELECT email FROM s INTO t BY email OR ¶email", '"email" stands twice after BY'],
  ["SELECT count(a) AS n FROM s INTO t BY ¶n", '"n" is a sum, which identifies nobody'],
  ["SELECT match('a') AS n FROM s INTO t BY ¶n", '"n" is a map, which identifies nobody'],
  ["SELECT ¶a KIND BOOL MERGEOP SUM FROM s INTO t BY a", "SUM does not suit the kind BOOL", /LATEST, OLDEST/],
  ["SELECT ¶count(a) KIND STRING FROM s INTO t BY a", "SUM does not suit the kind STRING"],
  ["SELECT ¶count(a) MERGEOP MAX FROM s INTO t BY a", "this column merges by SUM, not MAX"],
  ["SELECT ¶tolower(a) KIND MAP[STRING]INT FROM s INTO t BY a", "a text is never MAP[STRING]INT"],
  ["SELECT ¶match('a') AS a KIND INT FROM s INTO t BY a", "a map is never INT"],
  ["SELECT a IF ¶count(b) FROM s INTO t BY a", "count(…) counts over events"],
  ["SELECT cast(a AS ¶THING) FROM s INTO t BY a", "expected a kind"],
];

Deno.test("an error names line and column, shows the line and a caret under the place", () => {
  for (const [marked, says, hint] of FAULTS) {
    const text = marked.replace("¶", "");
    const failure = failureOf(() => read(text));
    const [first = "", shown = "", caret = ""] = failure.message.split("\n");
    assert.equal(failure.kind, "config", text);
    assert.ok(first.includes(`: ${says}`), `${text}\n${failure.message}`);
    if (hint !== undefined) assert.match(failure.hint ?? "", hint, text);
    if (!marked.includes("¶")) continue;
    const before = marked.slice(0, marked.indexOf("¶")).split("\n");
    const column = (before.at(-1) ?? "").length;
    assert.ok(first.startsWith(`Line ${before.length}, column ${column + 1}: `), `${text}\n${failure.message}`);
    assert.equal(shown.trimEnd(), `  ${text.split("\n")[before.length - 1]}`.trimEnd(), text);
    assert.equal(caret, `${" ".repeat(column + 2)}^`, text);
  }
});

Deno.test("a long line is cut around the place", () => {
  const failure = failureOf(() =>
    parseFilter(`FILTER AND (${"abc = 1, ".repeat(50)} , x = 2, ${"abc = 1, ".repeat(50)})`)
  );
  const [first = "", shown = "", caret = ""] = failure.message.split("\n");
  assert.match(first, /^Line 1, column 464: expected a value, found ","$/);
  assert.ok(shown.length < 90 && shown.startsWith("  …") && shown.endsWith("…"), shown);
  assert.equal(shown[caret.indexOf("^")], ",");
});

Deno.test("tabs and wide characters before the place take one column each", () => {
  const failure = failureOf(() => parseFilter("FILTER\t`😀` ="));
  assert.equal(
    failure.message,
    "Line 1, column 13: expected a value, found the end\n  FILTER `😀` =\n" + " ".repeat(14) + "^",
  );
});
