/**
 * Functions that hash.
 *
 * @module
 */
import type { Compute } from "../scope.ts";
import { toJson } from "../casts.ts";
import type { Value } from "../values.ts";
import { type BoundCall, type FunctionDeclaration, ofText, parameter } from "./declaration.ts";
import { sipHash } from "./siphash.ts";

const X = parameter("x", "text");
const UTF8 = new TextEncoder();

let crypto: typeof import("node:crypto") | undefined;

/** Loads `node:crypto` when something is hashed first: that takes 11 ms of a start, and few filters or mappings hash. */
function createHash(algorithm: string) {
  // Not imported: `node:process` takes half as long.
  crypto ??= globalThis.process.getBuiltinModule("node:crypto");
  return crypto.createHash(algorithm);
}

function hash(name: string, algorithm: string, example: string): FunctionDeclaration {
  return {
    name,
    parameters: [X],
    result: "text",
    help: `${algorithm.toUpperCase()} of the text's UTF-8, in hexadecimal.`,
    examples: [[`${name}("abc")`, example], [`${name}(missing)`, undefined]],
    build: ofText((text) => createHash(algorithm).update(text).digest("hex")),
  };
}

/** A UUID of version 8 (RFC 9562): the first 122 bits of a SHA-256 of the values as JSON. */
function uuidOf(values: readonly Value[]): string {
  const digest = createHash("sha256").update(JSON.stringify(values.map((value) => toJson(value) ?? null))).digest();
  digest[6] = (digest[6] ?? 0) & 0x0f | 0x80;
  digest[8] = (digest[8] ?? 0) & 0x3f | 0x80;
  return digest.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function buildUuid({ args }: BoundCall): Compute {
  if (args.length > 0) return (scope) => uuidOf(args.map((arg) => arg(scope)));
  return (scope) => uuidOf([scope.at, ...[...scope.names()].sort().flatMap((name) => [name, scope.get(name)])]);
}

/** The declarations. */
export const HASH_FUNCTIONS: readonly FunctionDeclaration[] = [
  hash("hash.md5", "md5", "900150983cd24fb0d6963f7d28e17f72"),
  hash("hash.sha1", "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
  hash("hash.sha256", "sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  {
    name: "hash.sip",
    parameters: [X],
    result: "text",
    help: "SipHash-2-4 of the text's UTF-8 under the key 0, 1: a signed 64-bit number in decimal, as a text.",
    examples: [['hash.sip("/blog/index.html")', "-447731768767783999"], ["hash.sip(missing)", undefined]],
    build: ofText((text) => BigInt.asIntN(64, sipHash(0n, 1n, UTF8.encode(text))).toString()),
  },
  {
    name: "uuid",
    parameters: [parameter("x", "any", { count: "any number" })],
    result: "text",
    help: "A UUID made of the arguments, or of the whole event: the same again at every replay.",
    examples: [["uuid(event)", "c7a0f715-4e64-8d96-8617-f251dc12c439"]],
    readsNow: ({ args }) => args.length === 0,
    readsAll: ({ args }) => args.length === 0,
    build: buildUuid,
  },
];
