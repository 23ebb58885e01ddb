import assert from "node:assert/strict";
import { parse as csvParse } from "csv-parse/sync";
import { generateCustomers } from "../../bench/generate.ts";
import { readAll } from "./csv_testing.ts";

const packageFolder = new URL("..", import.meta.resolve("vega-datasets"));
const files = [...Deno.readDirSync(new URL("data/", packageFolder))].map(({ name }) => name)
  .filter((name) => name.endsWith(".csv")).sort();

/** Fails unless every cell is what csv-parse sees. */
function compare(bytes: Uint8Array): number {
  const rows: string[][] = csvParse(bytes, { bom: true, skip_empty_lines: true, relax_column_count: true });
  const { names, lines, rejected } = readAll(bytes, {}, 65_536);
  assert.deepEqual(rejected, []);
  const [header = [], ...records] = rows;
  assert.deepEqual(names.map((name, column) => /^column_\d+$/.test(name) ? header[column] : name), header);
  assert.equal(lines.length, records.length);
  lines.forEach((line, row) => {
    const object: Record<string, string> = JSON.parse(line);
    assert.deepEqual(names.map((name) => object[name]), records[row]);
  });
  return lines.length;
}

Deno.test("vega-datasets has its CSV files", () => {
  for (const name of ["airports.csv", "zipcodes.csv", "flights-airport.csv"]) assert.ok(files.includes(name));
});

for (const name of files) {
  Deno.test(`${name} of vega-datasets reads cell by cell as csv-parse reads it`, () => {
    assert.ok(compare(Deno.readFileSync(new URL(`data/${name}`, packageFolder))) > 0);
  });
}

Deno.test("generated customers read cell by cell as csv-parse reads them", async () => {
  const bytes = new Uint8Array(
    await new Response(ReadableStream.from(generateCustomers({ rows: 20_000 }))).arrayBuffer(),
  );
  assert.equal(compare(bytes), 20_000);
});
