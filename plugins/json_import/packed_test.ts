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
import { collectLog, memoryLedger, runJob } from "@waybill/waybill/testing";
import type { z } from "zod";
import { makeZip } from "../../core/codecs/zip/zip_testing.ts";
import { choices } from "./choices.ts";
import { jsonImport, type JsonImportConfig } from "./mod.ts";
import { run } from "./run.ts";

type Config = Partial<z.input<JsonImportConfig>>;

const smallBatches = { ...jsonImport, run: (context: Parameters<typeof run>[0]) => run(context, 2) };

const TEXT = '{"id":1,"n":{"a":[1]}}\n{"id":2}\n{"id":3\n{"id":4,"at":"2026-03-01"}\n{"id":"Zoë"}\n';

const MANY = makeZip([
  { name: "b.jsonl", content: '{"id":6}\n[7]\n{"id":8}\n' },
  { name: "a.jsonl", content: TEXT },
  { name: "c.jsonl.gz", content: gzipSync('{"id":9}\n') },
]);

const PACKED: readonly (readonly [name: string, bytes: Uint8Array, config: Config])[] = [
  ["a.jsonl", Buffer.from(TEXT), {}],
  ["a.jsonl.gz", gzipSync(TEXT), {}],
  ["members.gz", Buffer.concat([gzipSync(TEXT.slice(0, 20)), gzipSync(TEXT.slice(20))]), {}],
  ["a.jsonl.zst", zstdCompressSync(TEXT), {}],
  ["wide.gz", gzipSync(Buffer.from(`\uFEFF${TEXT}`, "utf16le")), {}],
  ["many.zip", MANY, {}],
];

for (const [name, bytes, config] of PACKED) {
  Deno.test(`${name} is imported as its content would be, and resumed at any checkpoint`, async () => {
    const connection = { files: memoryStore({ [name]: bytes }) };
    const options = { connection, config: { stream: "people", file: name, timestamp_field: "at", ...config } };
    const whole = await runJob(smallBatches, options);
    const ids = whole.rows.map(({ fields }) => fields["id"]);
    assert.deepEqual(ids, name === "many.zip" ? [1, 2, 4, "Zoë", 6, 8, 9] : [1, 2, 4, "Zoë"]);
    assert.deepEqual(whole.rows[0], { fields: { id: 1, n: { a: [1] } } });
    assert.ok(whole.commits.length > 1);
    for (const [index, { checkpoint }] of whole.commits.entries()) {
      const before = await runJob(smallBatches, { ...options, abortAfter: index + 1 });
      const after = await runJob(smallBatches, { ...options, checkpoint });
      assert.deepEqual([...before.rows, ...after.rows], whole.rows, `resumed after ${JSON.stringify(checkpoint)}`);
      const rejected = [...before.commits.flatMap((commit) => commit.rejected), ...after.rejected];
      assert.deepEqual(rejected, whole.rejected);
      assert.equal(after.finished, true);
    }
    assert.ok(whole.progress.every(({ done }, at) => done >= (whole.progress[at - 1]?.done ?? 0)));
    assert.equal(whole.progress.at(-1)?.done, bytes.length);
  });
}

Deno.test("a PGP message is imported where the auth's connection decrypts, its fields listed, and resumed anywhere", async () => {
  const made = await openpgp.generateKey({ type: "curve25519", userIDs: { email: "import@test.invalid" } });
  const key = await readPrivateKey(made.privateKey);
  const recipients = [await readPublicKey(made.publicKey)];
  const message = await encryptPgp(new Blob([new Uint8Array(gzipSync(TEXT))]).stream(), { recipients });
  const decrypt: Decrypt = (source, options) => decryptPgp(source, { keys: [key], ...options });
  const file = "a.jsonl.gz.pgp";
  const bytes = new Uint8Array(await new Response(message).arrayBuffer());
  const connection = { files: memoryStore({ [file]: bytes }), decrypt };
  const options = { connection, config: { stream: "people", file } };
  const whole = await runJob(smallBatches, options);
  assert.deepEqual(whole.rows.map(({ fields }) => fields["id"]), [1, 2, 4, "Zoë"]);
  for (const [index, { checkpoint }] of whole.commits.entries()) {
    const before = await runJob(smallBatches, { ...options, abortAfter: index + 1 });
    const after = await runJob(smallBatches, { ...options, checkpoint });
    assert.deepEqual([...before.rows, ...after.rows], whole.rows);
  }
  const context = { connection, config: { file }, query: "", after: undefined, spool: memorySpool() };
  const listed = await Array.fromAsync(
    choices.fields.load({ ...context, signal: new AbortController().signal, log: collectLog().log }),
  );
  assert.deepEqual(listed.map(({ value }) => value), ["id", "n", "at"]);
});

Deno.test("members are chosen by a pattern, and rejected lines name theirs", async () => {
  const connection = { files: memoryStore({ "many.zip": MANY }) };
  const config = { stream: "s", file: "many.zip", members: "b*" };
  const { rows, rejected } = await runJob(jsonImport, { connection, config });
  assert.deepEqual(rows.map(({ fields }) => fields["id"]), [6, 8]);
  assert.deepEqual(rejected.map(({ reason }) => reason), ['Is not a JSON object (in "b.jsonl")']);
});

Deno.test("a truncated file gives no row at all", async () => {
  const connection = { files: memoryStore({ "a.gz": gzipSync(TEXT).subarray(0, -4) }) };
  await assert.rejects(
    runJob(smallBatches, { connection, config: { stream: "s", file: "a.gz" } }),
    (error: unknown) => error instanceof Failure && error.kind === "data",
  );
});

const day = (number: number) => Array.from({ length: 5 }, (_, row) => `{"row":${row},"day":${number}}\n`).join("");

Deno.test("plain and packed files of a sequence are imported once, killed at any checkpoint of any of them", async () => {
  const files = memoryStore({
    "in/a_20260101.jsonl": day(1),
    "in/a_20260102.jsonl.gz": gzipSync(day(2)),
    "in/a_20260103.jsonl": `${day(3)}[]\n`,
    "in/a_20260104.jsonl": "",
    "in/b_20260104.jsonl": day(4),
  });
  const config = { stream: "s", folder: "in", prefix: "a_", settle_seconds: 0 };
  const options = { connection: { files }, config };
  const whole = await runJob(smallBatches, options);
  assert.deepEqual(whole.rows.map(({ fields }) => fields["day"]), [1, 2, 3].flatMap((day) => Array(5).fill(day)));
  assert.deepEqual(whole.rejected.map(({ reason }) => reason), ['Is not a JSON object (in "a_20260103.jsonl")']);
  for (let kill = 1; kill <= whole.commits.length; kill++) {
    const ledger = memoryLedger();
    const first = await runJob(smallBatches, { ...options, ledger, abortAfter: kill });
    const checkpoint = first.commits.at(-1)!.checkpoint;
    const second = await runJob(smallBatches, { ...options, ledger, checkpoint });
    assert.deepEqual([...first.rows, ...second.rows], whole.rows, `killed after commit ${kill}`);
    assert.equal(first.rejected.length + second.rejected.length, 1);
    assert.equal(ledger.imported.size, 4);
    assert.deepEqual((await runJob(smallBatches, { ...options, ledger })).rows, []);
  }
});

Deno.test("neither a file nor a prefix is refused, and a file is moved after its import", async () => {
  const files = memoryStore({ "in/a.jsonl": day(1) });
  const refused = (error: unknown) => error instanceof Failure && error.kind === "config";
  await assert.rejects(runJob(jsonImport, { connection: { files }, config: { stream: "s", folder: "in" } }), refused);
  const config = { stream: "s", folder: "in", file: "a.jsonl", after_import: "move" as const, move_to: "done" };
  await runJob(jsonImport, { connection: { files }, config });
  assert.deepEqual((await files.list("done")).entries.map(({ name }) => name), ["a.jsonl"]);
});
