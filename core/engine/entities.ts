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
import type { EntityView } from "./views.ts";

/** What look-ups need beside the context. */
export interface EntityParts {
  readonly entityTables: EntityTables;
}

/** Fields of a cookie's value: the latest, and all that the profile was met with. */
const COOKIE_FIELDS = ["_uid", "_uids"] as const;

/** The profiles of the context's account, as its actor may see them. */
export function entitiesOf(
  { database, accountId, account: { settings }, actor }: AudienceContext,
  { entityTables }: EntityParts,
): Entities {
  const everything = settings.pii_fields.length === 0 || may(actor, "pii.read");
  const visible = visibleFields(actor, settings);
  return {
    get: async (query) => {
      const { field, value, segments = true, meta = true } = query;
      for (const name of field === undefined ? COOKIE_FIELDS : [field]) requireVisible(actor, settings, name);
      const table = await entityTables.get(accountId, query.table);
      if (table === undefined) {
        throw notFound(query, `There is no profile table "${query.table}"; those of people are in "${DEFAULT_TABLE}"`);
      }
      const { identifyBy } = table.target.rules;
      const found = await first(
        lookUpFields(field, identifyBy),
        (name) => table.find(name, value),
      );
      if (found === undefined) throw notFound(query, lookUpHint(identifyBy.filter(visible)));
      const { attributes } = found;
      const data = shown(table, attributes, visible, query.fields);
      if (segments) {
        data.push([
          "segments",
          await segmentsOf(
            database.kysely,
            table.audiences,
            table.target,
            { attributes, identities: () => found.state.identities() },
            { now: await database.now(), visible: everything ? undefined : visible },
          ),
        ]);
      }
      const answer: EntityView = { data: Object.fromEntries(data), message: "success", status: 200 };
      if (!meta) return answer;
      return { ...answer, meta: { by_fields: identifyBy.filter(visible), format: "json", name: table.name } };
    },
  };
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

/** The fields that are wanted and may be seen. A field of the name `segments` gives way to the audiences. */
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
