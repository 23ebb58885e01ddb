/**
 * Live lists for the fields of every job type that imports rows from files.
 *
 * @module
 */
import {
  type Choice,
  type ChoiceContext,
  type ChoiceSource,
  Failure,
  type FileConnection,
  type FileEntry,
  type FileStore,
} from "@waybill/waybill";
import type { TimestampFormat } from "@waybill/waybill/codecs";
import { fileChoices, formatSize, prefixChoices } from "../sequence/choices.ts";
import type { SequenceOptions } from "../sequence/fields.ts";
import { columnValues, type Sample } from "./sample.ts";
import { openPreview } from "./preview.ts";
import type { ImportConnection, Source } from "./source.ts";
import { examineTimes, formatOf } from "./time_values.ts";

/** What the lists take of a job's configuration. */
export interface ListedOptions extends SequenceOptions {
  readonly members?: string | undefined;
  readonly encoding: string;
  readonly timestamp_format: TimestampFormat;
  readonly timestamp_zone: string;
}

/** What the lists of files take of it. */
type FileOptions = Omit<ListedOptions, "timestamp_format" | "timestamp_zone">;

type Context = ChoiceContext<FileOptions, ImportConnection>;
type List = ChoiceSource<FileOptions, ImportConnection>;
/** What is needed to list folders. */
type FolderContext = Pick<ChoiceContext<unknown, FileConnection>, "connection" | "signal" | "log">;

/** How deep folders are looked for below the auth's. */
const DEEPEST = 3;

/** Common encodings; any other label of the WHATWG Encoding Standard works too. */
const ENCODINGS: Readonly<Record<string, string>> = {
  "auto": "UTF-16 by its byte order mark, else UTF-8",
  "utf-8": "Unicode",
  "utf-16le": "Unicode, Windows' own form",
  "utf-16be": "Unicode, high byte first",
  "windows-1252": "Western European, the usual export of Excel",
  "iso-8859-15": "Western European with the euro sign",
  "windows-1250": "Central European",
  "iso-8859-2": "Central European",
  "windows-1251": "Cyrillic",
  "windows-1253": "Greek",
  "windows-1254": "Turkish",
  "macintosh": "Western European, old Macs",
  "shift_jis": "Japanese",
  "euc-kr": "Korean",
  "gb18030": "Simplified Chinese",
  "big5": "Traditional Chinese",
};

const folder: List = { load: (context) => folderChoices(context) };

/** Files of the folder, by name. Hidden ones are left out: servers keep files there that are not complete. */
const file: List = {
  load: (context) => fileChoices(context),
};

/** What the chosen file's name begins with. */
const prefix: List = {
  needs: ["file"],
  load: (context) => prefixChoices(context),
};

/** The files of a zip archive; nothing for any other file. */
const members: List = {
  needs: ["file"],
  load: async function* (context) {
    // A pattern that is there already does not narrow the list.
    await using source = await openForChoices({ ...context, config: { ...context.config, members: undefined } });
    for (const { name, size } of source.archive ?? []) yield { value: name, title: formatSize(size) };
  },
};

/** Names of common encodings. */
const encoding: List = {
  load: async function* () {
    for (const [value, title] of Object.entries(ENCODINGS)) yield { value, title };
  },
};

/** IANA time zones, UTC first. */
const timestampZone: List = {
  load: async function* () {
    for (const value of new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])) yield { value };
  },
};

/** The lists, by configuration key. */
export const fileFieldChoices: {
  readonly [Key in "folder" | "file" | "prefix" | "members" | "encoding" | "timestamp_zone"]: List;
} = { folder, file, prefix, members, encoding, timestamp_zone: timestampZone };

/** Folders below the auth's, down to three levels, each followed by its own. */
export async function* folderChoices(context: FolderContext): AsyncGenerator<Choice> {
  yield { value: "", title: "The auth's own folder" };
  yield* foldersIn("", 1, context);
}

async function* foldersIn(parent: string, depth: number, context: FolderContext): AsyncGenerator<Choice> {
  const { connection, signal, log } = context;
  try {
    for await (const { kind, name } of entriesOf(connection.files, parent, signal)) {
      if (kind !== "folder" || name.startsWith(".")) continue;
      const path = parent === "" ? name : `${parent}/${name}`;
      yield { value: path };
      if (depth < DEEPEST) yield* foldersIn(path, depth + 1, context);
    }
  } catch (error) {
    // A folder below may belong to somebody else, or be gone by now; the others are still worth listing.
    const passable = error instanceof Failure && (error.code === "forbidden" || error.code === "not_found");
    if (parent === "" || !passable) throw error;
    log.warn(`Folder "${parent}" is left out: ${error.message}`);
  }
}

async function* entriesOf(files: FileStore, folder: string, signal: AbortSignal): AsyncGenerator<FileEntry> {
  let cursor: string | undefined;
  do {
    const page = await files.list(folder, { signal, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.entries;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Opens the file with what is configured so far. */
async function openForChoices(context: Context): Promise<Source> {
  const { folder = "", file = "", members } = context.config;
  return await openPreview(context, { folder, file, members });
}

/** Opens it for a list of its fields; throws a `Failure` of kind `config` for one of which none can be chosen. */
export async function openForFields(context: Context): Promise<Source> {
  const source = await openForChoices(context);
  if (!source.tooLargeForFields) return source;
  await source[Symbol.asyncDispose]();
  throw new Failure("config", `Fields of zip archive "${source.path}" cannot be listed: it has over 100 MB`, {
    hint: "Import all of its fields: leave fields and timestamps out",
  });
}

/** Those of the names whose values are mostly timestamps, and how these read, then the others. */
export function timeChoices(names: readonly string[], sample: Sample, config: Partial<ListedOptions>): Choice[] {
  const titled = names.map((name) => timestampChoice(name, sample, config));
  return [...titled.filter(({ title }) => title !== undefined), ...titled.filter(({ title }) => title === undefined)];
}

function timestampChoice(name: string, sample: Sample, config: Partial<ListedOptions>): Choice {
  const { timestamp_format: chosen = "auto", timestamp_zone: zone = "UTC" } = config;
  const values = columnValues(sample, name);
  const format = formatOf(values, chosen, zone);
  if (format === undefined || (format !== chosen && format !== "mdy" && format !== "dmy")) return { value: name };
  const { example, slashes } = examineTimes(values, format, zone);
  if (slashes === "ambiguous" && format !== chosen) {
    return { value: name, title: `parses as mdy or dmy: "${example?.text}" can be read both ways` };
  }
  return { value: name, title: `parses as ${format}: "${example?.text}" is ${example?.time}` };
}
