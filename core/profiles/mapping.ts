/**
 * Mappings: how a stream's events become profiles of a table.
 *
 * @module
 */
import {
  compileMapping,
  isShownAsStored,
  type Kind,
  type MappedColumn,
  type MappingProgram,
  mergeValues,
  type OrderFreeOp,
  parseMapping,
} from "../lql/mod.ts";
import { CastColumns } from "./cast_columns.ts";
import { CUSTOMER_ID } from "./changes/read_changes.ts";
import { latestValue } from "./changes/latest_value.ts";
import { type FieldFold, latestByKey, mergedBy, oldestByKey, oldestValue } from "./field_fold.ts";
import { IdentityHasher } from "./identity.ts";
import { IdentityRules, type IdentityRulesJson } from "./identity_rules.ts";
import type { ProfileScope } from "./statements.ts";
import { TableRules } from "./table_rules.ts";

/** The default mapping: every field under its own name, the latest value wins. */
export interface DefaultMapping {
  readonly kind: "default";
  /** Fields that identify a profile. */
  readonly identify_by: readonly string[];
}

/** A mapping in LQL. */
export interface LqlMapping {
  readonly kind: "lql";
  readonly text: string;
}

/** The mapping of a table's profile imports, which is built in: events are rows of operations on attributes. */
export interface ChangeMapping {
  readonly kind: "changes";
}

/** A mapping as it is stored. */
export type MappingDefinition = DefaultMapping | LqlMapping | ChangeMapping;

/** What a generation of a profile table is made with, as it is stored. */
export interface GenerationDefinition {
  /** In the order in which they were made; at most one a stream. */
  readonly mappings: readonly { readonly stream: number; readonly definition: MappingDefinition }[];
  readonly identity: IdentityRulesJson;
  /** Present while events that came in before it was this do not follow it: a replay is to come. */
  readonly behind?: true;
}

/** The program of a mapping; undefined where it has no text. */
export function programOf(definition: MappingDefinition): MappingProgram | undefined {
  return definition.kind === "lql" ? compileMapping(parseMapping(definition.text)) : undefined;
}

/** What the mappings of a generation say of its fields. */
function columnsOf({ mappings }: GenerationDefinition): readonly MappedColumn[] {
  return mappings.flatMap(({ definition }) => programOf(definition)?.columns ?? []);
}

/** The fields by which a mapping identifies profiles. */
export function identityFieldsOf(definition: MappingDefinition): readonly string[] {
  if (definition.kind === "changes") return [CUSTOMER_ID];
  return definition.kind === "default" ? definition.identify_by : parseMapping(definition.text).identifyBy;
}

/** What holds for every profile of a generation: what any of its mappings says of a field holds for all. */
export function rulesOf({ mappings, identity }: GenerationDefinition): TableRules {
  const fields = new Set<string>();
  const folds = new Map<string, FieldFold>();
  for (const { definition } of mappings) {
    for (const field of identityFieldsOf(definition)) fields.add(field);
    for (const column of programOf(definition)?.columns ?? []) {
      if (column.fold !== "latest") folds.set(column.name, foldOf(column));
    }
  }
  return new TableRules([...fields], new IdentityRules(identity), folds);
}

/** What the fields of a generation's profiles hold, where a mapping says it: what `shownValue` needs. */
export function kindsOf({ mappings }: GenerationDefinition): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const { definition } of mappings) {
    for (const { name, kind } of programOf(definition)?.columns ?? []) if (kind !== undefined) kinds.set(name, kind);
  }
  return kinds;
}

/** Of these the fields whose values may be stored in another form than they are shown in: sums. */
export function summedKindsOf({ mappings }: GenerationDefinition): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const { definition } of mappings) {
    for (const { name, kind, merge } of programOf(definition)?.columns ?? []) {
      if (kind !== undefined && merge === "SUM" && !isShownAsStored(kind)) kinds.set(name, kind);
    }
  }
  return kinds;
}

function foldOf({ fold, kind, merge }: MappedColumn): FieldFold {
  switch (fold) {
    case "latest":
      return latestValue;
    case "oldest":
      return oldestValue;
    case "latest per key":
      return latestByKey;
    case "oldest per key":
      return oldestByKey;
    case "merge":
      return mergedBy((a, b) => mergeValues(kind ?? "STRING", merge as OrderFreeOp, a, b), {
        repeatable: merge !== "SUM",
      });
  }
}

/** A generation that events go into: plain data, which crosses to another thread. */
export interface Target {
  readonly scope: ProfileScope;
  /** The profile table that it is a generation of. */
  readonly table: number;
  readonly generation: GenerationDefinition;
}

/** A target that is ready for the events of a stream. */
export interface OpenTarget extends Target {
  readonly rules: TableRules;
  /** A hasher for each of the fields that identify. */
  readonly hashers: readonly IdentityHasher[];
  /** The stream's mapping; undefined where it has no text. */
  readonly program: MappingProgram | undefined;
  /** What of the stream's events is cast, where its mapping takes them as they come. */
  readonly casts: CastColumns | undefined;
  /** Whether the stream's events are rows of profile imports. */
  readonly ofChanges: boolean;
}

/** Makes a target ready for the events of a stream. `key` is the key of identity hashes. */
export function openTarget(target: Target, key: Uint8Array, stream: number): OpenTarget {
  const { scope, table, generation } = target;
  const rules = rulesOf(generation);
  const hashers = rules.identifyBy.map((field) => new IdentityHasher(key, scope.account, table, field));
  const own = generation.mappings.find((mapping) => mapping.stream === stream)?.definition;
  const program = own === undefined ? undefined : programOf(own);
  const casts = own?.kind === "default" ? CastColumns.of(columnsOf(generation)) : undefined;
  return { ...target, rules, hashers, program, casts, ofChanges: own?.kind === "changes" };
}
