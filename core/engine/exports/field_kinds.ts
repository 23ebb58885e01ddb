/**
 * Every field that profiles of a table may have.
 *
 * @module
 */
import type { Executor } from "../../database/database.ts";
import { type GenerationDefinition, programOf, rulesOf } from "../../profiles/mapping.ts";

/**
 * The fields that the mappings of a generation make, with what each holds; null where no mapping says it. A stream without
 * a mapping of its own makes every field that its events ever had.
 */
export async function fieldKinds(
  executor: Executor,
  account: number,
  generation: GenerationDefinition,
): Promise<ReadonlyMap<string, string | null>> {
  const kinds = new Map<string, string | null>(rulesOf(generation).identifyBy.map((field) => [field, null]));
  const whole: number[] = [];
  for (const { stream, definition } of generation.mappings) {
    const program = programOf(definition);
    if (program === undefined) whole.push(stream);
    for (const { name, kind } of program?.columns ?? []) kinds.set(name, kind ?? kinds.get(name) ?? null);
  }
  if (whole.length === 0) return kinds;
  const rows = await executor.selectFrom("stream_fields").select("name").distinct()
    .where("account_id", "=", account).where("stream_id", "in", whole).execute();
  for (const { name } of rows) if (!kinds.has(name)) kinds.set(name, null);
  return kinds;
}
