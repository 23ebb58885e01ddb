/**
 * Reads a file, or the members of an archive one after another, and tells how far it is.
 *
 * @module
 */
import { Failure, type ImportContext, type RejectedRow } from "@waybill/waybill";
import type { DecodedMember } from "@waybill/waybill/codecs";
import { type ImportConnection, openSource, type Source, type SourceOptions, type SourcePosition } from "./source.ts";

/** What an import of one file gets. */
type Context<Position> = ImportContext<SourceOptions, ImportConnection, Position>;

/**
 * The file, looked through for damage before its first row is handed over. A run that goes on where it stopped does not
 * do so again: by its version, the file is the one that was found whole.
 */
export async function openVerified<Position extends SourcePosition>(context: Context<Position>): Promise<Source> {
  const { config, checkpoint } = context;
  return await openSource(context, config, {
    checkpoint,
    verify: checkpoint === undefined,
    verifying: (share, { name, size }) => {
      context.progress({ done: 0, total: size, unit: "bytes", note: `${name}, ${Math.floor(share * 100)} % checked` });
    },
  });
}

/**
 * Of a zip archive over 100 MB neither fields nor timestamps can be chosen; one that grew beyond that is looked at by
 * somebody first. `chosen` names them.
 */
export async function holdTooLarge(
  { hold }: Pick<Context<unknown>, "hold">,
  { tooLargeForFields, path }: Pick<Source, "tooLargeForFields" | "path">,
  chosen: readonly string[],
): Promise<void> {
  if (!tooLargeForFields || chosen.length === 0) return;
  await hold(`Zip archive "${path}" has over 100 MB, for which neither fields nor timestamps are to be chosen`);
}

/**
 * The members from where the run stopped on, each with the position to start from. Throws a `Failure` of kind `config`
 * where that member is not among those that are chosen now: a retry may come with another pattern.
 */
export async function* membersFrom<Position extends SourcePosition>(
  { members }: Source,
  checkpoint: Position | undefined,
): AsyncGenerator<{ readonly member: DecodedMember; readonly resume: Position | undefined }> {
  let resume = checkpoint;
  for await (const member of members) {
    if (resume?.member !== undefined && resume.member !== member.name) continue;
    yield { member, resume };
    resume = undefined;
  }
  if (resume === undefined) return;
  const { path, member = "" } = resume;
  throw new Failure("config", `The run stopped in "${member}" of "${path}", which is not among the files chosen now`, {
    hint: "Choose it too, or start a new run",
  });
}

/**
 * Tells how much of the file is read, in its own bytes. Offsets count decoded UTF-8; where that is the same, they know
 * better how far the rows go.
 */
export function tellProgress<Position>(
  { progress }: Pick<Context<Position>, "progress">,
  { entry, archive }: Source,
  { member, encoding }: { readonly member: DecodedMember; readonly encoding: string },
  offset: number,
): void {
  const isOwn = member.layers.length === 0 && encoding === "utf-8";
  const done = isOwn ? offset : Math.round(member.share() * entry.size);
  progress({ done, total: entry.size, unit: "bytes", note: archive === undefined ? entry.name : member.name });
}

/** Rejected rows that tell which member of an archive they are in: lines are counted in each anew. */
export function inMember(
  rows: readonly RejectedRow[],
  { archive }: Source,
  { name }: DecodedMember,
): readonly RejectedRow[] {
  return archive === undefined ? rows : rows.map((row) => ({ ...row, reason: `${row.reason} (in "${name}")` }));
}

/** What every position in a file begins with. */
export function placeIn(
  { path, entry, archive }: Source,
  { name }: DecodedMember,
): { readonly path: string; readonly version: string; readonly member?: string } {
  return { path, version: entry.version, ...(archive === undefined ? {} : { member: name }) };
}
