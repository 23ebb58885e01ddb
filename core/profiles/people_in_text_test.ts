import assert from "node:assert/strict";
import fc from "fast-check";
import { IdentityRules, type IdentityRulesJson } from "./identity_rules.ts";
import { delimiterOf, PeopleInText, type RawForm } from "./people_in_text.ts";
import { TableRules } from "./table_rules.ts";

interface Sought {
  readonly id?: readonly string[];
  readonly email?: readonly string[];
  readonly phone?: readonly string[];
}

/** People by their normalised values. */
function people(sought: Sought, forms: readonly RawForm[] = []): PeopleInText {
  const json: IdentityRulesJson = { normalise: { email: ["lower"], phone: ["digits"] } };
  const fields = ["id", "email", "phone"] as const;
  const rules = new TableRules(fields, new IdentityRules(json));
  return new PeopleInText([{
    rules,
    names: (field, value) => sought[fields[field]!]?.includes(value) === true,
  }], forms);
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a person is found in a row however the row writes the identity", () => {
  const ada = people({ id: ["Person-17-x"], email: ["_ada.o'neil+x@example.org"], phone: ["15551234567"] });
  for (
    const row of [
      "1,Person-17-x,too,many",
      "x;see Person-17-x there;",
      "_Ada.O'Neil+X@Example.org|2",
      '{"mail":"<_ada.o\'neil+x@example.org>","n":',
      '"{""mail"": ""_ada.o\'neil+x@example.org""}",1',
      String.raw`{"mail":"_ada.o'neil+x\u0040example.org"`,
      "Anna,+1 (555) 123-4567,x",
      "1 555 123 45 67",
    ]
  ) assert(ada.areIn(row), row);
  for (const row of ["Person-17-xy,2", "Person-17,x", "ada@example.org", "555 123 4567,1"]) {
    assert(!ada.areIn(row), row);
  }
});

Deno.test("a short value is found where it is a whole cell, and takes nobody else's row along", () => {
  const seven = people({ id: ["7", "Ada"] });
  for (const row of ["7", "1,7,2", "1; 7 ;2", '"7",x,y', '{"id":7,"n":', '{"id": "7"}', "a\tAda\tb", '{"ids":[7]}']) {
    assert(seven.areIn(row), row);
  }
  for (const row of ["17,70", "7 Main Street,1", "2026-07-07T07:07:07,1", "Ada Smith,2", "+7 555 1,x", "07,1.7"]) {
    assert(!seven.areIn(row), row);
  }
  assert(!seven.areIn("7", { longOnly: true }));
  assert(!seven.areIn("1^7^2"));
  assert(seven.areIn("1^7^2", { delimiter: "^" }));
});

Deno.test("what stands between the names of a header is what cells are told apart by", () => {
  for (
    const [header, delimiter] of [["id,e-mail,first name", ","], ['"id"^"n"', "^"], ["id\tn\n", "\t"], [
      "id\n",
      undefined,
    ]]
  ) {
    assert.equal(delimiterOf(bytes(header!)), delimiter, header);
  }
});

Deno.test("bytes are read as UTF-8, UTF-16 and with a character a byte", () => {
  const value = "zoë@example.org";
  const zoe = people({ email: [value] });
  const row = `1,${value},2`;
  const utf16 = Uint8Array.from(row, (character) => character.charCodeAt(0));
  assert(zoe.areInBytes(bytes(row)));
  assert(zoe.areInBytes(utf16), "latin1");
  assert(zoe.areInBytes(new Uint8Array(Uint16Array.from(row, (c) => c.charCodeAt(0)).buffer).subarray(1)));
  assert(!zoe.areInBytes(bytes("1,zoe@example.org,2")));
});

Deno.test("cells from which an identity was computed are found where they stand together", () => {
  const ada = people({}, [[["first", "Ada"], ["last", "Lovelace"]], [["login", "babbage"]]]);
  for (const row of ["1,ADA,lovelace,x", "lovelace; Ada", "babbage,1"]) assert(ada.areIn(row), row);
  for (const row of ["1,Ada,Smith", "Grace,Lovelace", "Babbage Street,1"]) assert(!ada.areIn(row), row);
});

Deno.test("any value that identifies is found as a cell of any row, plain, quoted and in JSON", () => {
  const value = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).map((text) => text.trim().toWellFormed());
  const rules = new IdentityRules();
  fc.assert(fc.property(value, fc.string(), (text, other) => {
    const id = rules.normalise("id", text);
    fc.pre(id !== undefined && !/[\p{Cc}]/u.test(id));
    const own = people({ id: [id] });
    const isPlain = !/[,;|"'`\\]/.test(id);
    if (isPlain) assert(own.areIn(`${other.replaceAll(/["\\]/g, "")},${id},x`));
    if (isPlain) assert(own.areIn(`1,"${id}",x`));
    if (isPlain) assert(own.areIn(`{"a":1,"id":${JSON.stringify(id)},`));
  }));
});

Deno.test("a message says the rest without them", () => {
  const ada = people({ id: ["Person-1-x", "7"], email: ["ada@example.org"] });
  assert.equal(
    ada.scrub('No file "Person-1-x" of 7 for ADA@example.org; see "7"'),
    'No file "[erased]" of 7 for [erased]; see "[erased]"',
  );
});
