/**
 * Audiences as they are looked at: what `audience list|show|size|members` and their routes do.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import { visibleFields } from "./account_settings.ts";
import type { AudienceViewer, AudienceViewParts } from "./audience_context.ts";
import type { AudiencePrograms, AudienceRow } from "./audience_programs.ts";
import { eachMember, memberPage, sizeOf } from "./audience_reading.ts";
import type { Audiences } from "./data_parts.ts";
import { isoTime } from "./iso_time.ts";
import type { AudienceView, MemberView, Page } from "./views.ts";

/** The audiences of the viewer's account; changes nothing. */
export class SeenAudiences implements Pick<Audiences, "list" | "get" | "size" | "members" | "eachMember"> {
  readonly #viewer: AudienceViewer;
  readonly #parts: AudienceViewParts;

  constructor(viewer: AudienceViewer, parts: AudienceViewParts) {
    this.#viewer = viewer;
    this.#parts = parts;
  }

  async list(): Promise<AudienceView[]> {
    const { database: { kysely }, accountId } = this.#viewer;
    const programs = await this.#parts.audienceCache.get(kysely, accountId);
    const tables = await kysely.selectFrom("profile_tables").select(["id", "name"])
      .where("account_id", "=", accountId).execute();
    const names = new Map(tables.map(({ id, name }) => [id, name]));
    return programs.rows.map((row) => view(this.#viewer, programs, row, names.get(row.table_id) ?? ""));
  }

  async get(audience: string): Promise<AudienceView> {
    const { database: { kysely }, accountId } = this.#viewer;
    const programs = await this.#parts.audienceCache.get(kysely, accountId);
    return await viewOf(this.#viewer, kysely, programs, programs.require(audience));
  }

  async size(audience: string, options: { readonly signal?: AbortSignal } = {}): Promise<{ readonly size: number }> {
    return { size: await sizeOf(this.#viewer, this.#parts, audience, options.signal) };
  }

  members(
    audience: string,
    options: { readonly cursor?: string; readonly limit?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Page<MemberView>> {
    return memberPage(this.#viewer, this.#parts, audience, options);
  }

  eachMember(audience: string, options: { readonly signal?: AbortSignal } = {}): AsyncIterable<MemberView> {
    return eachMember(this.#viewer, this.#parts, audience, options.signal);
  }
}

/** An audience as the viewer may see it. */
export async function viewOf(
  viewer: AudienceViewer,
  executor: Executor,
  programs: AudiencePrograms,
  row: AudienceRow,
): Promise<AudienceView> {
  const { name } = await executor.selectFrom("profile_tables").select("name")
    .where("account_id", "=", viewer.accountId).where("id", "=", row.table_id).executeTakeFirstOrThrow();
  return view(viewer, programs, row, name);
}

function view(
  { actor, account: { settings } }: AudienceViewer,
  programs: AudiencePrograms,
  row: AudienceRow,
  table: string,
): AudienceView {
  const visible = visibleFields(actor, settings);
  const fields = settings.pii_fields.length === 0 ? [] : programs.program(row).fields ?? settings.pii_fields;
  const { id, slug, name, description, kind, filter, field, members } = row;
  return {
    id,
    slug,
    name,
    description,
    table,
    kind,
    // A filter says which values it looks for.
    filter: fields.every(visible) ? filter : null,
    field,
    members: kind === "list" ? members : null,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  };
}
