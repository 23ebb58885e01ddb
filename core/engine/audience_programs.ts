/**
 * The audiences of an account as they decide: filters compiled once, each asked once a profile.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { AudiencesTable } from "../database/tables.ts";
import {
  compileFilter,
  type Filter,
  type FilterContext,
  type FilteredProfile,
  findCycle,
  type IncludedAudience,
  includesOf,
  LazyProfile,
  parseFilter,
} from "../lql/mod.ts";
import { nearest } from "../describe/mod.ts";

/** The audience that every profile is in; nobody makes or changes it. */
export const EVERYBODY = "all";

/** How deep audiences may INCLUDE one another. */
const MAX_INCLUDED = 100;

/** What is known of an audience. */
export type AudienceRow = Readonly<Omit<AudiencesTable, "account_id">>;

/** An audience that can be asked. */
export interface AudienceProgram extends IncludedAudience {
  readonly row: AudienceRow;
  /** Its filter; undefined for a list. */
  readonly filter: Filter | undefined;
  /** Every list audience whose members decide: itself, or those it includes, also at second hand. */
  readonly lists: readonly AudienceRow[];
}

/** All audiences of an account, as they were at a moment. */
export class AudiencePrograms {
  readonly #bySlug: ReadonlyMap<string, AudienceRow>;
  readonly #byId: ReadonlyMap<number, AudienceRow>;
  readonly #filters = new Map<number, Filter>();
  readonly #programs = new Map<number, AudienceProgram>();
  readonly #byTable = new Map<number, readonly AudienceProgram[]>();
  readonly #usesNowByTable = new Map<number, boolean>();
  readonly #listsByTable = new Map<number, readonly AudienceRow[]>();

  constructor(readonly rows: readonly AudienceRow[]) {
    this.#bySlug = new Map(rows.map((row) => [row.slug, row]));
    this.#byId = new Map(rows.map((row) => [row.id, row]));
  }

  /** The audience with a slug or an id in decimal. */
  find(audience: string): AudienceRow | undefined {
    return this.#bySlug.get(audience) ?? (/^\d{1,15}$/.test(audience) ? this.#byId.get(Number(audience)) : undefined);
  }

  /** The audience with a slug or id. Failure `config` (`not_found`). */
  require(audience: string): AudienceRow {
    const row = this.find(audience);
    if (row !== undefined) return row;
    const near = nearest(audience, this.#bySlug.keys());
    throw new Failure("config", `Audience "${audience}" does not exist`, {
      code: "not_found",
      hint: near === undefined ? "See `waybill audience list`" : `Did you mean "${near}"?`,
    });
  }

  /** What an audience decides. Throws what is wrong with its filter, or with one that it includes. */
  program(row: AudienceRow): AudienceProgram {
    let program = this.#programs.get(row.id);
    if (program === undefined) {
      program = row.filter === null ? listProgram(row) : this.#compile(row);
      this.#programs.set(row.id, program);
    }
    return program;
  }

  /** Those of a profile table, in the order in which they were made. */
  ofTable(table: number): readonly AudienceProgram[] {
    let programs = this.#byTable.get(table);
    if (programs === undefined) {
      programs = this.rows.filter((row) => row.table_id === table).map((row) => this.program(row));
      this.#byTable.set(table, programs);
    }
    return programs;
  }

  /** The list audiences that decide about those of a profile table. */
  listsOfTable(table: number): readonly AudienceRow[] {
    let lists = this.#listsByTable.get(table);
    if (lists === undefined) this.#listsByTable.set(table, lists = listsOf(this.ofTable(table)));
    return lists;
  }

  /** Whether what those of a profile table decide changes with the time. */
  usesNow(table: number): boolean {
    let usesNow = this.#usesNowByTable.get(table);
    if (usesNow === undefined) {
      this.#usesNowByTable.set(table, usesNow = this.ofTable(table).some(({ usesNow }) => usesNow));
    }
    return usesNow;
  }

  /** Audiences whose filter includes one, by slug or id. */
  including(row: AudienceRow): AudienceRow[] {
    return this.rows.filter((other) => this.#included(other).some((name) => this.find(name) === row));
  }

  /**
   * Throws a Failure `config` where an audience is wrong: a cycle, an INCLUDE of what is not there or of another table's,
   * too deep a nesting, or what its filter says.
   */
  check(row: AudienceRow): void {
    const idsOf = (id: string) =>
      this.#included(this.#byId.get(Number(id))!).flatMap((name) => this.find(name)?.id.toString() ?? []);
    const cycle = findCycle(String(row.id), idsOf);
    if (cycle !== undefined) {
      const slugs = cycle.map((id) => `"${this.#byId.get(Number(id))!.slug}"`);
      throw new Failure("config", `Audience ${slugs.join(" includes ")}: no audience can include itself`, {
        hint: "Leave one INCLUDE out",
      });
    }
    this.#checkDepth(row);
    for (const name of this.#included(row)) {
      const included = this.find(name);
      if (included === undefined || included.table_id === row.table_id) continue;
      throw new Failure("config", `Audience "${row.slug}" includes "${included.slug}", which is of another table`, {
        hint: "An audience includes those of its own profile table",
      });
    }
    this.program(row);
  }

  #checkDepth(row: AudienceRow): void {
    const depths = new Map<number, number>();
    // Deepest first, without recursion: a chain may be as long as there are audiences.
    const waiting = [row];
    for (let at = waiting.at(-1); at !== undefined; at = waiting.at(-1)) {
      const included = this.#included(at).flatMap((name) => this.find(name) ?? []);
      const unknown = included.filter(({ id }) => !depths.has(id));
      if (unknown.length > 0) {
        waiting.push(...unknown);
        continue;
      }
      waiting.pop();
      const depth = 1 + Math.max(0, ...included.map(({ id }) => depths.get(id) ?? 0));
      if (depth > MAX_INCLUDED) {
        throw new Failure("config", `Audience "${row.slug}" includes others over ${MAX_INCLUDED} deep`, {
          hint: "Write what the innermost say into one of the filters",
        });
      }
      depths.set(at.id, depth);
    }
  }

  #included(row: AudienceRow): readonly string[] {
    return row.filter === null ? [] : includesOf(this.#filterOf(row, row.filter));
  }

  #filterOf(row: AudienceRow, text: string): Filter {
    let filter = this.#filters.get(row.id);
    if (filter === undefined) this.#filters.set(row.id, filter = parseFilter(text));
    return filter;
  }

  #compile(row: AudienceRow): AudienceProgram {
    const filter = this.#filterOf(row, row.filter ?? "");
    const lists = new Map<number, AudienceRow>();
    const resolve = (name: string): IncludedAudience | undefined => {
      const found = this.find(name);
      if (found === undefined) return name === EVERYBODY ? EVERY_PROFILE : undefined;
      const program = this.program(found);
      for (const list of program.lists) lists.set(list.id, list);
      return program;
    };
    const { matches, fields, usesNow } = compileFilter(filter, resolve, () => this.#bySlug.keys());
    return { row, filter, lists: [...lists.values()], fields, usesNow, matches: once(matches) };
  }
}

/** Every list audience whose members decide about some audiences. */
export function listsOf(programs: readonly AudienceProgram[]): readonly AudienceRow[] {
  return [...new Set(programs.flatMap(({ lists }) => lists))];
}

/** Whoever is asked about is a member. */
const EVERY_PROFILE: IncludedAudience = { matches: () => true, fields: [], usesNow: false };

/** A list tells by its members; it reveals the field that they are values of. */
function listProgram(row: AudienceRow): AudienceProgram {
  const key = String(row.id);
  return {
    row,
    filter: undefined,
    lists: [row],
    fields: row.field === null ? [] : [row.field],
    usesNow: false,
    matches: (_, context) => context.member?.(key) ?? false,
  };
}

/** Keeps the last answer: audiences that include one another would ask it over and over about one profile. */
function once(matches: IncludedAudience["matches"]): IncludedAudience["matches"] {
  let profile: FilteredProfile | LazyProfile | undefined, context: FilterContext | undefined;
  let turn = 0, answer = false;
  return (nextProfile, nextContext) => {
    const nextTurn = nextProfile instanceof LazyProfile ? nextProfile.turn : 0;
    if (nextProfile !== profile || nextTurn !== turn || nextContext !== context) {
      answer = matches(nextProfile, nextContext);
      profile = nextProfile;
      turn = nextTurn;
      context = nextContext;
    }
    return answer;
  };
}
