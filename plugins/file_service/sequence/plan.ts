/**
 * Tells which files a run would import, in which order, and which not.
 *
 * @module
 */
import type { FileConnection, JsonValue, Plan, PlanContext } from "@waybill/waybill";
import { checkOptions, type SequenceOptions } from "./fields.ts";
import { sequenceOf, type SequenceRule } from "./rule.ts";
import { scan, type SequenceFile } from "./scan.ts";

/** Tells what a run would do with one file. */
export type PlanOne<Config, Connection> = (
  context: PlanContext<Config & { readonly file: string }, Connection>,
) => Promise<Plan>;

/** Files listed of each kind. */
const SHOWN = 50;

/** The plan of the first file that would be imported, with the list of them all. */
export async function planFiles<Config extends SequenceOptions, Connection extends FileConnection>(
  context: PlanContext<Config, Connection>,
  planOne: PlanOne<Config, Connection>,
): Promise<Plan> {
  const { config, continuous } = context;
  checkOptions(config);
  const rule = await sequenceOf(config, continuous);
  if (rule === undefined) return await planOne({ ...context, config: { ...config, file: config.file ?? "" } });
  const found = await look(context, rule);
  const [first] = found.files;
  const facts = factsOf(found);
  if (first === undefined) {
    return { summary: `Would import nothing: ${nothing(found)}`, facts, notes: notesOf(found) };
  }
  const { path, name } = first.entry;
  const folder = path.slice(0, path.length - name.length).replace(/(.)\/$/, "$1");
  const told = await planOne({ ...context, config: { ...config, folder, file: name } });
  const more = found.pending - 1;
  const others = more === 0 ? "" : more === 1 ? ", then 1 more file" : `, then ${more} more files`;
  return {
    ...told,
    summary: `${told.summary}${others}`,
    facts: { ...facts, ...told.facts },
    notes: [...notesOf(found), ...told.notes],
  };
}

/** What the folder holds. */
interface Found {
  readonly rule: SequenceRule;
  /** The first that would be imported. */
  readonly files: readonly SequenceFile[];
  readonly pending: number;
  /** The first that would not, with why. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  readonly left: number;
  readonly imported: number;
}

async function look(
  { connection, files: ledger, signal }: PlanContext<SequenceOptions, FileConnection>,
  rule: SequenceRule,
): Promise<Found> {
  const skipped: { file: string; reason: string }[] = [];
  let left = 0;
  let imported = 0;
  let files: readonly SequenceFile[] = [];
  let pending = 0;
  let after: SequenceFile | undefined;
  for (let more = true; more;) {
    const first = after === undefined;
    const page = await scan(connection.files, rule, {
      ledger,
      after,
      limit: PLANNED,
      imported: false,
      signal,
      ...(first
        ? {
          skipped: ({ name }, reason) => {
            left++;
            if (skipped.length < SHOWN) skipped.push({ file: name, reason });
          },
          known: () => void imported++,
        }
        : {}),
    });
    if (first) files = page.files.slice(0, SHOWN);
    pending += page.files.length;
    after = page.files.at(-1);
    more = page.more && after !== undefined;
  }
  return { rule, files, pending, skipped, left, imported };
}

/** Files held at a time while they are counted. */
const PLANNED = 10_000;

function factsOf({ rule, files, pending, skipped, left, imported }: Found): Readonly<Record<string, JsonValue>> {
  return {
    folder: rule.folder,
    prefix: rule.prefix.source,
    files: files.map(({ name, timestamp, entry, known }) => ({
      file: name,
      timestamp: new Date(timestamp).toISOString(),
      bytes: entry.size,
      state: known.state,
    })),
    files_to_import: pending,
    files_imported: imported,
    skipped: skipped.map((skip) => ({ ...skip })),
    files_skipped: left,
  };
}

function notesOf({ rule, files, skipped, left }: Found): string[] {
  const notes = files.flatMap(({ name, ambiguity }) =>
    ambiguity === undefined ? [] : [`The name of "${name}" is ambiguous: ${ambiguity}`]
  );
  const [skip] = skipped;
  if (skip !== undefined) {
    const others = left === 1 ? "1 file of" : `${left} files of`;
    notes.push(`${others} "${rule.folder}" would not be imported, such as "${skip.file}": it ${skip.reason}`);
  }
  const touched = files.filter(({ known }) => known.state === "touched");
  if (touched.length > 0) {
    notes.push(
      `${touched.length} of the files were imported and have another modification time: ` +
        "a run compares their content, and skips what is the same",
    );
  }
  return notes;
}

function nothing({ imported, left, rule }: Found): string {
  if (imported > 0) return `all ${imported} files of the sequence are imported already`;
  return left === 0 ? `folder "${rule.folder}" holds no files` : `no file of "${rule.folder}" is one of the sequence`;
}
