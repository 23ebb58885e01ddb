/**
 * Audiences: what `audience create|update|delete` and their routes do.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { Executor } from "../database/database.ts";
import type { AudiencesTable } from "../database/tables.ts";
import { isUniqueViolation } from "../database/unique_violation.ts";
import { removeMembers } from "../profiles/audience_members.ts";
import { moveHead, readAudiences } from "./audience_cache.ts";
import type { AudienceContext, AudienceParts } from "./audience_context.ts";
import { readFilter } from "./audience_filter.ts";
import { importMembers } from "./audience_import.ts";
import { forgetListOf } from "./audience_list_rows.ts";
import { checkSlug, slugOf, slugTaken } from "./audience_names.ts";
import { audienceNotes } from "./audience_notes.ts";
import { AudiencePrograms, type AudienceRow, EVERYBODY } from "./audience_programs.ts";
import { audit, type AuditEntry } from "./audit.ts";
import { requireFieldsVisible } from "./audience_visibility.ts";
import { SeenAudiences, viewOf } from "./seen_audiences.ts";
import { endExportsOf } from "./exports/enabled_rows.ts";
import { checkNamingJobs } from "./exports/naming_jobs.ts";
import { checkLabel } from "./label.ts";
import { DEFAULT_TABLE, requireTable } from "./profile_tables.ts";
import type { AudienceChange, AudienceInput, Audiences, MembersInput } from "./runtime.ts";
import type { AudienceSavedView, AudienceView, ImportedMembersView } from "./views.ts";

/** The audiences of the context's account. */
export function audiencesOf(context: AudienceContext, parts: AudienceParts): Audiences {
  return new SavedAudiences(context, parts);
}

class SavedAudiences extends SeenAudiences implements Audiences {
  readonly #context: AudienceContext;
  readonly #parts: AudienceParts;

  constructor(context: AudienceContext, parts: AudienceParts) {
    super(context, parts);
    this.#context = context;
    this.#parts = parts;
  }

  async create(input: AudienceInput): Promise<AudienceSavedView> {
    const isList = input.list === true;
    if (isList === (input.filter !== undefined)) {
      throw new Failure("config", "An audience needs either a filter, or to be a list", {
        hint: "Give `filter`; or `list`, and import its members",
      });
    }
    const filter = input.filter === undefined ? undefined : readFilter(input.filter);
    const slug = checkSlug(input.slug ?? filter?.alias ?? slugOf(input.name ?? ""));
    const name = checkLabel(input.name ?? slug, "name");
    if (filter !== undefined && input.table !== undefined && input.table !== (filter.table ?? input.table)) {
      throw new Failure("config", `The filter is FROM "${filter.table}", not "${input.table}"`, {
        hint: "Name the table once",
      });
    }
    return await this.#save(slug, async (transaction) => {
      const { database, accountId } = this.#context;
      const named = filter?.table ?? input.table ?? DEFAULT_TABLE;
      const table = await requireTable(transaction, accountId, named);
      const { last_id: id } = await moveHead(transaction, accountId, { adds: true });
      const now = await database.now();
      const row: AudienceRow = {
        id,
        table_id: table,
        kind: isList ? "list" : "dynamic",
        slug,
        name,
        description: input.description ?? "",
        filter: input.filter ?? null,
        field: null,
        members: 0,
        version: 0,
        created_at: now,
        updated_at: now,
      };
      const before = await readAudiences(transaction, accountId);
      this.#check(new AudiencePrograms([...before.rows, row]), row);
      await transaction.insertInto("audiences").values({ account_id: accountId, ...row }).execute();
      await this.#audit(transaction, "create", row, { type: row.kind });
      return row;
    });
  }

  async update(audience: string, change: AudienceChange): Promise<AudienceSavedView> {
    const filter = change.filter === undefined ? undefined : readFilter(change.filter);
    const slug = change.slug === undefined ? undefined : checkSlug(change.slug);
    const name = change.name === undefined ? undefined : checkLabel(change.name, "name");
    return await this.#save(slug ?? audience, async (transaction) => {
      const { database, accountId } = this.#context;
      const before = await readAudiences(transaction, accountId);
      const old = requireOwn(before, audience);
      if (filter !== undefined && old.kind === "list") {
        throw new Failure("config", `Audience "${old.slug}" is a list: it has members, and no filter`, {
          hint: "Make a dynamic audience for the filter; it may INCLUDE the list",
        });
      }
      const table = filter === undefined
        ? old.table_id
        : await requireTable(transaction, accountId, filter.table ?? DEFAULT_TABLE);
      const row: AudienceRow = {
        ...old,
        table_id: table,
        slug: slug ?? old.slug,
        name: name ?? old.name,
        description: change.description ?? old.description,
        filter: change.filter ?? old.filter,
        updated_at: await database.now(),
      };
      const after = new AudiencePrograms(before.rows.map((other) => other === old ? row : other));
      this.#check(after, row);
      checkIncluding(before, old, after);
      await checkNamingJobs(transaction, this.#context, { before, row: old, after });
      const { id, ...columns } = row;
      await transaction.updateTable("audiences").set(columns).where("account_id", "=", accountId)
        .where("id", "=", id).execute();
      await moveHead(transaction, accountId);
      await this.#audit(transaction, "update", row, { changed: Object.keys(change).sort() });
      return row;
    });
  }

  async delete(audience: string): Promise<AudienceView> {
    return (await this.#write(audience, async (transaction) => {
      const { accountId } = this.#context;
      const programs = await readAudiences(transaction, accountId);
      const row = requireOwn(programs, audience);
      const including = programs.including(row).filter((other) => other !== row);
      if (including.length > 0) throw included(row, including);
      const after = new AudiencePrograms(programs.rows.filter((other) => other !== row));
      await checkNamingJobs(transaction, this.#context, { before: programs, row, after });
      await transaction.deleteFrom("audiences").where("account_id", "=", accountId).where("id", "=", row.id).execute();
      await removeMembers(transaction, { account: accountId, audience: row.id, version: -1 });
      await forgetListOf(transaction, accountId, row.id);
      const exported = { type: "audience-export", source_id: String(row.id), label: row.name } as const;
      await endExportsOf(transaction, this.#context, exported);
      await moveHead(transaction, accountId);
      await this.#audit(transaction, "delete", row);
      return row;
    })).view;
  }

  async importMembers(audience: string, input: MembersInput): Promise<ImportedMembersView> {
    return await importMembers(this.#context, this.#parts, audience, input);
  }

  /** Throws what is wrong with a new or changed audience, and what its maker may not look at. */
  #check(programs: AudiencePrograms, row: AudienceRow): void {
    programs.check(row);
    const { actor, account } = this.#context;
    requireFieldsVisible(actor, account.settings, programs.program(row).fields);
  }

  async #save(slug: string, work: (transaction: Executor) => Promise<AudienceRow>): Promise<AudienceSavedView> {
    const { row, view } = await this.#write(slug, work);
    // The profiles are looked at when nobody waits for it any more.
    return { ...view, notes: await audienceNotes(this.#context.database.kysely, this.#context, row) };
  }

  async #write(
    slug: string,
    work: (transaction: Executor) => Promise<AudienceRow>,
  ): Promise<{ readonly row: AudienceRow; readonly view: AudienceView }> {
    try {
      return await this.#context.database.write(async (transaction) => {
        const row = await work(transaction);
        const programs = await readAudiences(transaction, this.#context.accountId);
        // What was deleted is shown as it was.
        const known = programs.find(String(row.id)) === undefined
          ? new AudiencePrograms([...programs.rows, row])
          : programs;
        return { row, view: await viewOf(this.#context, transaction, known, row) };
      });
    } catch (error) {
      throw isUniqueViolation(error) ? slugTaken(slug) : error;
    }
  }

  #audit(
    transaction: Executor,
    action: string,
    { id, slug }: Pick<AudiencesTable, "id" | "slug">,
    detail: AuditEntry["detail"] = {},
  ): Promise<void> {
    return audit(transaction, this.#context, { action, kind: "audience", id: String(id), label: slug, detail });
  }
}

/** An audience that can be changed. */
function requireOwn(programs: AudiencePrograms, audience: string): AudienceRow {
  if (audience === EVERYBODY) {
    throw new Failure("config", `The audience "${EVERYBODY}" is built in: every profile is in it`, {
      code: "conflict",
      hint: "Make another audience",
    });
  }
  return programs.require(audience);
}

/** Throws where those who include a changed audience, also at second hand, no longer can. */
function checkIncluding(before: AudiencePrograms, old: AudienceRow, after: AudiencePrograms): void {
  const row = after.require(String(old.id));
  const lost = before.including(old).filter((other) => other !== old && !after.including(row).includes(other));
  if (lost.length > 0) throw included(old, lost);
  const seen = new Set([row]);
  for (const changed of seen) {
    for (const other of after.including(changed)) {
      if (!seen.has(other)) after.check(other);
      seen.add(other);
    }
  }
}

function included({ slug }: AudienceRow, including: readonly AudienceRow[]): Failure {
  const names = including.slice(0, 5).map((other) => `"${other.slug}"`).join(", ");
  const others = including.length > 5 ? ` and ${including.length - 5} more` : "";
  return new Failure("config", `Audience "${slug}" is included by ${names}${others}`, {
    code: "conflict",
    hint: "Change those filters first",
  });
}
