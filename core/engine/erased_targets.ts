/**
 * How events name the erased: as their profile table is filled now, as it was when their identities were taken, and as
 * it is to be; and as other tables are filled whose mappings make a field of the same name of other fields.
 *
 * A mapping that is changed meanwhile may identify by other fields: what names somebody by the former ones alone would
 * be taken for nobody's.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { compileMapping, parseMapping } from "../lql/mod.ts";
import type { Identity } from "../profiles/erase_profiles.ts";
import { type GenerationDefinition, type OpenTarget, openTarget, type Target } from "../profiles/mapping.ts";
import { currentGeneration, wantedDefinition } from "./generations.ts";

/** A profile table's current generation, and that generation as each further definition of the list would have it. */
export async function erasedTargets(
  executor: Executor,
  account: number,
  table: number,
  kept: readonly (string | null)[],
): Promise<Target[]> {
  const current = await currentGeneration(executor, account, table);
  const now = JSON.stringify(current.generation);
  const others = new Set(kept.flatMap((list) => definitionsIn(list).map((definition) => JSON.stringify(definition))));
  others.delete(now);
  return [current, ...Array.from(others, (definition) => ({ ...current, generation: JSON.parse(definition) }))];
}

/** By what events name the people of a profile table: as it is filled now, and as it is once no replay waits. */
export async function namingDefinitions(
  executor: Executor,
  account: number,
  table: number,
): Promise<GenerationDefinition[]> {
  const { generation } = await currentGeneration(executor, account, table);
  return [generation, await wantedDefinition(executor, account, table)];
}

/** The list with these definitions, too; undefined where it has them all. */
export function withDefinitions(
  kept: string | null,
  definitions: readonly GenerationDefinition[],
): string | undefined {
  const all = definitionsIn(kept).map((definition) => JSON.stringify(definition));
  const more = new Set(definitions.map((definition) => JSON.stringify(definition))).difference(new Set(all));
  return more.size === 0 ? undefined : `[${[...all, ...more].join(",")}]`;
}

function definitionsIn(kept: string | null): readonly GenerationDefinition[] {
  return kept === null ? [] : JSON.parse(kept);
}

/** A profile table of which mappings make identities of other fields: nobody but they can tell whom its events name. */
interface ComputingTable {
  readonly target: OpenTarget;
  /** The fields that are computed; one that is read as it is is looked at in every event. */
  readonly computed: ReadonlySet<string>;
}

/** What such a table knows of somebody who is erased from another. */
export interface Namesake {
  readonly target: OpenTarget;
  /** Their values of its fields of the same name, by its own rules. */
  readonly identities: readonly Identity[];
}

/** The tables of an account that compute identities. */
export class ComputingTables {
  private constructor(private readonly tables: readonly ComputingTable[]) {}

  /** As they are filled now. `key` is the key of identity hashes. */
  static async of(executor: Executor, account: number, key: Uint8Array): Promise<ComputingTables> {
    const rows = await executor.selectFrom("generations").select(["id", "table_id", "definition"])
      .where("account_id", "=", account).where("state", "=", "current").orderBy("id").execute();
    const tables = rows.map(({ id, table_id: table, definition }): ComputingTable => {
      const generation: GenerationDefinition = JSON.parse(definition);
      const target = openTarget({ scope: { account, table: id }, table, generation }, key, 0);
      return { target, computed: new Set(target.rules.identifyBy.filter((field) => computes(generation, field))) };
    });
    return new ComputingTables(tables.filter(({ computed }) => computed.size > 0));
  }

  /** Those beside a table that know the identities of somebody who is erased from it. */
  namesakes(table: number, identities: readonly Identity[]): Namesake[] {
    return this.tables.flatMap(({ target, computed }) => {
      if (target.table === table) return [];
      const own = identities.filter(([field]) => computed.has(field)).flatMap(([field, value]) =>
        target.rules.identity.valuesOf(field, value).map((name): Identity => [field, name])
      );
      return own.length === 0 ? [] : [{ target, identities: own }];
    });
  }
}

function computes({ mappings }: GenerationDefinition, field: string): boolean {
  return mappings.some(({ definition }) =>
    definition.kind === "lql" && readingOf(definition.text, field) === "computed"
  );
}

/** How a mapping makes a field: of the event's field of the same name as it is, of others, or not at all. */
export function readingOf(text: string, field: string): "plain" | "computed" | "none" {
  const mapping = parseMapping(text);
  const column = mapping.columns[compileMapping(mapping).columns.findIndex(({ name }) => name === field)];
  if (column === undefined) return "none";
  const { expression, condition, kind } = column;
  return expression.type === "field" && expression.path.join("\0") === field && condition === undefined &&
      kind === undefined
    ? "plain"
    : "computed";
}
