/**
 * What the outside sees of the data itself: streams, mappings, profile tables, profiles, audiences, erasures.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type { ErasureState } from "../database/tables.ts";
import type { Kind, MergeOp } from "../lql/mod.ts";
import type { IdentityRulesJson } from "../profiles/identity_rules.ts";

/** A stream. */
export interface StreamView {
  readonly name: string;
  readonly events: number;
  /** Fields that identify a profile, or null where the stream has no mapping. */
  readonly identify_by: readonly string[] | null;
  readonly created_at: string;
}

/** A field of a stream. */
export interface StreamFieldView {
  readonly name: string;
  /** Events with a non-empty value. */
  readonly filled: number;
  /** `filled` as a share of all events, 0 to 1. */
  readonly fill_rate: number;
  readonly examples: readonly JsonValue[];
}

/** A profile. */
export interface ProfileView {
  readonly id: number;
  readonly table: string;
  readonly attributes: { readonly [key: string]: JsonValue };
  /** Every (field, value) that names it. */
  readonly identities: { readonly [field: string]: readonly string[] };
  /** Event time of the latest event that wrote to it. */
  readonly updated_at: string;
}

/** A field that a mapping writes. */
export interface MappingColumnView {
  readonly name: string;
  /** null: values as they come. */
  readonly kind: Kind | null;
  readonly merge: MergeOp;
  /** SHORTDESC; null where there is none. */
  readonly description: string | null;
}

/** A mapping. */
export interface MappingView {
  readonly id: string;
  readonly stream: string;
  readonly table: string;
  /** Another name for it. */
  readonly alias: string | null;
  readonly identify_by: readonly string[];
  /** Empty for the mapping that an import made: every field under its own name, the latest value wins. */
  readonly columns: readonly MappingColumnView[];
  /** Its text; null for the mapping that an import made. */
  readonly lql: string | null;
  /** The run that fills its table anew; null where the table follows its mappings. */
  readonly replay_run: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A mapping after a change, with what the user should know about it. */
export interface MappingChangeView extends MappingView {
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** A mapping that is gone. */
export interface DeletedMappingView {
  readonly id: string;
  readonly stream: string;
  readonly table: string;
  readonly deleted: true;
  /** The run that fills its table anew without it; null where no event had gone through it. */
  readonly replay_run: string | null;
}

/** A profile that a mapping would make. */
export interface PreviewProfileView {
  readonly identities: { readonly [field: string]: readonly string[] };
  readonly attributes: { readonly [field: string]: JsonValue };
}

/** What a mapping would make of some events. */
export interface MappingPreviewView {
  readonly stream: string;
  readonly table: string;
  /** Events read. */
  readonly events: number;
  /** Events that its WHERE leaves out. */
  readonly left_out: number;
  /** Events that name nobody. */
  readonly unidentified: number;
  /** Profiles that the others make. */
  readonly profiles: number;
  /** The first of them. */
  readonly sample: readonly PreviewProfileView[];
  readonly notes: readonly string[];
}

/** A mapping that suits a stream's fields. */
export interface MappingSuggestionView {
  readonly stream: string;
  readonly lql: string;
  readonly notes: readonly string[];
}

/** A profile table. */
export interface TableView {
  /** The `profiledb_id` of the APIs. */
  readonly id: number;
  readonly name: string;
  /** Profiles in it. */
  readonly profiles: number;
  /** Fields that identify a profile of it. */
  readonly identify_by: readonly string[];
  readonly mappings: readonly { readonly id: string; readonly stream: string; readonly alias: string | null }[];
  /** How values identify, beyond what is built in. */
  readonly identity: IdentityRulesJson;
  /** Profiles that gathered more values of one identity field than the table allows. */
  readonly crowded: number;
  /** The run that fills it anew; null where it follows its mappings and rules. */
  readonly replay_run: string | null;
  readonly created_at: string;
}

/** A profile table after a change, with what the user should know about it. */
export interface TableChangeView extends TableView {
  /** A sentence each. */
  readonly notes: readonly string[];
}

/** A field of a profile table. */
export interface TableFieldView {
  readonly name: string;
  /** null: values as they come. */
  readonly kind: Kind | null;
  readonly merge: MergeOp;
  /** Whether it identifies profiles. */
  readonly identifies: boolean;
  /** Share of the profiles looked at that have it, 0 to 1. */
  readonly fill_rate: number;
  /** Up to five values. */
  readonly examples: readonly JsonValue[];
}

/** The fields of a profile table. */
export interface TableFieldsView {
  readonly table: string;
  /** Profiles in it. */
  readonly profiles: number;
  /** Profiles that were looked at. */
  readonly sampled: number;
  readonly fields: readonly TableFieldView[];
}

/** A profile that gathered many values of one identity field. */
export interface CrowdedView {
  /** The profile's id. */
  readonly profile: number;
  readonly field: string;
  /** How many values it has. */
  readonly values: number;
  /** The first of them, in order. */
  readonly sample: readonly string[];
  /** The run that first met it so. */
  readonly run: string;
}

/** A request to erase somebody. Whom is not told. */
export interface ErasureView {
  readonly request_id: string;
  /** How far it is (SPEC §4). */
  readonly state: ErasureState;
  readonly completed: boolean;
  /** Whether data for the erased identities is refused. */
  readonly refused: boolean;
  /** The run that does it. */
  readonly run_id: string;
  readonly created_at: string;
  readonly completed_at: string | null;
}

/** A named set of profiles. */
export interface AudienceView {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** Name of the profile table. */
  readonly table: string;
  /** `dynamic`: those for whom the filter holds; `list`: those whose identities were imported. */
  readonly kind: "dynamic" | "list";
  /** FilterQL; null for a list, and for whoever may not see the fields that it reads. */
  readonly filter: string | null;
  /** Identity field that a list's members are values of; null where none were imported. */
  readonly field: string | null;
  /** Distinct identities that were imported, with a profile or without; null for a dynamic one. */
  readonly members: number | null;
  readonly created_at: string;
  readonly updated_at: string;
}

/** An audience that was made or changed. */
export interface AudienceSavedView extends AudienceView {
  /** What is allowed and hardly meant: one sentence each. */
  readonly notes: readonly string[];
}

/** A profile that is a member of an audience. */
export interface MemberView {
  readonly id: number;
  readonly attributes: { readonly [key: string]: JsonValue };
}

/** What became of imported members. */
export interface ImportedMembersView {
  readonly id: number;
  readonly slug: string;
  /** Lines with a value. */
  readonly lines: number;
  /** Lines whose value names nobody (it is on the deny-list, or too long), and identities that are being erased. */
  readonly rejected: number;
  /** Distinct identities of the list from now on. */
  readonly members: number;
}

/** A profile as the entity API has it. */
export interface EntityView {
  /** Its fields; and `segments`, the slugs of its audiences, unless they are not wanted. */
  readonly data: { readonly [key: string]: JsonValue };
  readonly message: "success";
  /** Absent when it is not wanted. */
  readonly meta?: {
    /** Fields that profiles of the table are found by. */
    readonly by_fields: readonly string[];
    readonly format: "json";
    /** The profile table. */
    readonly name: string;
  };
  readonly status: 200;
}
