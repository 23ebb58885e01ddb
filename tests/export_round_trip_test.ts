import assert from "node:assert/strict";
import type { JsonValue, MemberBatch } from "@waybill/waybill";
import { csvWriter, openCsv } from "@waybill/waybill/codecs";
import { batchRows } from "@waybill/waybill/testing";
import { parseJson } from "../core/contracts/json.ts";
import { compileMapping, parseMapping } from "../core/lql/mod.ts";
import { splitCells } from "../plugins/csv_import/multi_value.ts";
import { type Fields, hostileProfile, MAPPING, MULTI_VALUED } from "./support/hostile_profiles.ts";
import { freshSeed, seeded } from "./support/seeded.ts";

const program = compileMapping(parseMapping(MAPPING));

/** What the mapping makes of an event. */
function mapped(fields: Fields): Fields {
  const values: (JsonValue | undefined)[] = [];
  const get = (name: string) => Object.hasOwn(fields, name) ? fields[name] : undefined;
  assert.ok(program.evaluate({ at: 0, get, names: () => Object.keys(fields) }, values));
  const present = program.columns.map(({ name }, index) => [name, values[index]]).filter(([, value]) =>
    value !== undefined
  );
  return parseJson(JSON.stringify(Object.fromEntries(present)));
}

/** The profiles as a database hands them out. */
function batchOf(profiles: readonly Fields[]): MemberBatch {
  const objects = profiles.map((fields) => new TextEncoder().encode(JSON.stringify(fields)));
  const rows = new Uint32Array(objects.length + 1);
  objects.forEach(({ length }, index) => rows[index + 1] = rows[index]! + length);
  const bytes = new Uint8Array(rows.at(-1)!);
  objects.forEach((object, index) => bytes.set(object, rows[index]));
  return { ids: Float64Array.from(profiles, (_, index) => index), bytes, rows, share: 1 };
}

for (const [delimiter, join] of [[",", "&"], [";", "="], ["\t", ","], ["=", '"'], ["|", "é"]] as const) {
  Deno.test(`profiles with hostile strings in every kind come back from a CSV file with ${delimiter} and ${join}`, async () => {
    const seed = freshSeed(), random = seeded(seed);
    const profiles = Array.from({ length: 1_000 }, (_, index) => hostileProfile(`p${index}`, random));
    for (const profile of profiles) assert.deepEqual(mapped(profile), profile, `seed ${seed}`);
    const columns = program.columns.map(({ name, kind = null }) => ({ name, kind }));
    const writer = csvWriter({ columns, delimiter, join });
    const file = new Blob([writer.header(), writer.write(batchOf(profiles))]).stream();
    const back: Fields[] = [];
    await using csv = await openCsv(file, { delimiter });
    for await (const { batch, rejected } of csv.chunks) {
      assert.deepEqual(rejected, [], `seed ${seed}`);
      for (const { fields } of batchRows(splitCells(batch, MULTI_VALUED, join))) back.push(mapped(fields));
    }
    assert.deepEqual(back, profiles, `seed ${seed}`);
  });
}
