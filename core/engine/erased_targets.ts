/**
 * How events name the erased: as their profile table is filled now, and as it was when their identities were taken.
 *
 * A mapping that is changed meanwhile may identify by other fields: what names somebody by the former ones alone would
 * be taken for nobody's.
 *
 * @module
 */
import type { Executor } from "../database/database.ts";
import type { GenerationDefinition, Target } from "../profiles/mapping.ts";
import { currentGeneration } from "./generations.ts";

/** A profile table's current generation, and that generation as each further definition of the list would have it. */
export async function erasedTargets(
  executor: Executor,
  account: number,
  table: number,
  kept: readonly (string | null)[],
): Promise<Target[]> {
  const current = await currentGeneration(executor, account, table);
  const now = JSON.stringify(current.generation);
  const others = new Set(kept.flatMap((list) => definitionsIn(list).map((definition) => JSON.stringify(definition))));
  others.delete(now);
  return [current, ...Array.from(others, (definition) => ({ ...current, generation: JSON.parse(definition) }))];
}

/** The list with one more definition; undefined where it has that one. */
export function withDefinition(kept: string | null, definition: GenerationDefinition): string | undefined {
  const all = definitionsIn(kept), text = JSON.stringify(definition);
  return all.some((own) => JSON.stringify(own) === text) ? undefined : JSON.stringify([...all, definition]);
}

function definitionsIn(kept: string | null): readonly GenerationDefinition[] {
  return kept === null ? [] : JSON.parse(kept);
}
