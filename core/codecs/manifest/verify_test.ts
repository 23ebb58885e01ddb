import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { gzipSync } from "node:zlib";
import { memoryStore } from "../../files/memory.ts";
import { DECODE_LIMITS } from "../decode/limits.ts";
import { memorySpool } from "../spool_memory.ts";
import { type ExportManifest, manifestBytes, type ManifestContents } from "./manifest.ts";
import { verifyExport } from "./verify.ts";

const ROW = `${"a".repeat(1_023)}\n`;
/** A row more than a file may unpack to whatever its size is. */
const ROWS = DECODE_LIMITS.freeBytes / ROW.length + 1;

/** The manifest of a packed file of so many rows. */
function manifestOf(file: Uint8Array, key: { readonly privateKey: KeyObject; readonly text: string }): ExportManifest {
  const contents: ManifestContents = {
    version: 1,
    file: "a.csv.gz",
    rows: ROWS,
    columns: [],
    bytes: file.length,
    sha256: createHash("sha256").update(file).digest("hex"),
    csv: { delimiter: ",", join: ";", line_ending: "lf", header: false, compress: "gzip", encrypted: false },
    audience: { id: 1, slug: "all", name: "All" },
    job: null,
    run: "1",
    created_at: "2026-01-01T00:00:00.000Z",
  };
  const value = sign(null, manifestBytes(contents), key.privateKey).toString("base64");
  return { ...contents, signature: { algorithm: "Ed25519", public_key: key.text, value } };
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, text: Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64") };
}

Deno.test("the rows of an export that was signed are counted, however little room it takes; those of another are not", async () => {
  const file = new Uint8Array(gzipSync(ROW.repeat(ROWS)));
  assert.ok(file.length * DECODE_LIMITS.ratio < DECODE_LIMITS.freeBytes);
  const key = newKey(), manifest = manifestOf(file, key);
  const rows = async (publicKey: string, content: Uint8Array<ArrayBuffer>) => {
    const files = memoryStore({ "a.csv.gz": content });
    const checks = await verifyExport({ manifest, publicKey, files, path: "a.csv.gz", spool: memorySpool() });
    const { ok, detail } = checks.find(({ name }) => name === "rows")!;
    return `${ok} ${detail}`;
  };
  assert.equal(await rows(key.text, file), `true ${ROWS} rows`);
  assert.match(
    await rows(newKey().text, file),
    /^false not to be counted: .* unpacks to more than 250 times its size$/,
  );
  const other = new Uint8Array(gzipSync(ROW.repeat(ROWS + 1)));
  assert.match(await rows(key.text, other), /^false not to be counted: .* unpacks to more than 250 times its size$/);
});
