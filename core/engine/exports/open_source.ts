/**
 * What an export reads, found and checked: audience, profile table, columns.
 *
 * @module
 */
import type { ExportAudience, ExportSource } from "../../contracts/export_job.ts";
import { Failure } from "../../contracts/failure.ts";
import type { MemberColumn } from "../../contracts/members.ts";
import type { Executor } from "../../database/database.ts";
import { nearest } from "../../describe/mod.ts";
import type { Target } from "../../profiles/mapping.ts";
import { type AccountSettings, fieldOf, type IdentifierFields, visibleFields } from "../account_settings.ts";
import type { AudienceProgram, AudiencePrograms } from "../audience_programs.ts";
import { findAudience } from "../audience_reading.ts";
import { may, type Scoped, scopesWith } from "../capabilities.ts";
import { currentGeneration } from "../generations.ts";
import { fieldKinds } from "./field_kinds.ts";

/** Whose audiences are exported, and who has a right to what. */
export interface SourceOwner {
  readonly account: number;
  readonly settings: Pick<AccountSettings, "pii_fields"> & IdentifierFields;
  /** Whoever's right counts: who configures the job, or has done so. */
  readonly reader: Scoped;
  /** Whether that is who saved the job, and not who asks. */
  readonly saved?: boolean;
}

/** What an export reads. */
export interface OpenSource {
  readonly audience: ExportAudience;
  readonly columns: readonly MemberColumn[];
  readonly programs: AudiencePrograms;
  readonly program: AudienceProgram;
  /** The current generation of the audience's profile table. */
  readonly target: Target;
  /** Whether the reader may see a field. */
  readonly visible: (field: string) => boolean;
  /** Whether there may be fields that the reader may not see. */
  readonly hides: boolean;
  /** Most members; Infinity = all. */
  readonly limit: number;
  readonly memberships: boolean;
}

/**
 * Finds what a source names. Failures: `config` (`not_found`) for an audience or a field that is not there, `auth`
 * (`forbidden`) for a field that the reader may not see, or an audience that tells of one.
 */
export async function openSource(executor: Executor, owner: SourceOwner, source: ExportSource): Promise<OpenSource> {
  const { account, settings, reader } = owner;
  const { programs, row } = await findAudience(executor, account, source.audience, source.table);
  const program = programs.program(row);
  const visible = visibleFields(reader, settings);
  const told = (program.fields ?? settings.pii_fields).find((field) => !visible(field));
  if (told !== undefined) throw personal(owner, `Audience "${row.slug}" tells of "${told}"`);
  const target = await currentGeneration(executor, account, row.table_id);
  const kinds = await fieldKinds(executor, account, target.generation);
  const { identifier, limit = Infinity, memberships = false } = source;
  const fields = identifier === undefined ? source.fields ?? [] : [fieldOf(settings, identifier)];
  for (const field of fields) {
    if (!visible(field)) throw personal(owner, `"${field}" would be exported`);
    // Nobody may have such an identifier yet.
    if (identifier === undefined && !kinds.has(field)) throw unknownField(field, [...kinds.keys()].filter(visible));
  }
  const names = fields.length > 0 ? fields : [...kinds.keys()].filter(visible).sort();
  return {
    audience: { id: row.id, slug: row.slug, name: row.name },
    columns: names.map((name) => ({ name, kind: kinds.get(name) ?? null })),
    programs,
    program,
    target,
    visible,
    hides: settings.pii_fields.length > 0 && !may(reader, "pii.read"),
    limit,
    memberships,
  };
}

/** The Failure of a personal field that the reader may not see; it names whose right is missing. */
function personal({ saved = false }: SourceOwner, what: string): Failure {
  const scopes = scopesWith("pii.read").join(", ");
  const who = saved ? "whoever saved the job" : "the API token";
  return new Failure("auth", `${what}, which the account calls personal, and ${who} lacks "pii.read"`, {
    code: "forbidden",
    hint: saved
      ? `Have the job saved again, with its options, by somebody who has it: ${scopes}`
      : `Leave it out, or use a token with one of the scopes that have it: ${scopes}`,
  });
}

function unknownField(field: string, known: readonly string[]): Failure {
  const near = nearest(field, known);
  return new Failure("config", `No profile has a field "${field}"`, {
    code: "not_found",
    hint: near === undefined ? "See `waybill table fields`" : `Did you mean "${near}"?`,
  });
}
