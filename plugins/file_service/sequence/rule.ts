/**
 * Which files of a folder a job means: one file, or a dated sequence.
 *
 * @module
 */
import { Failure } from "@waybill/waybill";
import { compilePrefix, type DatedName, parseDatedName, type Prefix, suggestPrefix } from "@waybill/waybill/files";
import { compareKeys, type FileKey } from "./key.ts";
import { placeOf, type SequenceOptions } from "./fields.ts";

/** A dated sequence. */
export interface SequenceRule {
  /** Where its files are. */
  readonly folder: string;
  readonly prefix: Prefix;
  readonly monthFirst: boolean;
  /** The chosen file: it and all later ones are imported. Without one, all that the prefix matches. */
  readonly from: FileKey | undefined;
}

/** Endings of what lies beside data and is none: checksums, signals that a file is complete, parts of uploads. */
const NO_DATA = /\.(md5|sha1|sha256|sha512|crc|sig|done|ok|ready|tmp|temp|part|partial|filepart|crdownload)$/i;

/**
 * The sequence that a job imports; undefined where it is one file. A continuous import of a dated file is a sequence
 * also without a prefix: what stands before the timestamp is taken for it. Throws a `Failure` of kind `config` for a
 * prefix that is wrong or does not match the chosen file.
 */
export async function sequenceOf(options: SequenceOptions, continuous: boolean): Promise<SequenceRule | undefined> {
  const { month_first: monthFirst, file } = options;
  const { folder, name } = placeOf(options);
  if (options.prefix !== undefined) {
    const prefix = await compilePrefix(options.prefix);
    return { folder, prefix, monthFirst, from: file === undefined ? undefined : chosen(name, prefix, monthFirst) };
  }
  if (!continuous || file === undefined) return undefined;
  const read = parseDatedName(name, { monthFirst });
  if (!read.dated) return undefined;
  const prefix = await compilePrefix(suggestPrefix(name, { monthFirst }) ?? "");
  return { folder, prefix, monthFirst, from: { name, timestamp: read.time } };
}

/**
 * Why a file cannot be read whose name is not UTF-8: what stands for its bytes is the name of another file, or of none.
 * The end of a sentence that begins with the name; undefined for every other name.
 */
export function unreachable(name: string): string | undefined {
  return name.includes("\uFFFD") ? "is not called in UTF-8, and cannot be opened by its name" : undefined;
}

/** How a name stands in a sequence: with its timestamp, or why it does not belong. */
export type Membership = { readonly dated: DatedName } | { readonly reason: string };

/** Whether a name belongs to the sequence; a reason is the end of a sentence that begins with the name. */
export function membership(name: string, { prefix, monthFirst, from }: SequenceRule): Membership {
  if (name.startsWith(".")) return { reason: "is hidden: servers call files so that are not complete" };
  const reason = unreachable(name);
  if (reason !== undefined) return { reason };
  const [, ending] = NO_DATA.exec(name) ?? [];
  if (ending !== undefined) return { reason: `ends in ".${ending}", which is not data` };
  const dated = parseDatedName(name, { prefix, monthFirst });
  if (!dated.dated) return { reason: dated.reason };
  if (from !== undefined && compareKeys({ name, timestamp: dated.time }, from) < 0) {
    return { reason: `is earlier than the chosen file "${from.name}"` };
  }
  return { dated };
}

function chosen(name: string, prefix: Prefix, monthFirst: boolean): FileKey {
  const read = parseDatedName(name, { prefix, monthFirst });
  if (read.dated) return { name, timestamp: read.time };
  const suggested = suggestPrefix(name, { monthFirst });
  throw new Failure("config", `The chosen file "${name}" is not one of the sequence: it ${read.reason}`, {
    hint: suggested === undefined ? "Choose a file with a timestamp in its name" : `Its own prefix is ${suggested}`,
  });
}
