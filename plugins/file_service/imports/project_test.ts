import assert from "node:assert/strict";
import fc from "fast-check";
import { openCsv } from "@waybill/waybill/codecs";
import { batchRows } from "@waybill/waybill/testing";
import { projectBatch } from "./project.ts";

Deno.test("a projected batch holds the kept columns of every row and nothing else", async () => {
  const names = ["a", 'quo"te', "__proto__", "ü", "e"];
  const row = fc.array(fc.string({ maxLength: 5 }), { minLength: 1, maxLength: names.length });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 8 }),
      fc.subarray(names, { minLength: 1 }),
      async (rows, kept) => {
        const quoted = [names, ...rows].map((cells) =>
          cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")
        );
        await using file = await openCsv(new Blob([quoted.join("\n")]).stream());
        for await (const { batch } of file.chunks) {
          const projected = projectBatch(batch, kept);
          assert.deepEqual(projected.columns?.names, kept);
          assert.equal(projected.times, batch.times);
          const expected = batchRows(batch).map(({ fields }) =>
            Object.fromEntries(Object.entries(fields).filter(([name]) => kept.includes(name)))
          );
          assert.deepEqual(batchRows(projected).map(({ fields }) => fields), expected);
        }
      },
    ),
  );
});
