/**
 * Profile tables ready for look-ups: what holds for all of their profiles is read once, not at every request.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Database, Executor } from "../database/database.ts";
import { Remembered } from "../database/remembered.ts";
import { isShownAsStored, type Kind } from "../lql/mod.ts";
import { isErased } from "../profiles/erased_identities.ts";
import { findStoredProfile, FoundProfile, presents } from "../profiles/find_profile.ts";
import { identityPrefix } from "../profiles/identity.ts";
import { IdentityFinder } from "../profiles/identity_finder.ts";
import { type RunRow, runsOf } from "../profiles/identity_index.ts";
import { kindsOf, type OpenTarget, openTarget } from "../profiles/mapping.ts";
import type { ProfileScope, ProfileStatements } from "../profiles/statements.ts";
import type { TableRules } from "../profiles/table_rules.ts";
import type { AudienceCache } from "./audience_cache.ts";
import type { AudiencePrograms } from "./audience_programs.ts";

/** A profile that was looked up. */
export interface EntityProfile {
  /** Its attributes as they are stored: the text of a JSON object. */
  readonly text: string;
  readonly attributes: Readonly<Record<string, JsonValue>>;
  /** Every (field, value) that names it. */
  identities(): Promise<{ readonly [field: string]: readonly string[] }>;
}

/** A profile table as look-ups need it, as it was at a moment. */
export interface EntityTable {
  readonly name: string;
  readonly target: OpenTarget;
  /** What its fields hold, where a mapping says it. */
  readonly kinds: ReadonlyMap<string, Kind>;
  /** Whether each of its fields is shown just as it is stored. */
  readonly shownAsStored: boolean;
  /** The audiences of its account. */
  readonly audiences: AudiencePrograms;
  /** The profile that a value names; undefined where none is to be found. At once where memory tells which it is. */
  find(field: string, value: string): EntityProfile | undefined | Promise<EntityProfile | undefined>;
}

/** What is made of a generation. */
interface OpenGeneration {
  readonly definition: string;
  readonly madeAt: number;
  readonly target: OpenTarget;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly finder: IdentityFinder;
  /** Reads a profile's attributes by account, generation and id. */
  readonly attributesSql: string;
}

/** Where the profiles of a generation are looked for, as it was at a moment. */
interface Places extends OpenGeneration {
  readonly runs: readonly RunRow[];
  /** Whether values are being erased. */
  readonly erases: boolean;
}

/** What look-ups are made of. */
export interface EntityTablesParts {
  readonly database: Database;
  readonly statements: ProfileStatements;
  readonly audienceCache: AudienceCache;
  /** 16 bytes: the key of identity hashes. */
  readonly identityKey: Uint8Array;
}

/** Profiles that memory names and that are not the right one, before the index is asked. */
const MOST_WRONG = 4;

/** Generations that are kept; the least recently used goes first. */
const KEPT = 100;

/**
 * What was opened last. A table that was read is not read again while the database is as it was; a mapping, an audience,
 * an erasure or an import that is committed, in whatever process, is heeded by the next look-up.
 */
export class EntityTables {
  readonly #generations = new Map<string, OpenGeneration>();
  readonly #tables: Remembered<EntityTable | undefined>;

  constructor(private readonly parts: EntityTablesParts) {
    this.#tables = new Remembered(parts.database);
  }

  /**
   * A profile table as it is now, or no older than a revision that was just looked at; undefined where the account has
   * none of that name. At once where it is known.
   */
  get(
    account: number,
    name: string,
    revision?: string,
  ): EntityTable | undefined | Promise<EntityTable | undefined> {
    return this.#tables.get(`${account}/${name}`, () => this.#read(account, name), revision);
  }

  async #read(account: number, name: string): Promise<EntityTable | undefined> {
    const { database: { kysely }, audienceCache } = this.parts;
    const row = await kysely.selectFrom("profile_tables")
      .innerJoin("generations", (join) =>
        join.onRef("generations.account_id", "=", "profile_tables.account_id")
          .onRef("generations.table_id", "=", "profile_tables.id"))
      .select(["generations.id", "generations.table_id", "generations.definition", "generations.created_at"])
      .where("profile_tables.account_id", "=", account).where("profile_tables.name", "=", name)
      .where("generations.state", "=", "current").executeTakeFirst();
    if (row === undefined) return undefined;
    const open = this.#open(account, row);
    const { target, kinds } = open;
    const erased = await kysely.selectFrom("erased_identities").select("key")
      .where("account_id", "=", account).where("table_id", "=", row.table_id).limit(1).executeTakeFirst();
    const places: Places = { ...open, runs: await runsOf(kysely, target.scope), erases: erased !== undefined };
    return {
      name,
      target,
      kinds,
      shownAsStored: [...kinds.values()].every(isShownAsStored),
      audiences: await audienceCache.get(kysely, account),
      find: (field, value) => this.#find(places, field, value),
    };
  }

  #open(account: number, row: GenerationRow): OpenGeneration {
    const { identityKey, statements } = this.parts;
    const place = `${account}/${row.id}`;
    let open = this.#generations.get(place);
    if (open === undefined || open.definition !== row.definition || open.madeAt !== row.created_at) {
      const generation = JSON.parse(row.definition), scope = { account, table: row.id };
      open = {
        definition: row.definition,
        madeAt: row.created_at,
        target: openTarget({ scope, table: row.table_id, generation }, identityKey, 0),
        kinds: kindsOf(generation),
        finder: new IdentityFinder(statements, scope),
        attributesSql: this.parts.database.kysely.selectFrom("profiles").select("attributes")
          .where("account_id", "=", account).where("table_id", "=", row.id).where("id", "=", 0).compile().sql,
      };
    }
    this.#generations.delete(place);
    this.#generations.set(place, open);
    if (this.#generations.size > KEPT) this.#generations.delete(this.#generations.keys().next().value!);
    return open;
  }

  #find(open: Places, field: string, value: string): EntityProfile | undefined | Promise<EntityProfile | undefined> {
    const normalised = open.target.rules.identity.normalise(field, value);
    if (normalised === undefined) return undefined;
    if (open.erases) return this.#findUnlessErased(open, field, normalised);
    return this.#recall(open, field, normalised);
  }

  async #findUnlessErased(open: Places, field: string, normalised: string): Promise<EntityProfile | undefined> {
    if (await isErased(this.parts.database.kysely, open.target, field, normalised)) return undefined;
    return await this.#recall(open, field, normalised);
  }

  async #lookUp(
    { target, finder, runs }: Places,
    field: string,
    normalised: string,
  ): Promise<EntityProfile | undefined> {
    const { database: { kysely }, statements } = this.parts;
    const findKey = (executor: Executor, key: bigint) => finder.find(executor, runs, key);
    const found = await findStoredProfile(kysely, statements, target, field, normalised, findKey);
    return found && {
      text: found.stored.attributes,
      attributes: found.attributes,
      identities: () => Promise.resolve(found.state.identities()),
    };
  }

  /**
   * The profile that memory names, where its present attributes say that it is the right one: one statement. In one of
   * thirty look-ups memory names others first, `wrong` of which were looked at before. Any other way to be found (by a
   * value of before, after a merge) takes a look at the index.
   */
  #recall(
    open: Places,
    field: string,
    normalised: string,
    wrong = 0,
  ): EntityProfile | undefined | Promise<EntityProfile | undefined> {
    const { target: { scope, hashers }, finder, runs, attributesSql } = open;
    const hasher = hashers.find((hasher) => hasher.field === field);
    const prefix = hasher === undefined ? NaN : identityPrefix(hasher, normalised);
    for (let at = wrong; hasher !== undefined && at < MOST_WRONG; at++) {
      const id = finder.recall(runs, prefix, at);
      if (id === 0) break;
      const row = this.parts.database.first<AttributesRow>(attributesSql, [scope.account, scope.table, id]);
      if (row instanceof Promise) return this.#judgeLater(open, field, normalised, at, row, id);
      const profile = row && this.#judge(open, field, normalised, id, row.attributes);
      if (profile !== undefined) return profile;
    }
    return this.#lookUp(open, field, normalised);
  }

  async #judgeLater(
    open: Places,
    field: string,
    normalised: string,
    wrong: number,
    read: Promise<AttributesRow | undefined>,
    id: number,
  ): Promise<EntityProfile | undefined> {
    const row = await read, profile = row && this.#judge(open, field, normalised, id, row.attributes);
    return profile ?? await this.#recall(open, field, normalised, wrong + 1);
  }

  /** A profile that was read, if a value names it. */
  #judge(
    { target: { scope, rules } }: Places,
    field: string,
    normalised: string,
    id: number,
    text: string,
  ): EntityProfile | undefined {
    const attributes: EntityProfile["attributes"] = parseJson(text);
    return presents(rules, attributes, field, normalised)
      ? new RecalledProfile(this.parts, rules, scope, id, text, attributes)
      : undefined;
  }
}

/** A profile that memory named. */
class RecalledProfile implements EntityProfile {
  constructor(
    private readonly parts: EntityTablesParts,
    private readonly rules: TableRules,
    private readonly scope: ProfileScope,
    private readonly id: number,
    readonly text: string,
    readonly attributes: EntityProfile["attributes"],
  ) {}

  async identities(): Promise<{ readonly [field: string]: readonly string[] }> {
    const { database: { kysely }, statements } = this.parts;
    const stored = await statements.loadProfile(kysely, this.scope, this.id);
    return stored === undefined ? {} : new FoundProfile(this.rules, stored).state.identities();
  }
}

/** A profile as it is read. */
interface AttributesRow {
  readonly attributes: string;
}

/** The current generation of a table. */
interface GenerationRow {
  readonly id: number;
  readonly table_id: number;
  readonly definition: string;
  readonly created_at: number;
}
