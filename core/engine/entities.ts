/**
 * Profiles as the entity API has them: attributes, and the audiences that they are in.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import type { JsonValue } from "../contracts/records.ts";
import { type FilteredProfile, shownValue } from "../lql/mod.ts";
import { requireVisible, visibleFields } from "./account_settings.ts";
import { may } from "./capabilities.ts";
import type { AudienceContext } from "./audience_context.ts";
import { segmentsOf } from "./audience_segments.ts";
import type { EntityTable, EntityTables } from "./entity_tables.ts";
import { DEFAULT_TABLE } from "./profile_tables.ts";
import type { Entities, EntityQuery } from "./runtime.ts";

/** What look-ups need beside the context. */
export interface EntityParts {
  readonly entityTables: EntityTables;
}

/** Fields of a cookie's value: the latest, and all that the profile was met with. */
const COOKIE_FIELDS = ["_uid", "_uids"] as const;

/** Where the slugs of audiences stand. A field of the profile that has this name gives way to them. */
const SEGMENTS = "segments";

/** The profiles of the context's account, as its actor may see them. */
export function entitiesOf(
  { database, accountId, account: { settings }, actor, revision }: AudienceContext,
  { entityTables }: EntityParts,
): Entities {
  const everything = settings.pii_fields.length === 0 || may(actor, "pii.read");
  const visible = visibleFields(actor, settings);
  const metas = new WeakMap<EntityTable, string>();
  /** The same for all profiles of a table. */
  const metaOf = (table: EntityTable): string => {
    let meta = metas.get(table);
    if (meta === undefined) {
      const byFields = table.target.rules.identifyBy.filter(visible);
      metas.set(table, meta = JSON.stringify({ by_fields: byFields, format: "json", name: table.name }));
    }
    return meta;
  };
  const text = async (query: EntityQuery): Promise<string> => {
    const { field, value, segments = true, meta = true } = query;
    for (const name of field === undefined ? COOKIE_FIELDS : [field]) requireVisible(actor, settings, name);
    const table = await entityTables.get(accountId, query.table, revision);
    if (table === undefined) {
      throw notFound(query, `There is no profile table "${query.table}"; those of people are in "${DEFAULT_TABLE}"`);
    }
    const { identifyBy } = table.target.rules;
    const found = await first(lookUpFields(field, identifyBy), (name) => table.find(name, value));
    if (found === undefined) throw notFound(query, lookUpHint(identifyBy.filter(visible)));
    const slugs = !segments ? undefined : await segmentsOf(
      database.kysely,
      table.audiences,
      table.target,
      found,
      { now: () => database.now(), visible: everything ? undefined : visible },
    );
    // What is shown just as it is stored is not written anew.
    const asStored = everything && query.fields === undefined && table.shownAsStored &&
      (slugs === undefined || !Object.hasOwn(found.attributes, SEGMENTS));
    const data = asStored ? found.text : JSON.stringify(
      Object.fromEntries(
        shown(table, found.attributes, visible, query.fields).filter(([name]) =>
          slugs === undefined || name !== SEGMENTS
        ),
      ),
    );
    const view = withSegments(data, slugs);
    if (!meta) return `{"data":${view},"message":"success","status":200}`;
    return `{"data":${view},"message":"success","meta":${metaOf(table)},"status":200}`;
  };
  return { text, get: async (query) => JSON.parse(await text(query)) };
}

/** The text of a JSON object with the slugs of audiences, if there are any to give. */
function withSegments(object: string, slugs: readonly string[] | undefined): string {
  if (slugs === undefined) return object;
  return `${object.slice(0, -1)}${object === "{}" ? "" : ","}"${SEGMENTS}":${JSON.stringify(slugs)}}`;
}

/** The identity fields to look by. */
function lookUpFields(field: string | undefined, identifyBy: readonly string[]): readonly string[] {
  return (field === undefined ? COOKIE_FIELDS : [field]).filter((name) => identifyBy.includes(name));
}

async function first<T>(names: readonly string[], find: (name: string) => Promise<T | undefined>) {
  for (const name of names) {
    const found = await find(name);
    if (found !== undefined) return found;
  }
}

/** The fields that are wanted and may be seen. */
function shown(
  { kinds }: EntityTable,
  attributes: FilteredProfile,
  visible: (field: string) => boolean,
  fields: readonly string[] | undefined,
): [string, JsonValue][] {
  const wanted = fields === undefined ? undefined : new Set(fields);
  return Object.entries(attributes).filter(([field]) => visible(field) && wanted?.has(field) !== false)
    .map(([field, value]) => [field, shownValue(kinds.get(field), value)]);
}

function notFound({ table, field, value }: EntityQuery, hint: string): Failure {
  const by = field === undefined ? "the cookie" : field;
  return new Failure("config", `No profile of table "${table}" has ${by} "${value}"`, { code: "not_found", hint });
}

function lookUpHint(identifyBy: readonly string[]): string {
  const by = identifyBy.map((name) => `"${name}"`).join(", ");
  return by === "" ? "No field identifies profiles of this table" : `Profiles are found by ${by}`;
}
