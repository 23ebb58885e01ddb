import assert from "node:assert/strict";
import { memorySpool } from "../spool_memory.ts";
import { FileRows } from "./file_rows.ts";
import { recordBatch } from "./record_batch.ts";
import { RowFilter } from "./row_filter.ts";
import { Snapshot, snapshotOf } from "./snapshot.ts";

const people = (count: number, name: string) =>
  recordBatch(Array.from({ length: count }, (_, id) => ({ fields: { id, name: `${name} ${id}` } })));

async function rows(): Promise<FileRows> {
  return await FileRows.create(memorySpool(), { secret: new Uint8Array(16).fill(3), keys: ["id"] });
}

Deno.test("a filter lacks none of the rows of its snapshot, and nearly all others", async () => {
  const before = await rows();
  await before.add(people(20_000, "Ann"));
  const file = await memorySpool().create();
  for await (const bytes of snapshotOf(before)) await file.append(bytes);
  const filter = await RowFilter.of(await Snapshot.open(file));
  const lacking = async (name: string) => {
    const digests = await (await rows()).add(people(20_000, name));
    return filter.lacking(digests).length;
  };
  assert.equal(await lacking("Ann"), 0);
  assert.ok(await lacking("Bob") > 19_980);
});
