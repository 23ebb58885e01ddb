/**
 * Random numbers by a seed that a failing test's output tells.
 *
 * @module
 */

/** A number in [0, 1). */
export type Random = () => number;

/** The seed that `WAYBILL_TEST_SEED` gives, or a fresh one. */
export function freshSeed(): number {
  const given = Deno.env.get("WAYBILL_TEST_SEED") ?? "";
  return given === "" ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(given) >>> 0;
}

/** Numbers that follow from a seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The items in a random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items.map((item) => ({ item, order: random() })).sort((a, b) => a.order - b.order).map(({ item }) => item);
}
