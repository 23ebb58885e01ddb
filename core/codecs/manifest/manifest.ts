/**
 * The manifest of an exported file: what is in it, signed.
 *
 * @module
 */
import { z } from "zod";
import { Failure } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { canonicalJson } from "./canonical.ts";

/** The version that is written. */
export const MANIFEST_VERSION = 1;

/** Most bytes of a manifest that is read. */
const LARGEST = 16 * 1024 * 1024;

const audience = z.object({ id: z.int(), slug: z.string(), name: z.string() });
const job = z.object({ id: z.string(), label: z.string(), revision: z.int() });
const contents = z.object({
  version: z.literal(MANIFEST_VERSION),
  file: z.string(),
  rows: z.int().min(0),
  columns: z.array(z.object({ name: z.string(), kind: z.string().nullable() })),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  csv: z.object({
    delimiter: z.string(),
    join: z.string(),
    line_ending: z.enum(["crlf", "lf"]),
    header: z.boolean(),
    compress: z.string(),
    encrypted: z.boolean(),
  }),
  audience,
  job: job.nullable(),
  run: z.string(),
  created_at: z.string(),
});
const signature = z.object({ algorithm: z.literal("Ed25519"), public_key: z.string(), value: z.string() });

/** What a manifest says. */
export interface ManifestContents {
  /** 1. */
  readonly version: 1;
  /** Name of the file, without its folder. */
  readonly file: string;
  /** Members in it. */
  readonly rows: number;
  /** Its columns, in order; null where no mapping says what a column holds. */
  readonly columns: readonly { readonly name: string; readonly kind: string | null }[];
  /** Its size. */
  readonly bytes: number;
  /** SHA-256 of it, as it is delivered, in hexadecimal. */
  readonly sha256: string;
  /** How it is written. */
  readonly csv: {
    readonly delimiter: string;
    readonly join: string;
    readonly line_ending: "crlf" | "lf";
    /** Whether the names of the columns are its first row. */
    readonly header: boolean;
    /** `none`, `gzip` or `zip`. */
    readonly compress: string;
    /** By PGP. */
    readonly encrypted: boolean;
  };
  /** Whose members they are. */
  readonly audience: { readonly id: number; readonly slug: string; readonly name: string };
  /** The job, and how often it was changed by then; null for a run without one. */
  readonly job: { readonly id: string; readonly label: string; readonly revision: number } | null;
  /** The run. */
  readonly run: string;
  /** When the file was complete: ISO 8601, in UTC. */
  readonly created_at: string;
}

/** A manifest as it lies beside its file. */
export interface ExportManifest extends ManifestContents {
  /** Of the bytes that {@linkcode manifestBytes} gives; key and signature in base64. */
  readonly signature: { readonly algorithm: "Ed25519"; readonly public_key: string; readonly value: string };
}

/** What a manifest's file is called, beside the file that it is of. */
export function manifestName(file: string): string {
  return `${file}.manifest.json`;
}

/** The bytes that are signed: all of the manifest but its `signature`, as canonical JSON (RFC 8785). */
export function manifestBytes(manifest: ManifestContents): Uint8Array<ArrayBuffer> {
  const { signature: _, ...rest } = manifest as Partial<ExportManifest>;
  return canonicalJson(rest as unknown as JsonValue);
}

/**
 * Reads a manifest. Members that are not known are kept: they are signed as well. Throws a `Failure` of kind `data` for
 * what is none, or one of a version to come.
 */
export function parseManifest(bytes: Uint8Array, name: string): ExportManifest {
  const damaged = (why: string, cause?: unknown) =>
    new Failure("data", `"${name}" is no manifest of an export: ${why}`, {
      hint: "Give the file that lies beside the export, NAME.manifest.json",
      cause,
    });
  if (bytes.length > LARGEST) throw damaged("it is too large");
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw damaged("it is no JSON", error);
  }
  const { error, data } = contents.loose().extend({ signature }).safeParse(value);
  if (error !== undefined) {
    const [issue] = error.issues;
    throw damaged(`\`${issue?.path.join(".")}\` ${issue?.message.toLowerCase()}`, error);
  }
  return data;
}
