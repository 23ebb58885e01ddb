/**
 * Loaded before every test file: with `WAYBILL_TEST_SEED`, a whole number, properties draw the same cases each time.
 * The gate sets it from the commit, so that a commit passes or fails alike on every machine, and the next one draws
 * others.
 *
 * @module
 */
const seed = Deno.env.get("WAYBILL_TEST_SEED");
if (seed !== undefined) {
  const { configureGlobal } = await import("fast-check");
  configureGlobal({ seed: Number(seed) });
}
