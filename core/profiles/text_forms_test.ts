import assert from "node:assert/strict";
import fc from "fast-check";
import { compileMapping, parseMapping, type TextForm } from "../lql/mod.ts";
import { viewOf } from "./byte_stretches.ts";
import { JsonBytes } from "./json_bytes.ts";
import { putForm } from "./text_forms.ts";

/** A column of each form. */
const COLUMNS: { readonly [form in TextForm]: string } = {
  text: "x AS y",
  address: "email(x) AS y",
  number: "sum(tonumber(x)) AS y",
  integer: "max(toint(x)) AS y",
  time: "todate(x) AS y",
  one: "count(x) AS y",
};
const FORMS = Object.keys(COLUMNS) as TextForm[];

/** What a form makes of a text, as JSON; undefined where it is left to others. */
function put(form: TextForm, text: string): string | undefined {
  const said = new TextEncoder().encode(JSON.stringify(text)), into = new JsonBytes(new Uint8Array(4));
  const isPut = putForm(form, viewOf(said), 0, said.length, into);
  if (!isPut) assert.equal(into.length, 0);
  return isPut ? new TextDecoder().decode(into.bytes.subarray(0, into.length)) : undefined;
}

/** What a column gives for a text, by way of values. */
function contributions(columns: readonly string[]) {
  return compileMapping(parseMapping(`SELECT id, ${columns.join(", ")} FROM s INTO t BY id`)).contributions.slice(1);
}

const OF_FORMS = new Map(FORMS.map((form) => [form, contributions([COLUMNS[form]])[0]!]));

function evaluated(form: TextForm, text: string): string | undefined {
  return JSON.stringify(OF_FORMS.get(form)!.value.of({ at: 0, get: () => text, names: () => ["x"] }));
}

const two = fc.nat({ max: 99 }).map((number) => String(number).padStart(2, "0"));
const text = fc.oneof(
  fc.tuple(two, two, two, two, two, two, two, fc.constantFrom("T", " ", "t"), fc.constantFrom("", "Z", ".5Z", ".123Z"))
    .map(([century, year, month, day, hour, minute, second, separator, end]) =>
      `${century}${year}-${month}-${day}${separator}${hour}:${minute}:${second}${end}`
    ),
  fc.date({ min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_999), noInvalidDate: true })
    .chain((date) => fc.constantFrom(10, 16, 19, 24).map((size) => date.toISOString().slice(0, size))),
  fc.tuple(fc.stringMatching(/^[0-9]{0,12}$/), fc.constantFrom("", "."), fc.stringMatching(/^[0-9]{0,8}$/))
    .map((parts) => parts.join("")),
  fc.stringMatching(/^[a-c.@_+A-]{1,12}$/),
  fc.stringMatching(/^[ -~é]{1,12}$/),
).filter((text) => text !== "" && JSON.stringify(text) === `"${text}"`);

Deno.test("what is written from the bytes of a text is what its column gives for it", () => {
  fc.assert(
    fc.property(text, fc.constantFrom(...FORMS), (text, form) => {
      const written = put(form, text);
      if (written !== undefined) assert.equal(written, evaluated(form, text));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("ordinary texts are written from their bytes, others left to the functions", () => {
  assert.equal(put("text", "Zoë 2"), '"Zoë 2"');
  assert.equal(put("one", "no"), "1");
  assert.equal(put("address", "ann_1+b@mail.example.com"), '"ann_1+b@mail.example.com"');
  const addresses = ["Ann@example.com", "ann@", "@b", "a@b..c", "a@b@c", "ann", " a@b", "é@b", `${"a".repeat(999)}@b`];
  for (const other of addresses) assert.equal(put("address", other), undefined, other);

  const decimals = [["0", "0"], ["0.00", "0"], ["12.50", "12.5"], ["100", "100"], [
    "999999999.999999",
    "999999999.999999",
  ]];
  for (const [text, json] of decimals) assert.equal(put("number", text!), json);
  assert.equal(put("integer", "12.99"), "12");
  for (const other of ["-1", "+1", "007", "1.", ".5", "1e3", "1.0000001", "1234567890123456", " 1", "$1", "1,000"]) {
    assert.equal(put("number", other), undefined, other);
    assert.equal(put("integer", other), undefined, other);
  }

  for (const day of ["2026-03-01", "2026-03-01 00:00:00", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00.000Z"]) {
    assert.equal(put("time", day), '"2026-03-01T00:00:00.000Z"');
  }
  assert.equal(put("time", "0001-12-31T23:59:59.999Z"), '"0001-12-31T23:59:59.999Z"');
  const others = [
    "0000-01-01",
    "2026-13-01",
    "2026-04-31",
    "2026-02-29",
    "2026-03-01T24:00:00Z",
    "2026-03-01T23:59:60Z",
  ];
  for (const other of [...others, "1772360107", "2026-03-01T10:15:00+01:00"]) {
    assert.equal(put("time", other), undefined, other);
  }
});

Deno.test("a column has a form where one field alone decides it and nothing else is made of it", () => {
  const columns = {
    text: ["x", "x KIND STRING", "min(x) KIND STRING", "email(x)", "cast(x AS STRING)"],
    number: [
      "x KIND NUMBER",
      "sum(x)",
      "max(x)",
      "toint(x) KIND NUMBER",
      "count(x) KIND NUMBER",
      "tonumber(x) KIND INT",
    ],
    time: ["x KIND DATE", "max(todate(x))", "cast(x AS DATE)"],
    none: [
      "x.y",
      "x KIND BOOL",
      "tonumber(x) KIND STRING",
      "email(concat(x, y))",
      'todate("dmy", x)',
      "count(email(x))",
      "toupper(x)",
      "x KIND []STRING",
      "todate(x) KIND NUMBER",
    ],
  };
  const formsOf = (texts: readonly string[]) =>
    contributions(texts.map((text, index) => text.replace(/( KIND .*)?$/, ` AS c${index}$1`))).map(({ form }) => form);
  assert.deepEqual(formsOf(columns.text), ["text", "text", "text", "address", "text"]);
  assert.deepEqual(formsOf(columns.number), ["number", "number", "number", "integer", "one", "integer"]);
  assert.deepEqual(formsOf(columns.time), ["time", "time", "time"]);
  assert.deepEqual(formsOf(columns.none), columns.none.map(() => undefined));
});
