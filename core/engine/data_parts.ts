/**
 * The parts of the engine that are about the data itself: streams, mappings, profile tables, profiles, audiences,
 * erasures.
 *
 * @module
 */
import type { JsonValue } from "../contracts/records.ts";
import type {
  AudienceSavedView,
  AudienceView,
  CrowdedView,
  DeletedMappingView,
  EntityView,
  ErasureView,
  ImportedMembersView,
  MappingChangeView,
  MappingPreviewView,
  MappingSuggestionView,
  MappingView,
  MemberView,
  Page,
  ProfileView,
  StreamFieldView,
  StreamView,
  TableChangeView,
  TableFieldsView,
  TableView,
} from "./views.ts";

/** Streams. */
export interface Streams {
  list(): Promise<StreamView[]>;
  get(name: string): Promise<StreamView>;
  fields(name: string): Promise<StreamFieldView[]>;
}

/** Which mapping to try, on what. */
export interface MappingTest {
  /** The text of one, or none: */
  readonly lql?: string;
  /** Id, alias or stream of a saved one. */
  readonly mapping?: string;
  /** Events to try it on; else the stream's last ones. Their time is now. */
  readonly rows?: readonly { readonly [field: string]: JsonValue }[];
  /** How many of the stream's last events to read: 1 to 100,000; 1,000 unless told. */
  readonly events?: number;
  /** How many profiles to show: 0 to 1,000; 20 unless told. */
  readonly show?: number;
}

/**
 * Mappings. `mapping` is an id, an alias, or a stream that has just one. What changes one makes its table follow: at once
 * where no event is touched, else by a run (`replay_run`) that fills the table anew from the archive.
 */
export interface Mappings {
  /**
   * Makes one; its stream and table, too, where they are not there. `conflict` where the stream has one into that table,
   * where the alias is taken, and where another mapping into the table says otherwise of a column.
   */
  create(input: { readonly lql: string }): Promise<MappingChangeView>;
  /** In the order in which they were made; of one stream or table where one is named. */
  list(options?: { readonly stream?: string; readonly table?: string }): Promise<MappingView[]>;
  get(mapping: string): Promise<MappingView>;
  /** Gives it another text, of the same stream and table; without one, the table follows those that there are. */
  update(mapping: string, change: { readonly lql?: string }): Promise<MappingChangeView>;
  /** The events stay, and the profiles that only it made go. */
  delete(mapping: string): Promise<DeletedMappingView>;
  /** What it would make of some events; changes nothing. */
  test(input: MappingTest): Promise<MappingPreviewView>;
  /** A mapping that suits the stream's fields, to begin with. */
  suggest(stream: string): Promise<MappingSuggestionView>;
}

/** What a change of a profile table may hold; what is null goes back to what is built in. */
export interface TableChange {
  /** Field, or `*` for every one → the values that name nobody; null for none. */
  readonly deny?: { readonly [field: string]: readonly string[] | null } | null;
  /** Field → how its values are normalised: of `digits`, `lower`; null as built in. */
  readonly normalise?: { readonly [field: string]: readonly string[] | null } | null;
  /** Values of one identity field from which a profile is reported: 2 to 1,000,000. */
  readonly most_values?: number | null;
}

/** Profile tables. `table` is a name or the integer id. */
export interface ProfileTables {
  list(): Promise<TableView[]>;
  get(table: string): Promise<TableView>;
  /** What its profiles hold, by a sample of them where they are many. */
  fields(table: string): Promise<TableFieldsView>;
  /** Changes how values identify; the table follows as it does when a mapping changes. */
  update(table: string, change: TableChange): Promise<TableChangeView>;
  /** Profiles that gathered more values of one identity field than the table allows, by id. */
  crowded(
    table: string,
    options?: { readonly cursor?: string; readonly limit?: number },
  ): Promise<Page<CrowdedView>>;
}

/** Profiles. */
export interface Profiles {
  /** The profile that an identity (field and value) names. */
  get(field: string, value: string, options?: { readonly table?: string }): Promise<ProfileView>;
}

/** What a new audience needs: a filter, or to be a list. */
export interface AudienceInput {
  /** What people call it; its slug unless told. */
  readonly name?: string;
  /** Unique in the account; the filter's ALIAS, else made of the name, unless told. */
  readonly slug?: string;
  readonly description?: string;
  /** FilterQL, of a dynamic audience. */
  readonly filter?: string;
  /** Whether its members are imported. */
  readonly list?: boolean;
  /** Profile table; the filter's FROM, else `user`, unless told. */
  readonly table?: string;
}

/** What a change of an audience may hold. */
export interface AudienceChange {
  readonly name?: string;
  readonly slug?: string;
  readonly description?: string;
  /** FilterQL; FROM `user` where it names no table. Its ALIAS changes no slug. */
  readonly filter?: string;
}

/** Members to import. */
export interface MembersInput {
  /** Identity field that they are values of; that of the members which are there, unless told. */
  readonly field?: string;
  /** UTF-8, a value a line. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether they come to those that are there, in whose place they come unless told. */
  readonly add?: boolean;
}

/** Audiences. `audience` is an id or a slug; `all` is the one of every profile, which has a size and members, too. */
export interface Audiences {
  create(input: AudienceInput): Promise<AudienceSavedView>;
  /** In the order in which they were made. */
  list(): Promise<AudienceView[]>;
  get(audience: string): Promise<AudienceView>;
  /** Refused (`conflict`) where audiences that include it no longer could. */
  update(audience: string, change: AudienceChange): Promise<AudienceSavedView>;
  /** Gives the one that is gone. Refused (`conflict`) while others include it. */
  delete(audience: string): Promise<AudienceView>;
  /** How many profiles are members now. `forbidden` where the filter reads fields that the actor may not see. */
  size(audience: string, options?: { readonly signal?: AbortSignal }): Promise<{ readonly size: number }>;
  /** One page of its members, as they are now. */
  members(
    audience: string,
    options?: { readonly cursor?: string; readonly limit?: number; readonly signal?: AbortSignal },
  ): Promise<Page<MemberView>>;
  /** All its members, as they were when the first was asked for; `transient` when none is taken for 20 s. */
  eachMember(audience: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<MemberView>;
  /** Imports the members of a list: all of them, or nothing changes. */
  importMembers(audience: string, input: MembersInput): Promise<ImportedMembersView>;
}

/** What of a profile is asked for. */
export interface EntityQuery {
  /** Profile table. */
  readonly table: string;
  /** Field that identifies it; the cookie's unless told: `_uid`, else `_uids`. */
  readonly field?: string;
  readonly value: string;
  /** Fields to give; all unless told. */
  readonly fields?: readonly string[];
  /** Whether to give the slugs of its audiences; they are unless told. */
  readonly segments?: boolean;
  /** Whether to give `meta`; it is unless told. */
  readonly meta?: boolean;
}

/** Profiles as the entity API has them. */
export interface Entities {
  /** Failure `config` (`not_found`) where no profile is named so; `forbidden` for a PII field. */
  get(query: EntityQuery): Promise<EntityView>;
  /** The same as the text of a JSON document. */
  text(query: EntityQuery): Promise<string>;
}

/** Requests to erase people. */
export interface Erasures {
  /**
   * Has the profile that an identity (field and value) names erased, with every identity of it: it is found no more,
   * and data for it is refused until the erasure is done. An identity that is being erased already gives its erasure.
   */
  request(field: string, value: string, options?: { readonly table?: string }): Promise<ErasureView>;
  get(id: string): Promise<ErasureView>;
  /** Newest first. */
  list(options?: { readonly cursor?: string; readonly limit?: number }): Promise<Page<ErasureView>>;
  /** Takes data for the erased again, where the account refuses it for ever. Refused (`conflict`) until it is done. */
  lift(id: string): Promise<ErasureView>;
}
