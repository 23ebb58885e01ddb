/**
 * The kinds of profile fields, and how the values of several events become one.
 *
 * @module
 */

/** What a profile field holds. */
export type Kind =
  | "STRING"
  | "INT"
  | "NUMBER"
  | "BOOL"
  | "DATE"
  | "[]STRING"
  | "TS[]STRING"
  | "MAP[STRING]INT"
  | "MAP[STRING]NUMBER"
  | "MAP[STRING]STRING"
  | "MAP[STRING]TIME";

/** How the values of several events become one. */
export type MergeOp = "LATEST" | "OLDEST" | "MIN" | "MAX" | "SUM" | "SET";

/** Every kind, with what it holds and the merges that suit it, the one of a plain expression first. */
export const KINDS: Readonly<Record<Kind, { readonly holds: string; readonly merges: readonly MergeOp[] }>> = {
  "STRING": { holds: "text", merges: ["LATEST", "OLDEST", "MIN", "MAX"] },
  "INT": { holds: "a whole number", merges: ["LATEST", "OLDEST", "MIN", "MAX", "SUM"] },
  "NUMBER": { holds: "a number", merges: ["LATEST", "OLDEST", "MIN", "MAX", "SUM"] },
  "BOOL": { holds: "true or false", merges: ["LATEST", "OLDEST"] },
  "DATE": { holds: "a time, ISO 8601 in UTC", merges: ["LATEST", "OLDEST", "MIN", "MAX"] },
  "[]STRING": { holds: "a set of texts, sorted", merges: ["LATEST", "OLDEST", "SET"] },
  "TS[]STRING": { holds: "a set of texts, each with the time it was last seen", merges: ["SET"] },
  "MAP[STRING]INT": { holds: "whole numbers by key", merges: ["LATEST", "OLDEST", "MIN", "MAX", "SUM"] },
  "MAP[STRING]NUMBER": { holds: "numbers by key", merges: ["LATEST", "OLDEST", "MIN", "MAX", "SUM"] },
  "MAP[STRING]STRING": { holds: "texts by key", merges: ["LATEST", "OLDEST", "MIN", "MAX"] },
  "MAP[STRING]TIME": { holds: "times by key", merges: ["LATEST", "OLDEST", "MIN", "MAX"] },
};

/** Every merge, with what it does. */
export const MERGE_OPS: Readonly<Record<MergeOp, string>> = {
  LATEST: "the value of the latest event that has one; maps: of each key",
  OLDEST: "the value of the oldest event that has one; maps: of each key",
  MIN: "the least value; maps: of each key",
  MAX: "the greatest value; maps: of each key",
  SUM: "the sum; maps: of each key",
  SET: "every value that ever occurred, once",
};

/** The kind of a map's values; `undefined` for a kind that is no map. */
export function valueKindOf(kind: Kind): Kind | undefined {
  switch (kind) {
    case "MAP[STRING]INT":
      return "INT";
    case "MAP[STRING]NUMBER":
      return "NUMBER";
    case "MAP[STRING]STRING":
      return "STRING";
    case "MAP[STRING]TIME":
      return "DATE";
    default:
      return undefined;
  }
}

/** The kind that `word` names, whatever its case. */
export function kindNamed(word: string): Kind | undefined {
  const name = word.toUpperCase();
  return isKind(name) ? name : undefined;
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

/** The merge that `word` names, whatever its case. */
export function mergeOpNamed(word: string): MergeOp | undefined {
  const name = word.toUpperCase();
  return isMergeOp(name) ? name : undefined;
}

function isMergeOp(name: string): name is MergeOp {
  return Object.hasOwn(MERGE_OPS, name);
}
