/**
 * Compares an exported file with its manifest.
 *
 * @module
 */
import { createHash, createPublicKey, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import { Failure } from "../../contracts/failure.ts";
import type { FileStore } from "../../contracts/file_store.ts";
import { openDecoded } from "../decode/chain.ts";
import { DECODE_LIMITS } from "../decode/limits.ts";
import type { Spool } from "../spool.ts";
import { countRecords } from "./count_records.ts";
import { type ExportManifest, manifestBytes, type ManifestContents } from "./manifest.ts";

/** What is compared. */
export interface VerifyOptions {
  readonly manifest: ExportManifest;
  /** Whose signature it has to be: the public key in base64, 32 bytes. */
  readonly publicKey: string;
  /** Where the file lies, and its path there. */
  readonly files: FileStore;
  readonly path: string;
  /** Where an archive may be unpacked. */
  readonly spool: Spool;
  readonly signal?: AbortSignal;
}

/** One thing that was looked at. */
export interface ManifestCheck {
  readonly name: "signature" | "name" | "bytes" | "sha256" | "rows";
  /** Null where nobody can tell: the rows of a file that is encrypted. */
  readonly ok: boolean | null;
  /** What was found: a sentence without a final period. */
  readonly detail: string;
}

/** Looks at signature, name, size, hash and, where the file can be read, rows. Throws what keeps the file from being read. */
export async function verifyExport(options: VerifyOptions): Promise<ManifestCheck[]> {
  const { manifest, files, path, signal } = options;
  const signature = checkSignature(manifest, options.publicKey);
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of await files.open(path, signal === undefined ? {} : { signal })) {
    hash.update(piece);
    bytes += piece.length;
  }
  const sha256 = hash.digest("hex");
  const same = check(
    "sha256",
    sha256 === manifest.sha256,
    sha256,
    `${sha256}, and the manifest says ${manifest.sha256}`,
  );
  return [
    signature,
    checkName(manifest, path),
    check(
      "bytes",
      bytes === manifest.bytes,
      `${bytes} bytes`,
      `${bytes} bytes, and the manifest says ${manifest.bytes}`,
    ),
    same,
    await checkRows(options, signature.ok === true && same.ok === true),
  ];
}

function check(name: ManifestCheck["name"], ok: boolean, good: string, bad: string): ManifestCheck {
  return { name, ok, detail: ok ? good : bad };
}

function checkSignature(manifest: ExportManifest, publicKey: string): ManifestCheck {
  const { public_key: by, value } = manifest.signature;
  const key = readPublicKey(publicKey);
  const isRight = verify(null, manifestBytes(manifest), key, Buffer.from(value, "base64"));
  const other = by === publicKey ? "" : `; it says to be by key ${by}, which is another one`;
  return check("signature", isRight, `by key ${publicKey}`, `not by key ${publicKey}, or altered since${other}`);
}

/** A manifest of another day is as rightly signed as this one's. */
function checkName({ file }: ManifestContents, path: string): ManifestCheck {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return check("name", name === file, name, `the manifest is of "${file}"`);
}

/** Reads a public key: 32 bytes in base64. Throws a `Failure` of kind `config` for anything else. */
function readPublicKey(text: string) {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 32 || bytes.toString("base64") !== text) {
    throw new Failure("config", "The public key is no Ed25519 key in base64", {
      hint: "Give what `waybill export key` prints at the Waybill that made the export: 44 characters",
    });
  }
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") }, format: "jwk" });
}

/** `known`: whether it is the very file that was signed. What whoever is trusted made may unpack to whatever it does. */
async function checkRows(
  { manifest, files, path, spool, signal }: VerifyOptions,
  known: boolean,
): Promise<ManifestCheck> {
  if (manifest.csv.encrypted) return { name: "rows", ok: null, detail: "not counted: the file is encrypted" };
  let rows = 0;
  try {
    const signalled = signal === undefined ? {} : { signal };
    const limits = known ? { freeBytes: DECODE_LIMITS.decodedBytes } : {};
    await using file = await openDecoded({ files, entry: await files.stat(path) }, { spool, limits, ...signalled });
    for await (const member of file.members) rows += await countRecords(await member.open());
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "data") throw error;
    return { name: "rows", ok: false, detail: `not to be counted: ${error.message}` };
  }
  rows -= manifest.csv.header ? 1 : 0;
  return check("rows", rows === manifest.rows, `${rows} rows`, `${rows} rows, and the manifest says ${manifest.rows}`);
}
