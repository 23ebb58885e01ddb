/**
 * What a mapping has to keep to beside others, and what its author should know about it.
 *
 * @module
 */
import { CHANGE_STREAMS } from "../contracts/changes.ts";
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import { nearest } from "../describe/mod.ts";
import { compileMapping, type MappedColumn, type Mapping, type MappingProgram, parseMapping } from "../lql/mod.ts";
import { programOf } from "../profiles/mapping.ts";
import { dateNotes } from "./date_notes.ts";
import { type MappingRow, nameOf } from "./mapping_find.ts";
import { findTable } from "./profile_tables.ts";

/** A text that is a mapping. */
export interface ReadMapping {
  readonly text: string;
  readonly mapping: Mapping;
  readonly program: MappingProgram;
}

/** Reads a mapping. Failure `config` with line, column and a caret for a text that is none. */
export function readMapping(text: string): ReadMapping {
  const mapping = parseMapping(text);
  return { text, mapping, program: compileMapping(mapping) };
}

/**
 * Refuses (`conflict`) a mapping whose stream has another into the same table, whose alias another has, or that says of a
 * column what another into the table does not say. `others` are the account's mappings but for this one.
 */
export async function checkBeside(
  executor: Executor,
  account: number,
  { mapping, program }: ReadMapping,
  others: readonly MappingRow[],
): Promise<void> {
  const { stream, alias } = mapping;
  if (stream.startsWith(CHANGE_STREAMS)) {
    throw new Failure(
      "config",
      `The events of stream "${stream}" are changes of profiles: they have a mapping that stays`,
      {
        hint: "Map the streams that imports of events name",
      },
    );
  }
  const table = await findTable(executor, account, mapping.table);
  const into = others.filter((other) => other.table_id === table);
  const same = into.find((other) => other.stream === stream);
  if (same !== undefined) {
    throw new Failure(
      "config",
      `Stream "${stream}" has a mapping into table "${same.table}" already: ${nameOf(same)}`,
      {
        code: "conflict",
        hint: `Change that one: \`waybill mapping update ${same.alias ?? same.id}\``,
      },
    );
  }
  const namesake = alias === undefined ? undefined : others.find((other) => other.alias === alias);
  if (namesake !== undefined) {
    throw new Failure("config", `Another mapping has the alias "${alias}": that of stream "${namesake.stream}"`, {
      code: "conflict",
      hint: "Choose another ALIAS, or leave it out",
    });
  }
  const own = alias === undefined ? `the mapping of stream "${stream}"` : `mapping "${alias}"`;
  for (const other of into) {
    const theirs = programOf(other.definition)?.columns ?? await plainColumns(executor, account, other.stream_id);
    for (const column of program.columns) {
      const there = theirs.find(({ name }) => name === column.name);
      if (there === undefined || agree(column, there)) continue;
      throw new Failure(
        "config",
        `Column "${column.name}" is ${said(column)} in ${own}, and ${said(there)} in ${nameOf(other)}`,
        {
          code: "conflict",
          hint:
            `Mappings into one table agree about a column's KIND and MERGEOP: change one of them, or the name after AS`,
        },
      );
    }
  }
}

type Said = Pick<MappedColumn, "name" | "kind" | "merge" | "fold">;

/** The columns of the default mapping, as far as events have shown them. */
async function plainColumns(executor: Executor, account: number, stream: number): Promise<Said[]> {
  const fields = await executor.selectFrom("stream_fields").select("name").where("account_id", "=", account)
    .where("stream_id", "=", stream).execute();
  return fields.map(({ name }) => ({ name, kind: undefined, merge: "LATEST", fold: "latest" }));
}

/** Values as they come suit any kind that is folded as they are. */
function agree(a: Said, b: Said): boolean {
  return a.fold === b.fold && a.merge === b.merge &&
    (a.kind === b.kind || a.kind === undefined || b.kind === undefined);
}

function said({ kind, merge }: Said): string {
  return kind === undefined ? `of any kind (${merge})` : `${kind} (${merge})`;
}

/** The entity API shows a profile's audiences under this name. */
const SEGMENTS = "segments";

/** What is allowed in a mapping and hardly meant, a sentence each. `now` as the database's clock has it. */
export async function mappingNotes(
  executor: Executor,
  account: number,
  stream: { readonly id: number; readonly name: string },
  read: ReadMapping,
  now: number,
): Promise<string[]> {
  const hidden = read.program.columns.some(({ name }) => name === SEGMENTS)
    ? [`Column "${SEGMENTS}" gives way to a profile's audiences in the entity API, but for \`segments=false\``]
    : [];
  return [...await unknownFieldNotes(executor, account, stream, read), ...dateNotes(read.mapping, now), ...hidden];
}

/** A sentence for each field that the mapping reads and the stream has never had. A stream without events has none yet. */
async function unknownFieldNotes(
  executor: Executor,
  account: number,
  stream: { readonly id: number; readonly name: string },
  { program: { reads } }: ReadMapping,
): Promise<string[]> {
  const rows = await executor.selectFrom("stream_fields").select("name").where("account_id", "=", account)
    .where("stream_id", "=", stream.id).execute();
  if (rows.length === 0 || reads === undefined) return [];
  const known = new Set(rows.map(({ name }) => name));
  // Of `a.b`, both `a` and `a.b` are read, and either will do.
  const lacking = reads.filter((field) => !hasField(known, field) && !reads.some((one) => one.startsWith(`${field}.`)));
  return lacking.map((field) => {
    const near = nearest(field, known);
    const meant = near === undefined ? "" : `; did you mean "${near}"?`;
    return `No event of stream "${stream.name}" has had a field "${field}"${meant}`;
  });
}

function hasField(known: ReadonlySet<string>, field: string): boolean {
  if (known.has(field)) return true;
  const dot = field.indexOf(".");
  return dot > 0 && known.has(field.slice(0, dot));
}
