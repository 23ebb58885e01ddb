import assert from "node:assert/strict";
import fc from "fast-check";
import type { JsonValue, RecordBatch } from "../../contracts/records.ts";
import { Failure } from "../../contracts/failure.ts";
import { CsvReader } from "../csv.ts";
import { memorySpool } from "../spool_memory.ts";
import type { Difference } from "../../contracts/snapshot.ts";
import { compareRows } from "./compare.ts";
import { differenceOf } from "./difference.ts";
import { FileRows } from "./file_rows.ts";
import { recordBatch } from "./record_batch.ts";
import { selectRows } from "./select_rows.ts";
import { Snapshot, snapshotOf } from "./snapshot.ts";

type Fields = { readonly [name: string]: JsonValue };

const SECRET = new Uint8Array(16).fill(7);
const encoder = new TextEncoder(), decoder = new TextDecoder();

const jsonBatch = (rows: readonly Fields[]) => recordBatch(rows.map((fields) => ({ fields })));

function csvBatches(text: string): RecordBatch[] {
  const reader = new CsvReader();
  return [...reader.push(encoder.encode(text)), ...reader.finish()].map(({ batch }) => batch);
}

async function rowsOf(
  batches: readonly RecordBatch[],
  keys: readonly string[],
  told: readonly string[] = [],
): Promise<FileRows> {
  const rows = await FileRows.create(memorySpool(), { secret: SECRET, keys, told });
  for (const batch of batches) await rows.add(batch);
  return rows;
}

/** A snapshot as it is read back from where it was written. */
async function snapshot(rows: FileRows): Promise<Snapshot> {
  const file = await memorySpool().create();
  for await (const bytes of snapshotOf(rows)) await file.append(bytes);
  return await Snapshot.open(file);
}

/** What is told of each row that is gone; undefined for those of which nothing is. */
async function removedBy(found: Difference): Promise<(Fields | undefined)[]> {
  return await Array.fromAsync(
    found.removedRows(),
    (text) => text.length === 0 ? undefined : JSON.parse(decoder.decode(text)),
  );
}

const numbers = (rows: number, holds: (row: number) => boolean) =>
  Array.from({ length: rows }, (_, row) => row).filter(holds);

async function diff(before: readonly RecordBatch[], now: readonly RecordBatch[], keys: readonly string[]) {
  await using old = await rowsOf(before, keys, keys);
  await using rows = await rowsOf(now, keys);
  const stored = await snapshot(old);
  const found = differenceOf(await compareRows(rows, stored), stored);
  const removed = await removedBy(found);
  const { added, changed, unchanged } = found;
  return { added, changed, unchanged, removed, different: numbers(found.rows, found.isDifferent), found };
}

Deno.test("rows are matched by key: added, changed, unchanged and removed ones are told apart", async () => {
  const before = csvBatches("id,name,city\n1,Ann,Bern\n2,Bob,Basel\n3,Cy,Chur\n4,Di,Bern\n");
  const now = csvBatches("id,name,city\n5,Eve,Bern\n3,Cy,Chur\n2,Bob,Bern\n1,Ann,Bern\n");
  const { found: _, ...rest } = await diff(before, now, ["id"]);
  assert.deepEqual(rest, { added: 1, changed: 1, unchanged: 2, removed: [{ id: "4" }], different: [0, 2] });
});

Deno.test("the order of rows and columns, and a new column without values, make no difference", async () => {
  const before = csvBatches("id,name,city\n1,Ann,Bern\n2,Bob,\n");
  const now = csvBatches("city,new,id,name\n,,2,Bob\nBern,,1,Ann\n");
  for (const keys of [["id"], ["name", "id"], []]) {
    const { unchanged, different, removed } = await diff(before, now, keys);
    assert.deepEqual([unchanged, different, removed], [2, [], []], keys.join());
  }
});

Deno.test("a value that moves to another column, or is emptied, is a change", async () => {
  const before = csvBatches("id,a,b\n1,x,\n2,x,y\n3,x,y\n");
  const now = csvBatches("id,a,b\n1,,x\n2,y,x\n3,x,\n");
  assert.deepEqual((await diff(before, now, ["id"])).different, [0, 1, 2]);
});

Deno.test("without key columns a row is its own key: it is there or not", async () => {
  const before = csvBatches("a,b\n1,x\n1,x\n2,y\n");
  const now = csvBatches("a,b\n2,y\n1,x\n3,z\n");
  const { found: _, ...rest } = await diff(before, now, []);
  assert.deepEqual(rest, { added: 1, changed: 0, unchanged: 2, removed: [], different: [2] });
  const { found, removed } = await diff(before, csvBatches("a,b\n2,y\n"), []);
  assert.deepEqual([found.removed, removed], [2, []]);
});

Deno.test("rows that share a key are held against each other in their order", async () => {
  const before = csvBatches("id,v\n1,a\n1,b\n2,c\n");
  assert.deepEqual((await diff(before, csvBatches("id,v\n2,c\n1,a\n1,b\n"), ["id"])).different, []);
  const swapped = await diff(before, csvBatches("id,v\n2,c\n1,b\n1,a\n1,d\n"), ["id"]);
  assert.deepEqual([swapped.changed, swapped.added, swapped.different], [2, 1, [1, 2, 3]]);
  const fewer = await diff(before, csvBatches("id,v\n2,c\n1,a\n"), ["id"]);
  assert.deepEqual([fewer.different, fewer.removed], [[], []], "one of the key is left");
});

Deno.test("rows without a value in any key column are matched as a whole", async () => {
  const before = csvBatches("id,name\n,Ann\n,Bob\n1,Cy\n");
  const { found: _, ...rest } = await diff(before, csvBatches("id,name\n1,Cy\n,Bob\n,Di\n"), ["id"]);
  assert.deepEqual(rest, {
    added: 1,
    changed: 0,
    unchanged: 2,
    removed: [undefined],
    different: [2],
  });
});

Deno.test("nested values count by what they are, not by the order in which their keys stand", async () => {
  const before = jsonBatch([{ id: 1, tags: { a: [1, { x: 1, y: 2 }], b: null } }, { id: 2, n: 1 }, { id: 3, n: 1 }]);
  const now = jsonBatch([{ tags: { b: null, a: [1, { y: 2, x: 1 }] }, id: 1 }, { id: 2, n: "1" }, { id: 3, n: 1.0 }]);
  assert.deepEqual((await diff([before], [now], ["id"])).different, [1]);
});

Deno.test("without a snapshot, or with one by other keys, every row is added", async () => {
  await using rows = await rowsOf(csvBatches("id,v\n1,a\n2,b\n"), ["id"]);
  for (const before of [undefined, await snapshot(await rowsOf(csvBatches("id,v\n1,a\n2,b\n"), ["v"]))]) {
    const found = differenceOf(await compareRows(rows, before), before);
    const { added, unchanged, removed, tellsRemoved } = found;
    assert.deepEqual([added, unchanged, removed, tellsRemoved], [2, 0, 0, true]);
    assert.deepEqual(await removedBy(found), []);
  }
});

Deno.test("a snapshot that was cut, or is none, is refused", async () => {
  const file = await memorySpool().create();
  for await (const bytes of snapshotOf(await rowsOf(csvBatches("id,v\n1,a\n2,b\n"), ["id"], ["id"]))) {
    await file.append(bytes);
  }
  const whole = new Uint8Array(file.size);
  await file.read(0, whole);
  const refused = (error: unknown) => error instanceof Failure && error.kind === "data";
  for (
    const bytes of [new Uint8Array(0), whole.subarray(0, 3), whole.subarray(0, whole.length - 1), whole.subarray(9)]
  ) {
    const cut = await memorySpool().create();
    await cut.append(bytes);
    await assert.rejects(Snapshot.open(cut), refused);
  }
});

Deno.test("chosen rows are a batch of their own, columns and all", () => {
  const [batch] = csvBatches('id,v\n1,"a ""1"""\n2,b\n3,ü\n') as [RecordBatch];
  const chosen = selectRows(batch, (row) => row !== 1);
  assert.equal(decoder.decode(chosen.bytes), '{"id":"1","v":"a \\"1\\""}\n{"id":"3","v":"ü"}\n');
  const { names, spans } = chosen.columns!;
  const cells = Array.from(
    { length: spans.length / 2 },
    (_, cell) => decoder.decode(chosen.bytes.subarray(spans[2 * cell], spans[2 * cell + 1])),
  );
  assert.deepEqual([names, cells], [["id", "v"], ['"1"', '"a \\"1\\""', '"3"', '"ü"']]);
  assert.equal(selectRows(batch, () => true), batch);
  assert.equal(selectRows(jsonBatch([{ a: 1 }, { a: 2 }]), () => false).times.length, 0);
});

/** What the rows of two files say, row by row and slowly. */
function expected(before: readonly Fields[], now: readonly Fields[], keys: readonly string[]) {
  const filled = (row: Fields) => Object.entries(row).filter(([, value]) => value !== "" && value !== null).sort();
  const keyOf = (row: Fields) => {
    const key = filled(row).filter(([name]) => keys.includes(name));
    return JSON.stringify(key.length === 0 ? ["row", filled(row)] : ["key", key]);
  };
  const left = new Map<string, string[]>();
  for (const row of before) {
    left.set(keyOf(row), [...left.get(keyOf(row)) ?? [], JSON.stringify(filled(row))]);
  }
  const different = now.flatMap((row, index) => {
    const match = left.get(keyOf(row))?.shift();
    return match === JSON.stringify(filled(row)) ? [] : [index];
  });
  const present = new Set(now.map(keyOf));
  const removed = [...left].filter(([key]) => !present.has(key)).reduce((sum, [, rows]) => sum + rows.length, 0);
  return { different, removed };
}

Deno.test("whatever two files hold, the difference is what a comparison row by row finds", async () => {
  const value = fc.constantFrom("", "a", "b", "ab", "ä", '"');
  const row = fc.record({ id: fc.constantFrom("", "1", "2", "3", "12"), x: value, y: value });
  const rows = fc.array(row, { maxLength: 40 });
  await fc.assert(fc.asyncProperty(rows, rows, fc.subarray(["id", "x"]), async (before, now, keys) => {
    const { different, removed, found } = await diff([jsonBatch(before)], [jsonBatch(now)], keys);
    assert.deepEqual({ different, removed: found.removed }, expected(before, now, keys));
    assert.equal(removed.length, keys.length === 0 ? 0 : found.removed);
    const gone = removed.filter((fields) => fields !== undefined);
    const named = (fields: Fields) => JSON.stringify(keys.map((key) => fields[key] || null));
    const present = new Set(now.map(named));
    const lacking = before.map(named).filter((key) => key.includes('"') && !present.has(key));
    assert.deepEqual(gone.map(named).sort(), lacking.sort());
    const stepped: number[] = [];
    for (let next = found.nextDifferent(0); next !== undefined; next = found.nextDifferent(next + 1)) {
      stepped.push(next);
    }
    assert.deepEqual(stepped, different);
    assert.equal(found.lastDifferent, different.at(-1));
  }));
});

Deno.test("of a hundred thousand rows in many batches, ten edits and three deletions are found", async () => {
  const line = (id: number, name: string) => `${id},${name},${id % 97}`;
  const file = (lines: readonly string[]) => csvBatches(`id,name,group\n${lines.join("\n")}\n`);
  const ids = Array.from({ length: 100_000 }, (_, id) => id);
  const before = file(ids.map((id) => line(id, `name ${id}`)));
  const edited = ids.filter((id) => ![17, 50_000, 99_999].includes(id))
    .map((id) => line(id, id % 10_000 === 1 ? "edited" : `name ${id}`));
  const { added, changed, unchanged, removed } = await diff(before, file(edited.toReversed()), ["id"]);
  assert.deepEqual([added, changed, unchanged], [0, 10, 99_987]);
  assert.deepEqual(removed.map((row) => Number(row?.["id"])).sort((a, b) => a - b), [17, 50_000, 99_999]);
});
