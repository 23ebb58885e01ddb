import assert from "node:assert/strict";
import type { Plan } from "@waybill/waybill";
import { memorySpool } from "@waybill/waybill/codecs";
import { type MemoryStore, memoryStore } from "@waybill/waybill/files";
import { collectLog, memoryLedger, runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import { csvImport, type CsvImportConfig } from "./mod.ts";

async function planOf(
  content: string,
  config: Partial<z.input<CsvImportConfig>> = {},
  files: MemoryStore = memoryStore({ "in/a.csv": content }),
): Promise<Plan> {
  assert.ok(csvImport.plan);
  return await csvImport.plan({
    config: csvImport.config.parse({ stream: "people", folder: "in", file: "a.csv", ...config }),
    continuous: false,
    connection: { files },
    spool: memorySpool(),
    signal: new AbortController().signal,
    log: collectLog().log,
    files: memoryLedger(),
  });
}

Deno.test("a plan tells the file, its columns, its first rows and what each would become", async () => {
  const text = "id,name,at\n" + Array.from({ length: 300 }, (_, id) => `${id},Ann,2026-03-0${id % 9 + 1}\n`).join("");
  const files = memoryStore({ "in/a.csv": text });
  const { modified } = await files.stat("in/a.csv");
  const plan = await planOf(text, { timestamps: ["at"], identify_by: ["id"], fields: ["id", "at"] }, files);
  assert.equal(
    plan.summary,
    `Would import 2 of 3 columns of "in/a.csv" (${text.length} bytes) into stream "people"`,
  );
  assert.deepEqual(plan.facts, {
    file: "in/a.csv",
    format: "CSV",
    bytes: text.length,
    modified: Temporal.Instant.fromEpochMilliseconds(modified).toString(),
    encoding: "utf-8",
    delimiter: ",",
    header: ["id", "name", "at"],
    fields: ["id", "at"],
    identify_by: ["id"],
    timestamps: ["at"],
    timestamp_format: "auto",
    timestamp_zone: "UTC",
    first_times: [1, 2, 3, 4, 5].map((day) => ({
      row: day,
      column: "at",
      text: `2026-03-0${day}`,
      time: `2026-03-0${day}T00:00:00Z`,
    })),
  });
  assert.deepEqual(plan.sample?.columns, ["id", "at"]);
  assert.deepEqual(plan.sample?.rows.length, 5);
  assert.deepEqual(plan.sample?.rows[1], ["1", "2026-03-02"]);
  assert.deepEqual(plan.notes, []);
});

Deno.test("a plan shows which column gives each row's time", async () => {
  const plan = await planOf("id,updated,created\n1,2026-03-01,x\n2,,2020-01-01\n3,never\n", {
    timestamps: ["updated", "created"],
    timestamp_zone: "Europe/Zurich",
  });
  assert.deepEqual(plan.facts.first_times, [
    { row: 1, column: "updated", text: "2026-03-01", time: "2026-02-28T23:00:00Z" },
    { row: 2, column: "created", text: "2020-01-01", time: "2019-12-31T23:00:00Z" },
    { row: 3, column: null, text: null, time: "import time" },
  ]);
  assert.deepEqual(plan.sample?.rows[2], ["3", "never", null]);
  assert.ok(plan.notes.includes('1 of the first 2 values of "updated" do not parse as auto, such as "never"'));
});

const SLASHES: readonly [string, "auto" | "mdy" | "dmy", RegExp | undefined][] = [
  [
    "03/04/2026",
    "auto",
    /may be month first or day first: find out which, and set `timestamp_format: mdy` or `timestamp_format: dmy`$/,
  ],
  ["31/12/2026", "auto", /which read only as dmy: set `timestamp_format: dmy`$/],
  ["12/31/2026", "dmy", /^The dates of "at" read only as mdy: set `timestamp_format: mdy`$/],
  ["03/04/2026", "mdy", /could be read as dmy too: "03\/04\/2026" is read as 2026-03-04T00:00:00Z$/],
  ["12/31/2026", "mdy", undefined],
];

for (const [date, timestamp_format, note] of SLASHES) {
  Deno.test(`a plan of ${date} as ${timestamp_format} ${note === undefined ? "needs no note" : "tells how it reads"}`, async () => {
    const { notes } = await planOf(`id,at\n1,${date}\n`, { timestamps: ["at"], timestamp_format, identify_by: ["id"] });
    if (note === undefined) assert.deepEqual(notes, []);
    else assert.ok(notes.some((told) => note.test(told)), notes.join("\n"));
  });
}

Deno.test("a plan notes renamed columns, rows that would be rejected, and what is not chosen", async () => {
  const { notes } = await planOf("id,id,since\n1,2,2026-03-01\n1,2,3,4\n");
  assert.deepEqual(notes, [
    'Column 2 is another "id": it is read as "id_2"',
    "1 of the first rows would be rejected, the first on line 3: Has 4 cells where the header has 3",
    'No timestamps are chosen: events get the time at which the run first starts, though "since" may hold some',
    'No field identifies profiles: events make profiles only if stream "people" has a mapping',
  ]);
});

Deno.test("a plan tells local times that the zone skips or repeats, and how they are read", async () => {
  const days = [
    "2026-03-29 01:59",
    "2026-03-29 02:30",
    "2026-03-29 02:45",
    "2026-03-29T02:30:00Z",
    "2026-10-25 02:15",
    "2026-10-25 03:00",
  ];
  const text = `id,at\n${days.map((day, id) => `${id},${day}`).join("\n")}\n`;
  const config = { timestamps: ["at"], identify_by: ["id"], timestamp_zone: "Europe/Berlin" };
  const told = (await planOf(text, config)).notes.filter((note) => note.includes("Europe/Berlin"));
  assert.deepEqual(told, [
    '2 of the first 6 values of "at" do not exist in Europe/Berlin, whose clock changes: ' +
    '"2026-03-29 02:30" is read as 2026-03-29T03:30:00+02:00',
    '1 of the first 6 values of "at" occur twice in Europe/Berlin, whose clock changes: ' +
    '"2026-10-25 02:15" is read as the earlier, 2026-10-25T02:15:00+02:00',
  ]);
  const { rows } = await runJob(csvImport, {
    connection: { files: memoryStore({ "a.csv": text }) },
    config: { stream: "s", file: "a.csv", ...config },
  });
  assert.deepEqual([rows[1]?.time, rows[4]?.time], [
    Date.parse("2026-03-29T03:30:00+02:00"),
    Date.parse("2026-10-25T02:15:00+02:00"),
  ]);
  assert.ok(
    (await planOf(text, { ...config, timestamp_zone: "UTC" })).notes.every((note) => !/exist|twice/.test(note)),
  );
});

Deno.test("a plan tells values that stand for nothing in a column that identifies profiles", async () => {
  const text = "id,email,name\n1,NULL,null\n2,n/a,-\n3,b@example.com,0\n4,,0\n5,null,x\n";
  const { notes } = await planOf(text, { identify_by: ["id", "email"], timestamps: ["name"] });
  assert.deepEqual(notes.filter((note) => note.includes("look like")), [
    '3 of the first 4 values of "email" look like no value ("NULL", "n/a", "null"): rows that share one become one profile',
  ]);
  assert.deepEqual((await planOf("id\n0\n10\n-\n0\n", { identify_by: ["id"] })).notes.slice(1), [
    '3 of the first 4 values of "id" look like no value ("0", "-"): rows that share one become one profile',
  ]);
  assert.deepEqual((await planOf("id\n0\n1\n2\n", { identify_by: ["id"] })).notes.slice(1), []);
});

Deno.test("a plan says which format reads Unix times that are too short to be told from other numbers", async () => {
  const text = "id,at\n1,1772360107\n2,0\n3,-86400\n";
  const config = { timestamps: ["at"], identify_by: ["id"] };
  assert.deepEqual((await planOf(text, config)).notes, [
    '2 of the first 3 values of "at" do not parse as auto, such as "0"',
    '"0" may be a Unix time: `auto` reads those of 9 digits and more; for the others set `timestamp_format: unix` or `timestamp_format: unix-ms`',
  ]);
  const plan = await planOf(text, { ...config, timestamp_format: "unix" });
  assert.deepEqual(plan.notes, []);
  assert.deepEqual(plan.facts.first_times, [
    { row: 1, column: "at", text: "1772360107", time: "2026-03-01T10:15:07Z" },
    { row: 2, column: "at", text: "0", time: "1970-01-01T00:00:00Z" },
    { row: 3, column: "at", text: "-86400", time: "1969-12-31T00:00:00Z" },
  ]);
});

Deno.test("a plan shows the delimiter that the first line of the file names", async () => {
  const { facts, sample } = await planOf("sep=;\nid;name\n1;Ann\n");
  assert.deepEqual([facts.delimiter, facts.header, sample?.rows], [";", ["id", "name"], [["1", "Ann"]]]);
});

/** What looks like a PGP file, and is never decrypted. */
const endless = {
  files: memoryStore({ "in/a.csv.pgp": "-----BEGIN PGP MESSAGE-----\n" }),
  decrypt: (_: AsyncIterable<Uint8Array>, { signal }: { readonly signal?: AbortSignal }): Promise<never> =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
};

Deno.test("a plan of a file that takes too long to decrypt tells what is known without that", async () => {
  assert.ok(csvImport.plan);
  const context = {
    config: csvImport.config.parse({ stream: "people", folder: "in", file: "a.csv.pgp", identify_by: ["id"] }),
    continuous: false,
    connection: endless,
    spool: memorySpool(),
    signal: new AbortController().signal,
    log: collectLog().log,
    files: memoryLedger(),
    patience: 10,
  };
  const { modified } = await endless.files.stat("in/a.csv.pgp");
  assert.deepEqual(await csvImport.plan(context), {
    summary: 'Would decrypt "in/a.csv.pgp" (28 bytes) and import it into stream "people"',
    facts: {
      file: "in/a.csv.pgp",
      bytes: 28,
      modified: Temporal.Instant.fromEpochMilliseconds(modified).toString(),
      identify_by: ["id"],
    },
    notes: [
      '"in/a.csv.pgp" was not decrypted within 0.01 seconds, so what it holds is not shown, nor whether the job fits it: ' +
      "a PGP file is decrypted whole before any of it is used. A run takes the time that it needs",
    ],
  });
});

Deno.test("a plan fails as the run would", async () => {
  await assert.rejects(planOf("id\n1\n", { file: "b.csv" }), { kind: "config" });
  await assert.rejects(planOf("id\n1\n", { fields: ["x"] }), { kind: "config" });
  await assert.rejects(planOf("id\n"), { kind: "data", message: 'File "in/a.csv" holds a header and no rows' });
});
