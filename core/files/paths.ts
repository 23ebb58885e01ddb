/**
 * Paths of file stores: `/`-joined, relative to a store's root unless they start with `/`.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** A path split into its parts; no part is empty, `.` or (after {@linkcode parsePath}) holds a NUL. */
export interface ParsedPath {
  /** Whether the path started with `/`. */
  readonly absolute: boolean;
  /** The folders and the name; empty for the root itself. */
  readonly parts: readonly string[];
}

/** Splits a path, dropping empty parts and `.`; `..` stays a part, for the driver to allow or refuse. */
export function parsePath(path: string): ParsedPath {
  if (path.includes("\0")) {
    throw new Failure("config", `Path ${JSON.stringify(path)} holds a NUL character`, { hint: "Check the path" });
  }
  return { absolute: path.startsWith("/"), parts: path.split("/").filter((part) => part !== "" && part !== ".") };
}

/** The text of a parsed path, as a store gives it out. */
export function formatPath(path: ParsedPath): string {
  return (path.absolute ? "/" : "") + path.parts.join("/");
}

/** The path of an entry called `name` in `folder`. */
export function childPath(folder: ParsedPath, name: string): string {
  return formatPath({ absolute: folder.absolute, parts: [...folder.parts, name] });
}

/** The folder a path lies in. */
export function parentPath(path: ParsedPath): ParsedPath {
  return { absolute: path.absolute, parts: path.parts.slice(0, -1) };
}

/** The last part of a path; empty for a root. */
export function baseName(path: ParsedPath): string {
  return path.parts.at(-1) ?? "";
}

/** The path of a file to be written, moved or removed: one with a name, which `..` is not. */
export function parseFilePath(path: string): ParsedPath {
  const parsed = parsePath(path);
  const name = baseName(parsed);
  if (name === "" || name === ".." || path.endsWith("/")) {
    throw new Failure("config", `Path "${path}" does not name a file`, {
      hint: "Give a path that ends in a file name",
    });
  }
  return parsed;
}

/** What a temporary name stands for: a file that is not yet complete, or one that was moved aside to be replaced. */
export type TemporaryUse = "part" | "old";

/** Bytes of a name that its temporary one holds: with the rest, 255 are the limit of common file systems. */
const STEM = 190;

/**
 * A name no other writer uses, in the folder of the file called `name`. It carries its `owner`, where there is one. Long
 * names are cut.
 */
export function temporaryName(name: string, owner?: string, use: TemporaryUse = "part"): string {
  const random = crypto.randomUUID().slice(0, 8);
  const stem = new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, STEM)).replace(/\uFFFD+$/, "");
  return `.${stem}.waybill-${owner === undefined ? "" : `${owner}-`}${random}.${use}`;
}

/** What a temporary name of `owner` says; undefined for any other name. */
export function readTemporaryName(
  temporary: string,
  owner: string,
):
  | { readonly use: TemporaryUse; /** Undefined where it may have been cut. */ readonly name: string | undefined }
  | undefined {
  const match = /^\.(.+)\.waybill-([A-Za-z0-9]{1,32})-[0-9a-f]{8}\.(part|old)$/s.exec(temporary);
  if (match === null || match[2] !== owner) return undefined;
  const stem = match[1] ?? "";
  // A character that was cut has at most three bytes before its end.
  const isWhole = new TextEncoder().encode(stem).length < STEM - 3;
  return { use: match[3] === "old" ? "old" : "part", name: isWhole ? stem : undefined };
}

/** Orders names by their UTF-8 bytes; UTF-16 order differs from it above U+FFFF. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return inByteOrder(x) - inByteOrder(y);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for code points above U+FFFF, behind all other code units. */
function inByteOrder(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}
