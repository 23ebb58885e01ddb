import assert from "node:assert/strict";
import fc from "fast-check";
import { collectLog } from "../testing/collect_log.ts";
import { redactor, secretStrings } from "./redact.ts";

Deno.test("secrets are taken out of messages and fields, however deep", () => {
  const { log, lines } = collectLog();
  redactor(["hunter22", "hunter22-and-more", "abc"]).log(log).info("Password hunter22-and-more, abc", {
    list: ["x hunter22 y", 1, null, true],
    deep: { "hunter22": { value: "hunter22" } },
  });
  assert.deepEqual(lines, [{
    level: "info",
    message: "Password [secret], abc",
    fields: { list: ["x [secret] y", 1, null, true], deep: { "[secret]": { value: "[secret]" } } },
  }]);
});

Deno.test("no secret of four characters or more survives, wherever it stands", () => {
  const secret = fc.string({ minLength: 4, unit: "grapheme" })
    .filter((text) => !"[secret]".includes(text) && !text.includes("[secret]"));
  fc.assert(fc.property(secret, fc.constantFrom("", " ", "user=", '"'), (value, around) => {
    const { text } = redactor([value]);
    assert.equal(text(`${around}${value}${around}`).includes(value), false);
    assert.equal(text(JSON.stringify({ value })).includes(JSON.stringify(value)), false);
  }));
});

Deno.test("a line of a key is taken out on its own, its markers are not", () => {
  const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQUJDREVGR0hJSktMTU5P\n-----END-----\n";
  const { text } = redactor([key]);
  assert.equal(text("bad line b3BlbnNzaC1rZXktdjEAAAAA"), "bad line [secret]");
  assert.equal(text("no -----BEGIN OPENSSH PRIVATE KEY----- found"), "no -----BEGIN OPENSSH PRIVATE KEY----- found");
});

Deno.test("the strings of a secret are found in lists and objects", () => {
  assert.deepEqual(secretStrings({ a: ["x", 1, { b: "y" }], c: null }), ["x", "y"]);
});
