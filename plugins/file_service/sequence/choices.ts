/**
 * Live lists of files, and of the prefixes that their names suggest.
 *
 * @module
 */
import type { Choice, ChoiceContext, FileConnection } from "@waybill/waybill";
import { parseDatedName, suggestPrefix } from "@waybill/waybill/files";
import { placeOf, type SequenceOptions } from "./fields.ts";
import { unreachable } from "./rule.ts";

/** What the lists take of a choice's context. */
export type FileChoiceContext = Pick<
  ChoiceContext<Partial<SequenceOptions>, FileConnection>,
  "config" | "connection" | "after" | "signal"
>;

/** Entries asked for at a time. */
const PAGE = 1_000;

/**
 * Files of the folder, by name, so that those of a dated sequence come in their order; each with its size, its time and
 * the timestamp of its name. Hidden ones are left out: servers keep files there that are not complete. It goes on after
 * `after` without listing what comes before.
 */
export async function* fileChoices({ config, connection, after, signal }: FileChoiceContext): AsyncGenerator<Choice> {
  const { month_first: monthFirst = false } = config;
  let cursor = after;
  do {
    const page = await connection.files.list(config.folder ?? "", {
      limit: PAGE,
      signal,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { kind, name, size, modified } of page.entries) {
      if (kind !== "file" || name.startsWith(".")) continue;
      const reason = unreachable(name);
      if (reason !== undefined) {
        yield { value: name, title: reason };
        continue;
      }
      const read = parseDatedName(name, { monthFirst });
      const dated = read.dated ? `, dated ${minutes(read.time)}` : "";
      yield { value: name, title: `${formatSize(size)}, ${minutes(modified)} UTC${dated}` };
    }
    cursor = page.next;
  } while (cursor !== undefined);
}

/** The prefix that the chosen file suggests. */
export async function* prefixChoices({ config }: Pick<FileChoiceContext, "config">): AsyncGenerator<Choice> {
  const { folder = "", file = "", month_first: monthFirst = false } = config;
  const { name } = placeOf({ folder, file });
  const value = suggestPrefix(name, { monthFirst });
  if (value !== undefined) yield { value, title: `What "${name}" begins with, up to its timestamp` };
}

/** A size for people. */
export function formatSize(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes < 1_024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

function minutes(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");
}
