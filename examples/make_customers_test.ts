import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

import { parse } from "csv-parse/sync";

import { COLUMNS, makeCustomers } from "./make_customers.ts";

const shipped = new URL("./customers.csv", import.meta.url);
const readme = new URL("./README.md", import.meta.url);

Deno.test("the generator makes the shipped customers.csv, byte for byte", () => {
  assert.deepEqual(makeCustomers().bytes, Deno.readFileSync(shipped));
});

Deno.test("an independent reader finds every readable row of customers.csv unchanged", () => {
  const { bytes, readable, broken } = makeCustomers();
  // Latin-1 keeps every byte as it is, broken ones too; each broken row is a line of its own.
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  const whole = lines.filter((line) => !line.startsWith("C-9000"));
  assert.equal(lines.length - whole.length, broken);
  const records: string[][] = parse(Buffer.from(whole.join("\n"), "latin1"));
  const found = records.slice(1);
  assert.deepEqual(found, readable.map((row) => COLUMNS.map((column) => row[column])));
});

Deno.test("customers.csv keeps what its README says of it", () => {
  const { readable, broken, people } = makeCustomers();
  const text = Deno.readTextFileSync(readme);
  const count = (number: number): string => number.toLocaleString("en-US");
  assert.match(text, new RegExp(`${count(people)} invented people`));
  assert.match(text, new RegExp(`${new Set(readable.map((row) => row.country)).size} countries`));
  assert.match(text, new RegExp(`${count(readable.length)} readable rows and ${broken} that nobody can`));
});

Deno.test("a row of customers.csv links what were two people before in thirteen places", () => {
  const owners = new Map<string, object>();
  let links = 0;
  for (const { customer_id, email } of makeCustomers().readable.toSorted(byTime)) {
    const known = [customer_id, email].map((identity) => owners.get(identity)).filter((owner) => owner !== undefined);
    if (new Set(known).size === 2) links++;
    const owner = known[0] ?? {};
    for (const identity of [customer_id, email]) if (identity !== "") owners.set(identity, owner);
  }
  assert.equal(links, 13);
});

function byTime(left: { updated_at: string }, right: { updated_at: string }): number {
  return Date.parse(left.updated_at) - Date.parse(right.updated_at);
}
