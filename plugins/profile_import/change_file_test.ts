import assert from "node:assert/strict";
import { memorySpool, openDecoded } from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { openChangeFile } from "./change_file.ts";

/** Rows of a chunk are enough that their places have memory of their own. */
const ROWS = 60_000;

for (const format of ["csv", "json"] as const) {
  Deno.test(`rows of ${format} have their places and times until their batch is given back`, async () => {
    const row = (id: number) =>
      format === "csv"
        ? `${id},gold\n`
        : `{"customer_id":"${id}","changes":[{"op":"assign","attr":"plan","value":"gold"}]}\n`;
    const text = (format === "csv" ? "id,plan\n" : "") + Array.from({ length: ROWS }, (_, id) => row(id)).join("");
    const files = memoryStore({ changes: text });
    await using decoded = await openDecoded({ files, entry: await files.stat("changes") }, { spool: memorySpool() });
    const [member] = await Array.fromAsync(decoded.members);
    await using file = await openChangeFile(member!, { format, encoding: "auto" });
    let line = format === "csv" ? 2 : 1, largest = 0;
    for await (const { batch } of file.chunks) {
      const { places, times } = batch;
      assert.equal(places?.lines.length, times.length);
      for (let index = 0; index < times.length; index++) {
        if (places?.lines[index] !== line++ || !Number.isNaN(times[index])) {
          assert.fail(`Row ${index} is at another place`);
        }
      }
      largest = Math.max(largest, times.length);
      file.recycle(batch);
    }
    assert.equal(line, ROWS + (format === "csv" ? 2 : 1));
    assert(largest > 4_096, `${largest} rows at a time`);
  });
}
