import assert from "node:assert/strict";
import { join } from "node:path";
import type { JsonValue, MemberBatch } from "@waybill/waybill";
import { csvWriter, openCsv } from "@waybill/waybill/codecs";
import { batchRows } from "@waybill/waybill/testing";
import { parseJson } from "../core/contracts/json.ts";
import { compileMapping, parseMapping } from "../core/lql/mod.ts";
import { splitCells } from "../plugins/csv_import/multi_value.ts";
import { type Fields, hostileProfile, MAPPING, MULTI_VALUED } from "./support/hostile_profiles.ts";
import { openForReading } from "./support/content.ts";
import { temporaryFolder } from "./support/home.ts";
import { freshSeed, seeded } from "./support/seeded.ts";
import { runCli } from "./support/waybill_process.ts";

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

for (const [delimiter, joint] of [[",", "&"], [";", "="], ["\t", ","], ["=", '"'], ["|", "é"]] as const) {
  Deno.test(`profiles with hostile strings in every kind come back from a CSV file with ${delimiter} and ${joint}`, async () => {
    const seed = freshSeed(), random = seeded(seed);
    const profiles = Array.from({ length: 1_000 }, (_, index) => hostileProfile(`p${index}`, random));
    for (const profile of profiles) assert.deepEqual(mapped(profile), profile, `seed ${seed}`);
    const columns = program.columns.map(({ name, kind = null }) => ({ name, kind }));
    const writer = csvWriter({ columns, delimiter, join: joint });
    const file = new Blob([writer.header(), writer.write(batchOf(profiles))]).stream();
    const back: Fields[] = [];
    await using csv = await openCsv(file, { delimiter });
    for await (const { batch, rejected } of csv.chunks) {
      assert.deepEqual(rejected, [], `seed ${seed}`);
      for (const { fields } of batchRows(splitCells(batch, MULTI_VALUED, joint))) back.push(mapped(fields));
    }
    assert.deepEqual(back, profiles, `seed ${seed}`);
  });
}

/** What `waybill` prints as JSON. */
async function cli(home: string, ...args: readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { code, stdout, stderr } = await runCli(home, [...args, "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** A data directory whose profiles are made by the mapping, and which reads and writes a folder. */
async function prepare(home: string, folder: string): Promise<void> {
  await Deno.writeTextFile(join(folder, "members.lql"), MAPPING);
  await cli(home, "auth", "create", "local-folder", "--label", "here", "--folder", folder);
  await cli(home, "mapping", "create", "--file", join(folder, "members.lql"));
}

/** The attributes of all profiles as they are stored, by id. */
function stored(home: string): Map<JsonValue | undefined, Fields> {
  using database = openForReading(home);
  return new Map(
    database.prepare("select attributes from profiles").all().map(({ attributes }) => {
      const fields = parseJson<Fields>(String(attributes));
      return [fields.id, fields];
    }),
  );
}

Deno.test("10,000 profiles with hostile strings survive export and import unchanged, kinds included", async () => {
  await using place = await temporaryFolder();
  const [first, second] = [join(place.path, "first"), join(place.path, "second")];
  // A process may write to its data directory alone.
  const exchange = join(first, "exchange");
  await Deno.mkdir(exchange, { recursive: true });
  const seed = freshSeed(), random = seeded(seed), members = ["--stream", "members"];
  const profiles = Array.from({ length: 10_000 }, (_, index) => hostileProfile(`p${index}`, random));
  await Deno.writeTextFile(
    join(exchange, "in.jsonl"),
    profiles.map((fields) => `${JSON.stringify(fields)}\n`).join(""),
  );
  await prepare(first, exchange);
  const read = await cli(first, "run", "json-import", "--file", "in.jsonl", ...members);
  assert.deepEqual([read.accepted, read.rejected], [profiles.length, 0], `seed ${seed}`);
  for (const [id, fields] of stored(first)) {
    assert.deepEqual(fields, profiles[Number(String(id).slice(1))], `seed ${seed}`);
  }

  const marks = ["--delimiter", ";", "--join", "|"];
  const sent = await cli(first, "run", "sftp-csv-export", "--audience", "all", "--compress", "gzip", ...marks);
  assert.equal(sent.rows, profiles.length);

  await prepare(second, exchange);
  const multi = ["--multi-value", MULTI_VALUED.join(), ...marks];
  const back = await cli(second, "run", "csv-import", "--file", "all.csv.gz", ...members, ...multi);
  assert.deepEqual([back.accepted, back.rejected], [profiles.length, 0], `seed ${seed}`);
  assert.deepEqual(stored(second), stored(first), `seed ${seed}`);
});
