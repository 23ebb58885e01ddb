/**
 * What routes of mappings and profile tables answer with, as schemas. Each is checked against the type it describes.
 *
 * @module
 */
import { z } from "zod";
import type {
  CrowdedView,
  DeletedMappingView,
  MappingChangeView,
  MappingPreviewView,
  MappingSuggestionView,
  MappingView,
  TableChangeView,
  TableFieldsView,
  TableView,
} from "../../core/engine/views.ts";
import { KINDS, MERGE_OPS } from "../../core/lql/mod.ts";
import { identityRulesSchema } from "../../core/engine/table_rules.ts";
import { jsonValue } from "./schemas.ts";

const time = z.iso.datetime();
const count = z.int().min(0);
const notes = z.array(z.string()).describe("What to know about it");
const replay = z.string().nullable().describe("The run that fills the table anew; null where none has to");
const kind = z.enum(Object.keys(KINDS) as (keyof typeof KINDS)[]).nullable().describe("null = values as they come");
const merge = z.enum(Object.keys(MERGE_OPS) as (keyof typeof MERGE_OPS)[]);

const mappingFields = {
  id: z.string(),
  stream: z.string(),
  table: z.string(),
  alias: z.string().nullable(),
  identify_by: z.array(z.string()),
  columns: z.array(z.object({ name: z.string(), kind, merge, description: z.string().nullable() })).describe(
    "Empty for the mapping that an import made: every field under its own name",
  ),
  lql: z.string().nullable().describe("Its text; null for the mapping that an import made"),
  replay_run: replay,
  created_at: time,
  updated_at: time,
};

/** A mapping. */
export const mapping: z.ZodType<MappingView> = z.object(mappingFields).meta({ id: "Mapping" });

/** A mapping after a change. */
export const mappingChange: z.ZodType<MappingChangeView> = z.object({ ...mappingFields, notes }).meta({
  id: "ChangedMapping",
});

/** A mapping that is gone. */
export const deletedMapping: z.ZodType<DeletedMappingView> = z.object({
  id: z.string(),
  stream: z.string(),
  table: z.string(),
  deleted: z.literal(true),
  replay_run: replay,
}).meta({ id: "DeletedMapping" });

const identities = z.record(z.string(), z.array(z.string()));

/** What a mapping would make. */
export const mappingPreview: z.ZodType<MappingPreviewView> = z.object({
  stream: z.string(),
  table: z.string(),
  events: count.describe("Events read"),
  left_out: count.describe("Events that its WHERE leaves out"),
  unidentified: count.describe("Events that name nobody"),
  profiles: count.describe("Profiles that the others make"),
  sample: z.array(z.object({ identities, attributes: z.record(z.string(), jsonValue) })).describe("The first of them"),
  notes,
}).meta({ id: "MappingPreview" });

/** A mapping to begin with. */
export const mappingSuggestion: z.ZodType<MappingSuggestionView> = z.object({
  stream: z.string(),
  lql: z.string().describe("The text"),
  notes,
}).meta({ id: "MappingSuggestion" });

const tableFields = {
  id: z.int().describe("The `profiledb_id`"),
  name: z.string(),
  profiles: count,
  identify_by: z.array(z.string()).describe("Fields that identify a profile"),
  mappings: z.array(z.object({ id: z.string(), stream: z.string(), alias: z.string().nullable() })),
  identity: identityRulesSchema.describe("How values identify, beyond what is built in"),
  crowded: count.describe("Profiles that gathered more values of one identity field than the table allows"),
  replay_run: replay,
  created_at: time,
};

/** A profile table. */
export const table: z.ZodType<TableView> = z.object(tableFields).meta({ id: "Table" });

/** A profile table after a change. */
export const tableChange: z.ZodType<TableChangeView> = z.object({ ...tableFields, notes }).meta({ id: "ChangedTable" });

/** The fields of a profile table. */
export const tableFieldList: z.ZodType<TableFieldsView> = z.object({
  table: z.string(),
  profiles: count,
  sampled: count.describe("Profiles that were looked at: all up to 10,000, else as many from all over the table"),
  fields: z.array(z.object({
    name: z.string(),
    kind,
    merge,
    identifies: z.boolean(),
    fill_rate: z.number().min(0).max(1).describe("Share of those that have it"),
    examples: z.array(jsonValue),
  })),
}).meta({ id: "TableFields" });

/** A profile that gathered many values of one identity field. */
export const crowded: z.ZodType<CrowdedView> = z.object({
  profile: z.int().describe("Its id"),
  field: z.string(),
  values: count.describe("How many it has"),
  sample: z.array(z.string()).describe("The first 100, in order"),
  run: z.string().describe("The run that first met it so"),
}).meta({ id: "CrowdedProfile" });
