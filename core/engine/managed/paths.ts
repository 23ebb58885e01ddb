/**
 * Paths of managed accounts: text, taken apart here and never given to the disk.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** Most bytes of a name, and of a path: what common file systems take, so that what is here can be fetched there. */
const LONGEST_NAME = 255;
const LONGEST_PATH = 4_096;

/**
 * The names of a path from the root on. `..` goes up one and stays at the root there. Failure `config` for a path or
 * name that cannot be.
 */
export function namesOf(path: string): readonly string[] {
  if (bytesIn(path) > LONGEST_PATH) {
    throw new Failure("config", `The path has more than ${LONGEST_PATH} bytes`, { hint: "Use shorter names" });
  }
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") names.pop();
    else names.push(checkName(name));
  }
  return names;
}

/** The path of these names, with a leading `/`. */
export function pathOf(names: readonly string[]): string {
  return `/${names.join("/")}`;
}

function checkName(name: string): string {
  if (bytesIn(name) > LONGEST_NAME) {
    throw new Failure("config", `A name has more than ${LONGEST_NAME} bytes`, { hint: "Use a shorter one" });
  }
  // Listings are lines, and logs are.
  if (/\p{Cc}|\p{Cs}|\p{Zl}|\p{Zp}/u.test(name)) {
    throw new Failure("config", `The name ${JSON.stringify(name.toWellFormed())} holds a control character`, {
      hint: "Rename it",
    });
  }
  return name;
}

const encoder = new TextEncoder();

function bytesIn(text: string): number {
  return text.length > 4 * LONGEST_PATH ? text.length : encoder.encode(text).length;
}
