import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { Failure, type FileStore } from "@waybill/waybill";
import { type ExportManifest, manifestBytes, memorySpool, parseManifest, verifyExport } from "@waybill/waybill/codecs";
import { type MemoryStore, memoryStore } from "@waybill/waybill/files";
import { runExport } from "@waybill/waybill/testing";
import { sftpCsvExport } from "./mod.ts";

const MEMBERS = [
  { email: "ada@example.com", name: "Ada", tags: ["a", "b&c"] },
  { email: "bob@example.com", name: '"B"\nBob' },
  { email: "eve@example.com" },
];
const CSV = 'email,name,tags\r\nada@example.com,Ada,a&b\\&c\r\nbob@example.com,"""B""\nBob",\r\neve@example.com,,\r\n';
const JOB = { id: "job1", label: "nightly", revision: 1 };
const STARTED = Date.parse("2026-03-09T22:59:58Z");

async function exported(files: FileStore, config: object = {}, more: object = {}) {
  const options = { job: JOB, config: { audience: "everybody", ...config }, connection: { files }, members: MEMBERS };
  return await runExport(sftpCsvExport, { ...options, startedAt: STARTED, ...more });
}

const textOf = async (files: FileStore, path: string) => await new Response(await files.open(path)).text();
const namesOf = async (files: FileStore, folder = "") => (await files.list(folder)).entries.map(({ name }) => name);
const fails = async (work: Promise<unknown>, kind: string, said: RegExp) => {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.match(error.message, said);
    assert.equal(error.kind, kind, error.message);
    return true;
  });
};

Deno.test("an audience is exported as one file, and what was delivered is told", async () => {
  const files = memoryStore();
  const { finished, commits, progress } = await exported(files);
  assert.ok(finished);
  assert.equal(await textOf(files, "everybody.csv"), CSV);
  assert.deepEqual(commits.at(-1)?.delivered, { rows: 3, bytes: CSV.length, path: "everybody.csv" });
  assert.deepEqual(progress.at(-1), { done: 3, unit: "rows", bytes: CSV.length, share: 1, note: "everybody.csv" });
});

Deno.test("the options make the file what they say", async () => {
  const files = memoryStore({ "out/there.txt": "" });
  const config = {
    folder: "out/",
    include_headers: false,
    audience_name: true,
    audience_slug: true,
    additional_audiences: true,
    fields: ["name", "email"],
    user_limit: 2,
    delimiter: "|",
    join: ";",
    line_ending: "lf",
  };
  await exported(files, config, { memberships: [["everybody", "vip"], ["everybody"], []] });
  assert.equal(
    await textOf(files, "out/everybody.csv"),
    "Ada|ada@example.com|The audience everybody|everybody|everybody;vip\n" +
      '"""B""\nBob"|bob@example.com|The audience everybody|everybody|everybody\n',
  );
});

Deno.test("files are compressed, with the CSV file's name in an archive", async () => {
  const files = memoryStore();
  await exported(files, { compress: "gzip", timestamp_format: "YYYYMMDD" }, { timeZone: "Asia/Tokyo" });
  const packed = await new Response(await files.open("everybody_20260310.csv.gz")).bytes();
  assert.equal(gunzipSync(packed).toString(), CSV);
  await exported(files, { compress: "zip" });
  const archive = await new Response(await files.open("everybody.csv.zip")).bytes();
  assert.equal(new TextDecoder().decode(archive.subarray(30, 30 + "everybody.csv".length)), "everybody.csv");
});

Deno.test("without a timestamp the file is replaced; with one, a name that is taken is numbered", async () => {
  const files = memoryStore({ "everybody.csv": "old", "everybody_20260309.csv": "of somebody else" });
  await exported(files);
  assert.equal(await textOf(files, "everybody.csv"), CSV);
  const dated = async (path: string | undefined) => {
    const history = path === undefined ? [] : [{ run: "r", rows: 3, path, endedAt: 0 }];
    return (await exported(files, { timestamp_format: "YYYYMMDD" }, { history })).commits.at(-1)?.delivered?.path;
  };
  assert.equal(await dated(undefined), "everybody_20260309-2.csv");
  // It was taken away by now, and is known to have been this job's.
  await files.remove("everybody_20260309.csv");
  assert.equal(await dated("everybody_20260309.csv"), "everybody_20260309-3.csv");
  assert.equal(await dated(undefined), "everybody_20260309.csv");
});

Deno.test("an attempt after a crash writes to the name of the first, and nothing once the file is there", async () => {
  const config = { timestamp_format: "YYYYMMDDHHmmss", manifest: true };
  for (const abortAfter of [1, 2]) {
    const files = memoryStore();
    const first = await exported(files, config, { abortAfter });
    assert.equal(first.finished, false);
    const { checkpoint } = first.commits.at(-1)!;
    assert.equal(checkpoint.path, "everybody_20260309225958.csv");
    // Who comes later sees other members, at another time; a file that is whole is not written again.
    const again = { checkpoint, members: MEMBERS.slice(0, 1), startedAt: STARTED + 60_000 };
    assert.ok((await exported(files, config, again)).finished);
    assert.deepEqual(await namesOf(files), [checkpoint.path, `${checkpoint.path}.manifest.json`]);
    const { rows } = JSON.parse(await textOf(files, `${checkpoint.path}.manifest.json`));
    assert.equal(rows, abortAfter === 1 ? 1 : 3);
    assert.equal((await textOf(files, checkpoint.path)) === CSV, abortAfter === 2);
  }
});

Deno.test("nothing is written where the destination cannot take it, and it is said why", async () => {
  const taken = memoryStore({ "everybody.csv/a": "", "file": "" });
  await fails(exported(taken), "config", /^"everybody\.csv" is a folder, and the file would have that name$/);
  await fails(
    exported(taken, { folder: "no/where" }),
    "config",
    /^Folder "no\/where" that is to be written to does not/,
  );
  assert.deepEqual(await namesOf(taken), ["everybody.csv", "file"]);
});

Deno.test("nothing is written where the key cannot encrypt", async () => {
  const files = memoryStore();
  const encrypt = () => Promise.reject(new Failure("auth", "The PGP public key expired", { hint: "Give another" }));
  await fails(exported(files, {}, { connection: { files, encrypt } }), "auth", /^The PGP public key expired$/);
  assert.deepEqual(await namesOf(files), []);
});

Deno.test("an export whose size has changed too much is held before its file is there, and goes on when approved", async () => {
  const files = memoryStore({ "everybody.csv": "old" });
  const history = [{ run: "r", rows: 10, path: "everybody.csv", endedAt: 0 }];
  const config = { hold_change: 50, compress: "gzip" };
  const encrypted: string[] = [];
  const connection = {
    files,
    encrypt: (content: ReadableStream<Uint8Array>) => {
      encrypted.push("once");
      return Promise.resolve(content);
    },
  };
  const first = await exported(files, config, { history, connection });
  assert.equal(first.held, "The export has 3 rows, and the one before 10: 70% fewer; hold_change is 50%");
  assert.deepEqual(await namesOf(files), ["everybody.csv"]);
  const { checkpoint } = first.commits.at(-1)!;
  const approved = { history, connection, checkpoint, approved: [first.held] };
  // One has left in the meantime: that is not a new question.
  assert.ok((await exported(files, config, { ...approved, members: MEMBERS.slice(0, 2) })).finished);
  assert.deepEqual(await namesOf(files), ["everybody.csv", "everybody.csv.gz.pgp"]);
  const emptied = await exported(files, config, { ...approved, members: [] });
  assert.match(emptied.held ?? "", /has 0 rows/);
  assert.equal((await exported(files, { hold_change: 80 }, { history })).held, undefined);
});

Deno.test("a run that is stopped leaves nothing", async () => {
  const files = memoryStore();
  const stop = new AbortController();
  const members = Array.from({ length: 50 }, (_, id) => ({ id }));
  const encrypt = (content: ReadableStream<Uint8Array>) => {
    const halfway = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        controller.enqueue(bytes);
        stop.abort(new Failure("cancelled", "Stopped"));
      },
    });
    return Promise.resolve(content.pipeThrough(halfway));
  };
  const more = { members, batch: 10, signal: stop.signal, connection: { files, encrypt } };
  assert.equal((await exported(files, {}, more)).finished, false);
  assert.deepEqual(await namesOf(files), []);
});

Deno.test("the store is told who writes, and is asked to clear away what killed attempts left", async () => {
  const store = memoryStore();
  const told: unknown[] = [];
  const files: MemoryStore = {
    ...store,
    tidy: async (...args) => void told.push(args.slice(0, 2)),
    write: (path, content, options) => {
      told.push([path, options?.owner, options?.makeFolders]);
      return store.write(path, content, options);
    },
  };
  await exported(files);
  await exported(files, {}, { job: undefined });
  assert.deepEqual(told, [["", "job1"], ["everybody.csv", "job1", false], ["", "run-1"], [
    "everybody.csv",
    "run-1",
    false,
  ]]);
  const forbidden = new Failure("auth", "No", { code: "forbidden" });
  assert.ok((await exported({ ...files, tidy: () => Promise.reject(forbidden) })).finished);
});

Deno.test("a manifest says what is in the file, and is signed", async () => {
  const files = memoryStore();
  const columns = [{ name: "email", kind: "STRING" }, { name: "name", kind: "STRING" }, {
    name: "tags",
    kind: "[]STRING",
  }];
  const { signatures } = await exported(files, { manifest: true, audience_slug: true, delimiter: "t" }, { columns });
  const { publicKey } = signatures[0]!;
  const path = "everybody.csv";
  const bytes = await new Response(await files.open(path)).bytes();
  const manifest = parseManifest(await new Response(await files.open(`${path}.manifest.json`)).bytes(), "m");
  const { signature: _, created_at: at, ...said } = manifest;
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  assert.deepEqual(said, {
    version: 1,
    file: path,
    rows: 3,
    columns: [...columns, { name: "audience_slug", kind: null }],
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    csv: { delimiter: "\t", join: "&", line_ending: "crlf", header: true, compress: "none", encrypted: false },
    audience: { id: 1, slug: "everybody", name: "The audience everybody" },
    job: { id: "job1", label: "nightly", revision: 1 },
    run: "run-1",
  });
  const verdict = async (manifest: ExportManifest, file = path) => {
    const options = { manifest, publicKey, files, path: file, spool: memorySpool() };
    return (await verifyExport(options)).map(({ ok }) => ok);
  };
  assert.deepEqual(await verdict(manifest), [true, true, true, true, true]);
  assert.deepEqual(await verdict({ ...manifest, rows: 4 }), [false, true, true, true, false]);
  await files.write("today.csv", await files.open(path));
  assert.deepEqual(await verdict(manifest, "today.csv"), [true, false, true, true, true]);
  assert.equal(
    new TextDecoder().decode(manifestBytes(manifest)).startsWith('{"audience":{"id":1,"name":"The audience everybody"'),
    true,
  );
  for (const compress of ["gzip", "zip"]) {
    await exported(files, { manifest: true, compress });
    const packed = `everybody.csv.${compress === "gzip" ? "gz" : "zip"}`;
    const beside = await new Response(await files.open(`${packed}.manifest.json`)).bytes();
    assert.deepEqual(await verdict(parseManifest(beside, "m"), packed), [true, true, true, true, true], compress);
  }
});
