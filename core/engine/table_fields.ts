/**
 * What the profiles of a table hold, field by field.
 *
 * All profiles of a small table are looked at; of a large one {@linkcode STRETCHES} stretches of neighbours, spread evenly
 * over the range of ids, so that the answer takes as long for a million profiles as for ten thousand.
 *
 * @module
 */
import { parseJson } from "../contracts/json.ts";
import type { JsonValue } from "../contracts/records.ts";
import type { Executor } from "../database/database.ts";
import { shownValue } from "../lql/mod.ts";
import { programOf, rulesOf, type Target } from "../profiles/mapping.ts";
import type { TableFieldView } from "./views.ts";

/** Profiles that are looked at one by one. */
const MOST_WHOLE = 10_000;
/** Stretches of a larger table, and profiles of each. */
const STRETCHES = 100, STRETCH = 100;
/** Examples of a field. */
const EXAMPLES = 5;
/** Characters of an example that is a text. */
const LONGEST = 200;

interface FieldCount {
  filled: number;
  readonly examples: Map<string, JsonValue>;
}

/** How many profiles a generation has. */
export async function countProfiles(executor: Executor, { scope: { account, table } }: Target): Promise<number> {
  const { count } = await executor.selectFrom("profiles").select((select) => select.fn.countAll().as("count"))
    .where("account_id", "=", account).where("table_id", "=", table).executeTakeFirstOrThrow();
  return Number(count);
}

/** The fields that may be seen, those filled most first, and how many profiles were looked at. */
export async function tableFields(
  executor: Executor,
  target: Target,
  profiles: number,
  visible: (field: string) => boolean,
): Promise<{ readonly sampled: number; readonly fields: TableFieldView[] }> {
  const counts = new Map<string, FieldCount>();
  let sampled = 0;
  for await (const attributes of sampleOf(executor, target, profiles)) {
    sampled++;
    for (const [name, value] of Object.entries(parseJson<{ [field: string]: JsonValue }>(attributes))) {
      if (visible(name)) count(counts, name, value);
    }
  }
  const columns = new Map(
    target.generation.mappings.flatMap(({ definition }) => programOf(definition)?.columns ?? [])
      .map((column) => [column.name, column]),
  );
  const { identifyBy } = rulesOf(target.generation);
  const names = new Set([...counts.keys(), ...columns.keys(), ...identifyBy]);
  const fields = [...names].filter(visible).map((name): TableFieldView => {
    const { kind, merge = "LATEST" } = columns.get(name) ?? {};
    const { filled = 0, examples = new Map<string, JsonValue>() } = counts.get(name) ?? {};
    return {
      name,
      kind: kind ?? null,
      merge,
      identifies: identifyBy.includes(name),
      fill_rate: sampled === 0 ? 0 : filled / sampled,
      examples: [...examples.values()].map((value) => shownValue(kind, value)),
    };
  });
  return { sampled, fields: fields.sort((a, b) => b.fill_rate - a.fill_rate || (a.name < b.name ? -1 : 1)) };
}

function count(counts: Map<string, FieldCount>, name: string, value: JsonValue): void {
  let field = counts.get(name);
  if (field === undefined) counts.set(name, field = { filled: 0, examples: new Map() });
  field.filled++;
  if (field.examples.size >= EXAMPLES) return;
  const shown = typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
  field.examples.set(JSON.stringify(shown), shown);
}

/** Attributes of the profiles to be looked at. */
async function* sampleOf(
  executor: Executor,
  { scope: { account, table } }: Target,
  profiles: number,
): AsyncGenerator<string> {
  const mine = () => executor.selectFrom("profiles").where("account_id", "=", account).where("table_id", "=", table);
  if (profiles <= MOST_WHOLE) {
    let after = 0;
    while (true) {
      const rows = await mine().select(["id", "attributes"]).where("id", ">", after).orderBy("id").limit(STRETCH * 10)
        .execute();
      for (const { attributes } of rows) yield attributes;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }
  const { first, last } = await mine().select((select) => [
    select.fn.min("id").as("first"),
    select.fn.max("id").as("last"),
  ]).executeTakeFirstOrThrow();
  let after = 0;
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    const from = Math.max(after + 1, Math.floor(first + ((last - first) * stretch) / STRETCHES));
    const rows = await mine().select(["id", "attributes"]).where("id", ">=", from).orderBy("id").limit(STRETCH)
      .execute();
    for (const { attributes } of rows) yield attributes;
    after = rows.at(-1)?.id ?? after;
  }
}
