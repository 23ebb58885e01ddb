import assert from "node:assert/strict";
import { CsvReader } from "@waybill/waybill/codecs";
import { headerLine } from "./header_line.ts";

Deno.test("a header line reads back as the names it was written from, whatever they hold", () => {
  const names = ["id", 'said "so"', "a;b", "two\nlines", "é"];
  const reader = new CsvReader({ delimiter: ";" });
  reader.push(headerLine(names, ";"));
  reader.push(new TextEncoder().encode("1;2;3;4;5\n"));
  reader.finish();
  assert.deepEqual(reader.header?.names, names);
});
