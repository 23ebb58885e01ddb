import assert from "node:assert/strict";

import { openCsv } from "@waybill/waybill/codecs";

import { COLUMNS, type Customer, makeCustomers } from "../examples/make_customers.ts";

Deno.test("Waybill's reader takes every readable row of customers.csv and rejects exactly the broken ones", async () => {
  const { readable, broken } = makeCustomers();
  const file = await Deno.open(new URL("../examples/customers.csv", import.meta.url));
  await using csv = await openCsv(file.readable);
  assert.deepEqual(csv.header.names, COLUMNS);
  const rows: Partial<Customer>[] = [];
  const rejected: string[] = [];
  for await (const chunk of csv.chunks) {
    for (const line of new TextDecoder().decode(chunk.batch.bytes).split("\n").slice(0, -1)) {
      rows.push(JSON.parse(line));
    }
    rejected.push(...chunk.rejected.map(({ raw }) => new TextDecoder().decode(raw)));
  }
  // An empty cell may be left out of its row.
  const filled = rows.map((row) => COLUMNS.map((column) => row[column] ?? ""));
  assert.deepEqual(filled, readable.map((row) => COLUMNS.map((column) => row[column])));
  assert.equal(rejected.length, broken);
  for (const raw of rejected) assert.match(raw, /^C-9000/);
});
