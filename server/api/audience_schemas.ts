/**
 * What the routes of audiences and entities answer with.
 *
 * @module
 */
import { z } from "zod";
import type {
  AudienceSavedView,
  AudienceView,
  EntityView,
  ImportedMembersView,
  MemberView,
} from "../../core/engine/views.ts";
import { jsonValue } from "./schemas.ts";

const time = z.iso.datetime();
const count = z.int().min(0);
const id = z.int().describe("Stands wherever its slug does");

const fields = {
  id,
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  table: z.string().describe("Name of the profile table"),
  kind: z.enum(["dynamic", "list"]),
  filter: z.string().nullable().describe("FilterQL; null for a list, and where it reads fields the token may not see"),
  field: z.string().nullable().describe("Identity field that a list's members are values of"),
  members: count.nullable().describe("Identities of a list, with a profile or without; null for a dynamic audience"),
  created_at: time,
  updated_at: time,
};

/** An audience. */
export const audience: z.ZodType<AudienceView> = z.object(fields).meta({ id: "Audience" });

/** One that was made or changed. */
export const savedAudience: z.ZodType<AudienceSavedView> = z.object({
  ...fields,
  notes: z.array(z.string()).describe("What is allowed in the filter and hardly meant"),
}).meta({ id: "SavedAudience" });

/** How many profiles are members. */
export const audienceSize: z.ZodType<{ readonly size: number }> = z.object({ size: count }).meta({
  id: "AudienceSize",
});

/** A profile that is a member. */
export const member: z.ZodType<MemberView> = z.object({
  id: z.int().describe("Of the profile"),
  attributes: z.record(z.string(), jsonValue),
}).meta({ id: "Member" });

/** What became of imported members. */
export const importedMembers: z.ZodType<ImportedMembersView> = z.object({
  id,
  slug: z.string(),
  lines: count.describe("Lines with a value"),
  rejected: count.describe(
    "Lines whose value names nobody (on the deny-list, or too long), and identities that are being erased",
  ),
  members: count.describe("Identities of the list from now on"),
}).meta({ id: "ImportedMembers" });

/** A profile, as the entity API has it: outside the envelope. */
export const entity: z.ZodType<EntityView> = z.object({
  data: z.record(z.string(), jsonValue).describe("Its fields, and `segments`: the slugs of its audiences"),
  message: z.literal("success"),
  meta: z.object({
    by_fields: z.array(z.string()).readonly().describe("Fields that profiles of the table are found by"),
    format: z.literal("json"),
    name: z.string().describe("The profile table"),
  }).exactOptional(),
  status: z.literal(200),
}).meta({ id: "Entity" });
