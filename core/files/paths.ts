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

/** A name no other writer uses, in the folder of the file called `name`, for what is not yet complete. */
export function temporaryName(name: string): string {
  const random = crypto.randomUUID().slice(0, 8);
  // 255 bytes is the limit of common file systems; a long name is cut so that the temporary one fits too.
  const stem = new TextDecoder().decode(new TextEncoder().encode(name).subarray(0, 200)).replace(/\uFFFD+$/, "");
  return `.${stem}.waybill-${random}.part`;
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
