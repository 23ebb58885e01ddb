/**
 * Targets for tests: the first generation of table 1 of account 1, under default mappings.
 *
 * @module
 */
import type { IdentityHasher } from "./identity.ts";
import { BUILT_IN_RULES } from "./identity_rules.ts";
import { type OpenTarget, openTarget, type Target } from "./mapping.ts";

/** Bytes 0 to 15. */
export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => index);

/** A target of stream 1 under the default mapping. */
export function plainTarget(identifyBy: readonly string[]): Target {
  return {
    scope: { account: 1, table: 1 },
    table: 1,
    generation: { mappings: [{ stream: 1, definition: { kind: "default", identify_by: identifyBy } }], identity: {} },
  };
}

/** The same, ready for events. */
export function testTarget(
  identifyBy: readonly string[],
  { key = TEST_KEY, hashers }: { readonly key?: Uint8Array; readonly hashers?: readonly IdentityHasher[] } = {},
): OpenTarget {
  const target = openTarget(plainTarget(identifyBy), key, 1);
  return hashers === undefined ? target : { ...target, hashers };
}

/** As the built-in rules normalise. */
export function normaliseIdentity(...of: Parameters<typeof BUILT_IN_RULES.normalise>): string | undefined {
  return BUILT_IN_RULES.normalise(...of);
}
