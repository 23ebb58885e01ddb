/**
 * Mappings: how a stream's events become profiles of a table.
 *
 * @module
 */
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

/** A mapping as it is stored. */
export type MappingDefinition = DefaultMapping;

/** What a generation of a profile table is made with, as it is stored. */
export interface GenerationDefinition {
  /** In the order in which they were made; at most one a stream. */
  readonly mappings: readonly { readonly stream: number; readonly definition: MappingDefinition }[];
  readonly identity: IdentityRulesJson;
}

/** The fields by which a mapping identifies profiles. */
export function identityFieldsOf(definition: MappingDefinition): readonly string[] {
  return definition.identify_by;
}

/** What holds for every profile of a generation: what any of its mappings says of a field holds for all. */
export function rulesOf({ mappings, identity }: GenerationDefinition): TableRules {
  const fields = new Set(mappings.flatMap(({ definition }) => identityFieldsOf(definition)));
  return new TableRules([...fields], new IdentityRules(identity));
}

/** A generation that events go into: plain data, which crosses to another thread. */
export interface Target {
  readonly scope: ProfileScope;
  /** The profile table that it is a generation of. */
  readonly table: number;
  readonly generation: GenerationDefinition;
}

/** A target that is ready for events. */
export interface OpenTarget extends Target {
  readonly rules: TableRules;
  /** A hasher for each of the fields that identify. */
  readonly hashers: readonly IdentityHasher[];
}

/** Makes a target ready. `key` is the key of identity hashes. */
export function openTarget(target: Target, key: Uint8Array): OpenTarget {
  const rules = rulesOf(target.generation);
  const hashers = rules.identifyBy.map((field) => new IdentityHasher(key, target.scope.account, target.table, field));
  return { ...target, rules, hashers };
}
