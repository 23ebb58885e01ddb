import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync, zstdCompressSync } from "node:zlib";
import * as openpgp from "openpgp";
import { Failure } from "@waybill/waybill";
import {
  type Decrypt,
  decryptPgp,
  encryptPgp,
  memorySpool,
  readPrivateKey,
  readPublicKey,
} from "@waybill/waybill/codecs";
import { memoryStore } from "@waybill/waybill/files";
import { collectLog, type JobResult, memoryLedger, runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import { makeZip } from "../../core/codecs/zip/zip_testing.ts";
import { choices } from "./choices.ts";
import type { Checkpoint, CsvImportConfig, CsvImportOptions } from "./mod.ts";
import { csvImport } from "./mod.ts";
import { run } from "./run.ts";

type Config = Partial<z.input<CsvImportConfig>>;

const smallBatches = { ...csvImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

/** A zip archive of files by name. */
function zip(files: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
  return makeZip(Object.entries(files).map(([name, content]) => ({ name, content })));
}

function importFile(name: string, bytes: Uint8Array, config: Config = {}): Promise<JobResult<Checkpoint>> {
  const connection = { files: memoryStore({ [name]: bytes }) };
  return runJob(smallBatches, { connection, config: { stream: "people", file: name, ...config } });
}

const ids = ({ rows }: JobResult<Checkpoint>) => rows.map(({ fields }) => fields.id);

const TEXT = 'id,name\n1,Ann\n2,"B\no"\n3,Cy,x\n4,Dee\n5,Zoë\n';
const MANY = {
  "b.csv": "name;id\nFay;6\nGus;7;x\nHal;8\n",
  "a.csv": TEXT.replaceAll(",", ";"),
  "c.csv.gz": gzipSync("id;name\n9;Ida\n"),
};

const PACKED: readonly (readonly [name: string, bytes: Uint8Array, config: Config])[] = [
  ["a.csv.gz", gzipSync(TEXT), {}],
  ["members.gz", Buffer.concat([gzipSync(TEXT.slice(0, 20)), gzipSync(TEXT.slice(20))]), {}],
  ["a.csv.zst", zstdCompressSync(TEXT), {}],
  ["wide.gz", gzipSync(Buffer.from(`\uFEFF${TEXT}`, "utf16le")), {}],
  ["many.zip", zip(MANY), { delimiter: ";" }],
];

for (const [name, bytes, config] of PACKED) {
  Deno.test(`${name} is imported as its content would be, and resumed at any checkpoint`, async () => {
    const connection = { files: memoryStore({ [name]: bytes }) };
    const options = { connection, config: { stream: "people", file: name, ...config } };
    const whole = await runJob(smallBatches, options);
    assert.deepEqual(ids(whole), name === "many.zip" ? ["1", "2", "4", "5", "6", "8", "9"] : ["1", "2", "4", "5"]);
    assert.ok(whole.commits.length > 1);
    for (const [index, { checkpoint }] of whole.commits.entries()) {
      const before = await runJob(smallBatches, { ...options, abortAfter: index + 1 });
      const after = await runJob(smallBatches, { ...options, checkpoint });
      assert.deepEqual([...before.rows, ...after.rows], whole.rows, `resumed after ${JSON.stringify(checkpoint)}`);
      const rejected = [...before.commits.flatMap((commit) => commit.rejected), ...after.rejected];
      assert.deepEqual(rejected, whole.rejected);
      assert.equal(after.finished, true);
    }
  });

  Deno.test(`the progress of ${name} counts its own bytes, from none to all of them`, async () => {
    const { progress } = await importFile(name, bytes, config);
    assert.ok(progress.every(({ total, unit }) => total === bytes.length && unit === "bytes"));
    assert.ok(progress.every(({ done }, index) => done >= (progress[index - 1]?.done ?? 0)));
    assert.equal(progress[0]?.note, `${name}, ${progress[0]?.note?.match(/\d+/)?.[0]} % checked`);
    assert.equal(progress.at(-1)?.done, bytes.length);
  });
}

Deno.test("the rejected rows of an archive name the file they stand in, and each file's have its header", async () => {
  const headers: string[] = [];
  let flushed = 0;
  const observed = {
    ...smallBatches,
    run: (context: Parameters<typeof run>[0]) =>
      smallBatches.run({
        ...context,
        reject: (rows, preamble) => {
          headers.push(new TextDecoder().decode(preamble));
          return context.reject(rows, preamble);
        },
        flush: () => {
          flushed++;
          return context.flush();
        },
      }),
  };
  const connection = { files: memoryStore({ "many.zip": zip(MANY) }) };
  const config = { stream: "people", file: "many.zip", delimiter: ";" };
  const { rejected } = await runJob(observed, { connection, config });
  assert.deepEqual(rejected.map(({ line, reason }) => [line, reason]), [
    [5, 'Has 3 cells where the header has 2 (in "a.csv")'],
    [3, 'Has 3 cells where the header has 2 (in "b.csv")'],
  ]);
  assert.deepEqual(headers, ["id;name\n", "name;id\n"]);
  assert.equal(flushed, 2);
});

Deno.test("a pattern chooses the files of an archive", async () => {
  const result = await importFile("many.zip", zip(MANY), { delimiter: ";", members: "[ab].csv" }).catch((error) =>
    error
  );
  assert.ok(result instanceof Failure && result.kind === "config");
  assert.deepEqual(ids(await importFile("many.zip", zip(MANY), { delimiter: ";", members: "?.csv" })), [
    ..."12456",
    "8",
  ]);
});

Deno.test("a PGP message is imported where the auth's connection decrypts, and resumed at any checkpoint", async () => {
  const made = await openpgp.generateKey({ type: "curve25519", userIDs: { email: "import@test.invalid" } });
  const key = await readPrivateKey(made.privateKey);
  const recipients = [await readPublicKey(made.publicKey)];
  const message = await encryptPgp(new Blob([new Uint8Array(gzipSync(TEXT))]).stream(), { recipients });
  const decrypt: Decrypt = (source, options) => decryptPgp(source, { keys: [key], ...options });
  const bytes = new Uint8Array(await new Response(message).arrayBuffer());
  const connection = { files: memoryStore({ "a.csv.gz.pgp": bytes }), decrypt };
  const options = { connection, config: { stream: "people", file: "a.csv.gz.pgp" } };
  const whole = await runJob(smallBatches, options);
  assert.deepEqual(ids(whole), ["1", "2", "4", "5"]);
  assert.equal(whole.progress.at(-1)?.done, bytes.length);
  for (const [index, { checkpoint }] of whole.commits.entries()) {
    const before = await runJob(smallBatches, { ...options, abortAfter: index + 1 });
    const after = await runJob(smallBatches, { ...options, checkpoint });
    assert.deepEqual([...before.rows, ...after.rows], whole.rows);
  }
});

Deno.test("a run does not go on in an archive of which the file it stopped in is not chosen any more", async () => {
  const connection = { files: memoryStore({ "many.zip": zip(MANY) }) };
  const config = { stream: "people", file: "many.zip", delimiter: ";" };
  const { commits } = await runJob(smallBatches, { connection, config, abortAfter: 1 });
  const checkpoint = commits[0]?.checkpoint;
  assert.equal(checkpoint?.current?.position?.member, "a.csv");
  assert.ok(checkpoint);
  await assert.rejects(runJob(smallBatches, { connection, config: { ...config, members: "b.*" }, checkpoint }), {
    kind: "config",
    message: 'The run stopped in "a.csv" of "many.zip", which is not among the files chosen now',
  });
});

const cut = gzipSync(TEXT.repeat(1_000));
const flipped = zip({ "a.csv": TEXT, "b.csv": TEXT.repeat(1_000) });
flipped[200] = (flipped[200] ?? 0) ^ 1;

const REFUSED: readonly (readonly [what: string, name: string, bytes: Uint8Array, config: Config, message: RegExp])[] =
  [
    ["gzip that is cut off", "a.csv.gz", cut.subarray(0, -1), {}, /is no whole gzip file: it ends too early$/],
    ["a flipped byte in its last file", "a.zip", flipped, {}, /^Zip archive "a.zip" is damaged: "b.csv"/],
    [
      "a column missing in its last file",
      "a.zip",
      zip({ "a.csv": TEXT, "b.csv": "id\n1\n" }),
      { fields: ["name"] },
      /of "a.zip\/b.csv"$/,
    ],
    [
      "no rows in its last file",
      "a.zip",
      zip({ "a.csv": TEXT, "b.csv": "id,name\n" }),
      {},
      /"a.zip\/b.csv" holds a header and no rows$/,
    ],
    [
      "a last file that is no text",
      "a.zip",
      zip({ "a.csv": TEXT, "b.pdf": "%PDF-1.7" }),
      {},
      /"a.zip\/b.pdf" is a PDF document/,
    ],
    [
      "a PGP message for which there is no key",
      "a.zip",
      zip({ "a.csv": TEXT, "b.pgp": "x" }),
      {},
      /is encrypted with PGP/,
    ],
  ];

for (const [what, name, bytes, config, message] of REFUSED) {
  Deno.test(`a file with ${what} gives no rows at all`, async () => {
    let handedOver = 0;
    const watched = {
      ...smallBatches,
      run: (context: Parameters<typeof run>[0]) =>
        smallBatches.run({ ...context, emit: async () => void handedOver++, reject: async () => void handedOver++ }),
    };
    const connection = { files: memoryStore({ [name]: bytes }) };
    const running = runJob(watched, { connection, config: { stream: "people", file: name, ...config } });
    await assert.rejects(running, (error) => error instanceof Failure && message.test(error.message));
    assert.equal(handedOver, 0);
  });
}

Deno.test("a plan tells what the file is packed in, and which files of an archive would be read", async () => {
  assert.ok(csvImport.plan);
  const planOf = async (name: string, bytes: Uint8Array, config: Config = {}) =>
    await csvImport.plan?.({
      config: csvImport.config.parse({ stream: "people", file: name, identify_by: ["id"], ...config }),
      continuous: false,
      connection: { files: memoryStore({ [name]: bytes }) },
      spool: memorySpool(),
      signal: new AbortController().signal,
      log: collectLog().log,
      files: memoryLedger(),
    });
  const packed = await planOf("a.csv.gz", gzipSync(TEXT));
  assert.deepEqual([packed?.facts.format, packed?.facts.members, packed?.facts.header], ["gzip → CSV", undefined, [
    "id",
    "name",
  ]]);
  const archive = await planOf("many.zip", zip(MANY), { delimiter: ";", members: "*.csv" });
  assert.equal(archive?.facts.format, "zip → CSV");
  assert.deepEqual(archive?.facts.members, ["a.csv", "b.csv"]);
  assert.match(archive?.summary ?? "", /^Would import all 2 columns of 2 files in "many.zip" \(\d+ bytes\)/);
  assert.equal(
    archive?.notes[0],
    'Columns and rows shown are those of "a.csv"; each file is read by a header of its own',
  );
  assert.deepEqual(archive?.sample?.rows[0], ["1", "Ann"]);
});

Deno.test("columns of a packed file are listed, and the files of an archive", async () => {
  const files = memoryStore({ "a.csv.gz": gzipSync(TEXT), "many.zip": zip(MANY), "a.csv": TEXT });
  const list = async (key: keyof typeof choices, config: Partial<CsvImportOptions>) => {
    const context = { connection: { files }, query: "", after: undefined, spool: memorySpool(), ...collectLog() };
    const { signal } = new AbortController();
    return (await Array.fromAsync(choices[key].load({ ...context, config, signal }))).map(({ value }) => value);
  };
  assert.deepEqual(await list("fields", { file: "a.csv.gz" }), ["id", "name"]);
  assert.deepEqual(await list("fields", { file: "many.zip", delimiter: ";", members: "b.csv" }), ["name", "id"]);
  assert.deepEqual(await list("timestamps", { file: "many.zip", delimiter: ";" }), ["id", "name"]);
  assert.deepEqual(await list("members", { file: "many.zip", members: "b.*" }), ["a.csv", "b.csv", "c.csv.gz"]);
  assert.deepEqual(await list("members", { file: "a.csv" }), []);
});
