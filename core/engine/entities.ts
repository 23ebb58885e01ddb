/**
 * Profiles as the entity API has them: attributes, and the audiences that they are in.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";
import { parseJson } from "../contracts/json.ts";
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
    const known = entityTables.get(accountId, query.table, revision);
    // What is there at once is not waited for: each wait makes garbage.
    const table = known instanceof Promise ? await known : known;
    if (table === undefined) {
      throw notFound(query, `There is no profile table "${query.table}"; those of people are in "${DEFAULT_TABLE}"`);
    }
    const { identifyBy } = table.target.rules;
    const finding = field === undefined ? firstOf(COOKIE_FIELDS, table, value) : findBy(field, table, value);
    const found = finding instanceof Promise ? await finding : finding;
    if (found === undefined) throw notFound(query, lookUpHint(identifyBy.filter(visible)));
    const asked = !segments ? undefined : segmentsOf(
      database.kysely,
      table.audiences,
      table.target,
      found,
      { now: () => database.now(), visible: everything ? undefined : visible },
    );
    const slugs = asked instanceof Promise ? await asked : asked;
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
  return { text, get: async (query) => parseJson(await text(query)) };
}

/** The text of a JSON object with the slugs of audiences, if there are any to give. */
function withSegments(object: string, slugs: readonly string[] | undefined): string {
  if (slugs === undefined) return object;
  return `${object.slice(0, -1)}${object === "{}" ? "" : ","}"${SEGMENTS}":${JSON.stringify(slugs)}}`;
}

/** The profile that a value of a field names; nothing by a field that identifies none. */
function findBy(field: string, table: EntityTable, value: string): ReturnType<EntityTable["find"]> {
  return table.target.rules.identifyBy.includes(field) ? table.find(field, value) : undefined;
}

/** The first profile that a value of one of some fields names. */
async function firstOf(fields: readonly string[], table: EntityTable, value: string) {
  for (const field of fields) {
    const found = await findBy(field, table, value);
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
