/**
 * Profiles: what `profile get` and its route give.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import { Failure } from "../contracts/failure.ts";
import { findProfile } from "../profiles/find_profile.ts";
import { type Kind, shownValue } from "../lql/mod.ts";
import { kindsOf, openTarget } from "../profiles/mapping.ts";
import { latestStamp, type ProfileState } from "../profiles/profile_state.ts";
import type { ProfileStatements } from "../profiles/statements.ts";
import { requireVisible, visibleFields } from "./account_settings.ts";
import type { EngineContext } from "./context.ts";
import { currentGeneration } from "./generations.ts";
import { isoTime } from "./iso_time.ts";
import { DEFAULT_TABLE, requireTable, tableName } from "./profile_tables.ts";
import type { Profiles } from "./runtime.ts";
import type { ProfileView } from "./views.ts";

/** What profiles need of the engine. */
type ProfilesContext = Pick<EngineContext, "database" | "accountId" | "account" | "actor">;

/** The profiles of the context's account, as its actor may see them. `key` is the identity key. */
export function profilesOf(
  { database, accountId: account, account: { settings }, actor }: ProfilesContext,
  statements: ProfileStatements,
  key: Uint8Array,
): Profiles {
  const visible = visibleFields(actor, settings);
  return {
    get: async (field, value, options = {}) => {
      requireVisible(actor, settings, field);
      const table = await requireTable(database.kysely, account, options.table ?? DEFAULT_TABLE);
      const name = await tableName(database.kysely, account, table);
      const target = openTarget(await currentGeneration(database.kysely, account, table), key, 0);
      const { identifyBy } = target.rules;
      if (!identifyBy.includes(field)) {
        throw new Failure("config", `Field "${field}" identifies no profile of table "${name}"`, {
          code: "not_found",
          hint: identifyBy.length === 0
            ? "Import with `identify_by` to make profiles"
            : `Look profiles up by ${identifyBy.filter(visible).map((identity) => `"${identity}"`).join(", ")}`,
        });
      }
      const found = await findProfile(database.kysely, statements, target, field, value);
      if (found === undefined) {
        throw new Failure("config", `No profile of table "${name}" has ${field} "${value}"`, {
          code: "not_found",
          hint: "Check the value: it is normalised by the table's rules, and one on the deny-list names nobody",
        });
      }
      return view(name, found.state, kindsOf(target.generation), visible);
    },
  };
}

function view(
  table: string,
  state: ProfileState,
  kinds: ReadonlyMap<string, Kind>,
  visible: (field: string) => boolean,
): ProfileView {
  const stored = state.store();
  return {
    id: stored.id,
    table,
    attributes: shownAttributes(stored.attributes, kinds, visible),
    identities: onlyVisible(state.identities(), visible),
    updated_at: isoTime(latestStamp(stored)[0]),
  };
}

/** The fields of a profile that may be seen, as they are shown. `attributes` is JSON as it is stored. */
export function shownAttributes(
  attributes: string,
  kinds: ReadonlyMap<string, Kind>,
  visible: (field: string) => boolean,
): ProfileView["attributes"] {
  const stored: ProfileView["attributes"] = parseJson(attributes);
  return Object.fromEntries(
    Object.entries(stored).filter(([field]) => visible(field))
      .map(([field, value]) => [field, shownValue(kinds.get(field), value)]),
  );
}

function onlyVisible<T>(fields: { readonly [field: string]: T }, visible: (field: string) => boolean) {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => visible(field)));
}
