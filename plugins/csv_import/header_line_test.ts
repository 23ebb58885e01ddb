import assert from "node:assert/strict";
import { CsvReader } from "@waybill/waybill/codecs";
import { headerLine, type HeaderLineOptions } from "./header_line.ts";

Deno.test("a header line reads back as the names it was written from, whatever they hold", () => {
  const names = ["id", 'said "so"', "a;b", "two\nlines", "é"];
  const reader = new CsvReader({ delimiter: ";" });
  reader.push(headerLine(names, ";"));
  reader.push(new TextEncoder().encode("1;2;3;4;5\n"));
  reader.finish();
  assert.deepEqual(reader.header?.names, names);
});

Deno.test("a header line makes the same settings read it where they name another encoding, or no delimiter", () => {
  const text = (options: HeaderLineOptions) =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(
      headerLine(["id", "é"], ";", options),
    );
  const saysDelimiter = false;
  assert.equal(text({ encodings: ["auto", "utf-8"], saysDelimiter }), "id;é\n");
  assert.equal(text({ encodings: ["auto", "utf-16le"], saysDelimiter }), "\uFEFFid;é\n");
  assert.equal(text({ encodings: ["windows-1252", "utf-8"], saysDelimiter }), "\uFEFFid;é\n");
  assert.equal(text({ encodings: ["windows-1252", "windows-1252"], saysDelimiter: true }), "\uFEFFsep=;\nid;é\n");
});
