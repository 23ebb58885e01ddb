import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { Failure } from "@waybill/waybill";
import { localStore, memoryStore } from "@waybill/waybill/files";
import { type JobResult, runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import type { Checkpoint, CsvImportConfig } from "./mod.ts";
import { csvImport } from "./mod.ts";
import { run } from "./run.ts";

type Config = Partial<z.input<CsvImportConfig>>;

const smallBatches = { ...csvImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

function importText(content: string | Uint8Array, config: Config = {}): Promise<JobResult<Checkpoint>> {
  const connection = { files: memoryStore({ "a.csv": content }) };
  return runJob(csvImport, { connection, config: { stream: "people", file: "a.csv", ...config } });
}

/** What a run makes durable, without where one emit ended and the next began. */
function content(...results: readonly JobResult<Checkpoint>[]) {
  return {
    rows: results.flatMap(({ rows }) => rows),
    rejected: results.flatMap(({ rejected }) => rejected),
  };
}

/** Rows without a timestamp, as the last position in the file counts them. */
function untimed(first: Checkpoint, ...commits: JobResult<Checkpoint>["commits"]): number | undefined {
  const positions = [first, ...commits.map(({ checkpoint }) => checkpoint)].flatMap(({ current }) => current ?? []);
  return positions.at(-1)?.position?.untimed;
}

Deno.test("rows become events with all their columns", async () => {
  const result = await importText("id,name\n1,Ann\n2,Zoë\n");
  assert.deepEqual(result.rows, [{ fields: { id: "1", name: "Ann" } }, { fields: { id: "2", name: "Zoë" } }]);
  assert.deepEqual(result.target, { stream: "people", identifyBy: [] });
  assert.equal(result.finished, true);
});

Deno.test("the file is found in its folder, and a leading slash leaves the folder", async () => {
  const connection = { files: memoryStore({ "in/2026/a.csv": "id\n1\n", "b.csv": "id\n2\n" }) };
  const ids = async (folder: string, file: string) =>
    (await runJob(csvImport, { connection, config: { stream: "s", folder, file } })).rows.map(({ fields }) =>
      fields.id
    );
  assert.deepEqual(await ids("in/2026", "a.csv"), ["1"]);
  assert.deepEqual(await ids("in/2026/", "a.csv"), ["1"]);
  assert.deepEqual(await ids("/in", "2026/a.csv"), ["1"]);
  assert.deepEqual(await ids("/", "b.csv"), ["2"]);
  assert.deepEqual(await ids("in", "/b.csv"), ["2"]);
});

Deno.test("the first timestamp column that parses gives the event's time", async () => {
  const text = "id,updated,created\n1,2026-03-01,2020-01-01\n2,,2020-01-01\n3,never,\n";
  const result = await importText(text, { timestamps: ["updated", "created"], timestamp_zone: "Europe/Zurich" });
  assert.deepEqual(result.rows.map(({ time }) => time), [
    Date.parse("2026-02-28T23:00:00Z"),
    Date.parse("2019-12-31T23:00:00Z"),
    undefined,
  ]);
  const [warning] = result.log.filter(({ level }) => level === "warn");
  assert.equal(warning?.message, "No timestamp parses in 1 row, which has the time at which the run first started");
});

Deno.test("Unix times from before 1970 are events' times", async () => {
  const result = await importText("id,at\n1,0\n2,-86400\n", { timestamps: ["at"], timestamp_format: "unix" });
  assert.deepEqual(result.rows.map(({ time }) => time), [0, -86_400_000]);
});

Deno.test("only the chosen fields are imported; timestamps are read all the same", async () => {
  const result = await importText("id,name,at,x\n1,Ann,2026-03-01,q\n2\n", {
    fields: ["name", "id"],
    timestamps: ["at"],
  });
  assert.deepEqual(result.rows, [
    { fields: { id: "1", name: "Ann" }, time: Date.parse("2026-03-01") },
    { fields: { id: "2" } },
  ]);
});

Deno.test("rejected rows are reported with their bytes, and with the emit whose checkpoint covers them", async () => {
  const result = await importText('id,name\n1,Ann\n2,"B" x\n3,Cy\n4,a,b\n');
  assert.deepEqual(result.rows.map(({ fields }) => fields.id), ["1", "3"]);
  assert.deepEqual(
    result.rejected.map(({ raw, line, reason }) => [new TextDecoder().decode(raw), line, reason]),
    [
      ['2,"B" x', 3, "Has text after the closing quote of cell 2"],
      ["4,a,b", 5, "Has 3 cells where the header has 2"],
    ],
  );
  assert.deepEqual(result.commits.flatMap(({ rejected }) => rejected), result.rejected);
});

Deno.test("a file whose rows are all rejected hands over every reject, and a checkpoint at its end", async () => {
  const text = "id,name\n" + "1,2,3\n".repeat(2_500);
  const result = await importText(text);
  assert.equal(result.rows.length, 0);
  assert.equal(result.rejected.length, 2_500);
  assert.equal(result.commits.flatMap(({ rejected }) => rejected).length, 2_500);
  assert.equal(result.commits.at(-2)?.checkpoint.current?.position?.position.offset, text.length);
});

Deno.test("a run that rejects more than half of its rows says so, also when it was interrupted", async () => {
  const half = "id,name\n" + "1,2,3\n".repeat(5) + "1,2\n".repeat(5);
  const said = ({ log }: JobResult<Checkpoint>) =>
    log.filter(({ level }) => level === "warn").map((line) => line.message);
  assert.deepEqual(said(await importText(half)), []);
  const more = `${half}4,5,6\n`;
  const note = "6 of 11 rows were rejected, more than half: look at the first of them";
  assert.deepEqual(said(await importText(more)), [note]);
  const options = { connection: { files: memoryStore({ "a.csv": more }) }, config: { stream: "s", file: "a.csv" } };
  const { commits } = await runJob(smallBatches, options);
  assert.ok(commits.length > 2);
  // The last is that the file is done: there is nothing left to say.
  for (const { checkpoint } of commits.slice(0, -1)) {
    assert.deepEqual(said(await runJob(smallBatches, { ...options, checkpoint })), [note]);
  }
});

Deno.test("a huge cell whose quote is never closed is named by its line, and the run says what it cost", async () => {
  const lines = Array.from({ length: 60_000 }, (_, id) => `line ${id} of a letter, with commas, and so on`).join("\n");
  const { rows, rejected, log } = await importText(`id,note\n1,"open\n${lines}\n2,ok\n3,ok\n`);
  assert.deepEqual(rows.map(({ fields }) => fields.id), ["2", "3"]);
  assert.equal(rejected[0]?.reason, "Is longer than 1048576 bytes, for the quote opened on line 2");
  assert.match(log.at(-1)?.message ?? "", /^60001 of 60003 rows were rejected, more than half/);
});

Deno.test("a NUL costs its row, wherever in the file it stands", async () => {
  const { rows, rejected } = await importText("id,name\n1,Ann\n2,B\0ob\n3,Cy\n");
  assert.deepEqual(rows.map(({ fields }) => fields.id), ["1", "3"]);
  assert.deepEqual(rejected.map(({ line, reason }) => [line, reason]), [[3, "Holds a NUL"]]);
});

Deno.test("a first line that names the delimiter is followed, and a resumed run still does", async () => {
  const text = "sep=;\nid;name\n" + Array.from({ length: 9 }, (_, id) => `${id};a,b\n`).join("");
  const options = { connection: { files: memoryStore({ "a.csv": text }) }, config: { stream: "s", file: "a.csv" } };
  const whole = await runJob(smallBatches, options);
  assert.deepEqual(whole.rows[0], { fields: { id: "0", name: "a,b" } });
  assert.deepEqual([whole.rows.length, whole.rejected.length], [9, 0]);
  const checkpoint = whole.commits[1]?.checkpoint;
  assert.ok(checkpoint);
  const after = await runJob(smallBatches, { ...options, checkpoint });
  assert.deepEqual(after.rows, whole.rows.slice(4));
});

Deno.test("columns without a name of their own are named, and the log says so", async () => {
  const result = await importText("id,id,\n1,2,3\n");
  assert.deepEqual(result.rows[0]?.fields, { id: "1", id_2: "2", column_3: "3" });
  assert.deepEqual(result.log.filter(({ level }) => level === "warn").map(({ message }) => message), [
    'Column 2 is another "id": it is read as "id_2"',
    'Column 3 has no name: it is read as "column_3"',
  ]);
});

Deno.test("tabs, semicolons and other encodings are read as configured", async () => {
  assert.deepEqual((await importText("id\tname\n1\tAnn\n", { delimiter: "t" })).rows[0]?.fields, {
    id: "1",
    name: "Ann",
  });
  assert.deepEqual((await importText("id;name\n1;Ann\n", { delimiter: ";" })).rows[0]?.fields, {
    id: "1",
    name: "Ann",
  });
  const latin = Uint8Array.from("name\nZo\u00eb\n", (char) => char.charCodeAt(0));
  assert.deepEqual((await importText(latin, { encoding: "windows-1252" })).rows[0]?.fields, { name: "Zoë" });
  const wide = Buffer.from("\uFEFFname\nZoë\n", "utf16le");
  assert.deepEqual((await importText(wide)).rows[0]?.fields, { name: "Zoë" });
  assert.match((await importText(latin)).rejected[0]?.reason ?? "", /cannot be decoded/);
});

Deno.test("a file of rejected rows is read with the settings of the import that rejected them", async () => {
  const text = "id;name\n1;Zoë;x\n2;Añó;x\n3;ok\n";
  const sources: readonly (readonly [Uint8Array | string, Config])[] = [
    [Uint8Array.from(text, (char) => char.charCodeAt(0)), { encoding: "windows-1252", delimiter: ";" }],
    [Buffer.from(`\uFEFF${text}`, "utf16le"), { delimiter: ";" }],
    [Buffer.from(text, "utf16le"), { encoding: "utf-16le", delimiter: ";" }],
    [`sep=;\n${text}`, {}],
    [`\uFEFF${text}`, { encoding: "windows-1252", delimiter: ";" }],
  ];
  for (const [source, config] of sources) {
    let header = new Uint8Array(0);
    const observed = {
      ...csvImport,
      run: (context: Parameters<typeof run>[0]) =>
        run({
          ...context,
          reject: (rows, preamble) => {
            header = new Uint8Array(preamble ?? []);
            return context.reject(rows, preamble);
          },
        }),
    };
    const { rejected } = await runJob(observed, {
      connection: { files: memoryStore({ "a.csv": source }) },
      config: { stream: "people", file: "a.csv", ...config },
    });
    assert.equal(rejected.length, 2);
    const file = Buffer.concat([header, ...rejected.flatMap(({ raw }) => [raw, Buffer.from("\n")])]);
    const again = await importText(file, config);
    assert.deepEqual(again.rejected.map(({ raw, reason }) => [new TextDecoder().decode(raw), reason]), [
      ["1;Zoë;x", "Has 3 cells where the header has 2"],
      ["2;Añó;x", "Has 3 cells where the header has 2"],
    ]);
    const mended = await importText(Buffer.from(file.toString().replaceAll(";x", "")), config);
    assert.deepEqual(mended.rows.map(({ fields }) => fields.name), ["Zoë", "Añó"]);
  }
});

Deno.test("progress tells how far the rows go before they are handed over", async () => {
  const text = "id,name\n" + "1,Ann\n".repeat(90_000);
  const { commits, progress } = await importText(text);
  const told = new Set(progress.map(({ done }) => done));
  assert.ok(commits.length > 1);
  for (const { checkpoint } of commits.slice(0, -1)) {
    assert.ok(told.has(checkpoint.current?.position?.position.offset ?? NaN));
  }
  assert.equal(progress.at(-1)?.done, text.length);
});

Deno.test("progress counts the file's own bytes from none to all of them", async () => {
  const { progress } = await importText(Buffer.from("\uFEFFname\n" + "Zoë\n".repeat(50_000), "utf16le"));
  const total = 2 * (1 + 5 + 4 * 50_000);
  assert.ok(progress.every((told) => told.total === total && told.unit === "bytes" && told.note === "a.csv"));
  assert.ok(progress.every(({ done }, index) => done >= (progress[index - 1]?.done ?? 0)));
  assert.equal(progress.at(-1)?.done, total);
});

Deno.test("a run resumed at any checkpoint loses nothing and repeats nothing", async () => {
  const cell = fc.oneof(
    fc.constantFrom("", "x", "2026-03-01", "Zoë", '"a\nb"', '"q ""q"""', '"open', '"bad" x', "1,2,3,4,5"),
    fc.string({ maxLength: 4 }),
  );
  const line = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(","));
  const file = fc.record({
    lines: fc.array(line, { minLength: 1, maxLength: 12 }),
    end: fc.constantFrom("\n", "\r\n", "\r"),
    wide: fc.boolean(),
    config: fc.constantFrom<Config>({}, { timestamps: ["b"] }, { fields: ["c", "a"], timestamps: ["b"] }),
  });
  await fc.assert(
    fc.asyncProperty(file, async ({ lines, end, wide, config: extra }) => {
      const text = `\uFEFFa,b,c${end}x,y,z${end}${lines.join(end)}`;
      const files = memoryStore({ "a.csv": wide ? Buffer.from(text, "utf16le") : text });
      const options = { connection: { files }, config: { stream: "s", file: "a.csv", ...extra } };
      const whole = await runJob(smallBatches, options);
      for (const [index, { checkpoint }] of whole.commits.entries()) {
        const before = await runJob(smallBatches, { ...options, abortAfter: index + 1 });
        const after = await runJob(smallBatches, { ...options, checkpoint });
        assert.deepEqual(content(before, after), content(whole), `resumed after emit ${index + 1}`);
        const last = untimed(checkpoint, ...after.commits);
        if (last !== undefined) assert.equal(last, untimed(checkpoint, ...whole.commits));
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("a large file resumes at the reader's own checkpoints", async () => {
  const rows = Array.from(
    { length: 160_000 },
    (_, id) => id % 997 === 0 ? `${id},"bad" x` : `${id},"multi\nline ${id}"`,
  );
  const files = memoryStore({ "big.csv": `id,note\n${rows.join("\n")}\n` });
  const options = { connection: { files }, config: { stream: "s", file: "big.csv", identify_by: ["id"] } };
  const whole = await runJob(csvImport, options);
  assert.ok(whole.commits.length > 3);
  for (const [index, { checkpoint }] of whole.commits.entries()) {
    const before = whole.commits.slice(0, index + 1);
    const after = await runJob(csvImport, { ...options, checkpoint });
    assert.equal(before.reduce((sum, { rows }) => sum + rows.length, 0) + after.rows.length, whole.rows.length);
    assert.deepEqual(after.rows.at(-1), index + 2 < whole.commits.length ? whole.rows.at(-1) : undefined);
  }
});

Deno.test("a file that changed since the run began is not gone on with", async () => {
  const files = memoryStore({ "a.csv": "id\n1\n2\n3\n4\n5\n" });
  const options = { connection: { files }, config: { stream: "s", file: "a.csv" } };
  const { commits } = await runJob(smallBatches, { ...options, abortAfter: 1 });
  const checkpoint = commits[0]?.checkpoint;
  assert.ok(checkpoint);
  await files.write("a.csv", new Blob(["id\n1\n2\n3\n4\n6\n"]).stream());
  await assert.rejects(runJob(smallBatches, { ...options, checkpoint }), (error) => {
    assert.ok(error instanceof Failure);
    assert.deepEqual([error.kind, error.message, error.hint], [
      "data",
      'File "a.csv" changed since the run began, which cannot go on at its line 4',
      "Start a new run, which reads the file from its start; what this one imported stays",
    ]);
    return true;
  });
});

Deno.test("a file that grows while it is imported fails the run, which emits none of the rows at its end", async () => {
  const whole = "id,note\n" + Array.from({ length: 200_000 }, (_, id) => `${id},note ${id}\n`).join("");
  for (const [text, emitted] of [["id\n1\n2\n", 0], [whole, 1]] as const) {
    const files = memoryStore({ "a.csv": text });
    const grow = async () => void await files.write("a.csv", new Blob([text, "3,x\n"]).stream());
    let rows = 0;
    const growing: typeof csvImport = {
      ...csvImport,
      run: async (context) => {
        const open: typeof files.open = async (...args) => {
          const stream = await files.open(...args);
          if (emitted === 0) await grow();
          return stream;
        };
        const emit: typeof context.emit = async (...args) => {
          rows += "times" in args[0] ? args[0].times.length : args[0].length;
          await grow();
          await context.emit(...args);
        };
        await csvImport.run({ ...context, connection: { files: { ...files, open } }, emit });
      },
    };
    const running = runJob(growing, { connection: { files }, config: { stream: "s", file: "a.csv" } });
    await assert.rejects(running, {
      kind: "data",
      message: `File "a.csv" changed while it was read (it had ${text.length} bytes and has ${text.length + 4})`,
    });
    assert.ok(emitted === 0 ? rows === 0 : rows > 0 && rows < 200_000, `${rows} rows were emitted`);
  }
});

const vega = fileURLToPath(new URL("../data", import.meta.resolve("vega-datasets")));

for (const name of readdirSync(vega).filter((file) => file.endsWith(".csv"))) {
  Deno.test(`${name} of vega-datasets is imported with every cell as csv-parse reads it`, async () => {
    const expected: Record<string, string>[] = parse(await readFile(`${vega}/${name}`), { columns: true, bom: true });
    const result = await runJob(csvImport, {
      connection: { files: localStore({ root: vega }) },
      config: { stream: "vega", file: name },
    });
    assert.deepEqual(result.rejected, []);
    assert.deepEqual(result.rows.map(({ fields }) => fields), expected);
  });
}
