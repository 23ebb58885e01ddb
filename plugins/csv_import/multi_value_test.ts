import assert from "node:assert/strict";
import fc from "fast-check";
import { Failure, type RecordBatch } from "@waybill/waybill";
import { CsvReader } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { batchRows, runJob } from "@waybill/waybill/testing";
import { csvImport } from "./mod.ts";
import { splitCells, valuesOf } from "./multi_value.ts";

const joined = (values: readonly string[], join: string) =>
  values.map((value) => value.replaceAll("\\", "\\\\").replaceAll(join, `\\${join}`)).join(join);

Deno.test("values that were joined with their join characters escaped are split as they were", () => {
  const value = fc.string({ unit: fc.constantFrom("a", "&", "\\", ";", "é", "😀", " ", '"') });
  fc.assert(fc.property(fc.array(value, { minLength: 1 }), fc.constantFrom("&", ";", "|"), (values, join) => {
    assert.deepEqual(valuesOf(joined(values, join), join), values);
  }));
});

Deno.test("a backslash before anything else is a backslash", () => {
  assert.deepEqual(valuesOf("c:\\temp&d\\", "&"), ["c:\\temp", "d\\"]);
});

function batchOf(text: string): RecordBatch {
  const reader = new CsvReader();
  const [chunk] = [...reader.push(new TextEncoder().encode(text)), ...reader.finish()];
  return chunk!.batch;
}

Deno.test("only the chosen columns of a batch are split, and its index covers every value", () => {
  const batch = splitCells(batchOf('id,tags,name\n1,a&b,x&y\n2,,z\n3,"q""&é",\n4\n5,one,n\n'), ["tags"], "&");
  assert.deepEqual(batchRows(batch).map(({ fields }) => fields), [
    { id: "1", tags: ["a", "b"], name: "x&y" },
    { id: "2", tags: "", name: "z" },
    { id: "3", tags: ['q"', "é"], name: "" },
    { id: "4" },
    { id: "5", tags: ["one"], name: "n" },
  ]);
  const { names, spans } = batch.columns!;
  const text = new TextDecoder();
  for (const [row, { fields }] of batchRows(batch).entries()) {
    for (const [column, name] of names.entries()) {
      const at = 2 * (row * names.length + column);
      const value = text.decode(batch.bytes.subarray(spans[at], spans[at + 1]));
      assert.equal(value, name in fields ? JSON.stringify(fields[name]) : "", `${row} ${name}`);
    }
  }
});

Deno.test("an import splits its multi-value columns, and refuses one that is not there", async () => {
  const files = memoryStore({ "a.csv": "id;tags\n1;red|b\\|w\n" });
  const config = { stream: "s", file: "a.csv", delimiter: ";", join: "|" };
  const { rows } = await runJob(csvImport, { connection: { files }, config: { ...config, multi_value: ["tags"] } });
  assert.deepEqual(rows.map(({ fields }) => fields), [{ id: "1", tags: ["red", "b|w"] }]);
  await assert.rejects(
    runJob(csvImport, { connection: { files }, config: { ...config, multi_value: ["tag"] } }),
    (error) => error instanceof Failure && /^Column "tag" of "multi_value" is not in the header/.test(error.message),
  );
  const problems = (join: string) =>
    csvImport.config.safeParse({ stream: "s", file: "f", join }).error?.issues.map(({ path }) => path.join());
  assert.deepEqual(["ab", "", "\\", "😀"].map(problems), [["join"], ["join"], ["join"], undefined]);
});
