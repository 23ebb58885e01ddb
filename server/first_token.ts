/**
 * The first token: without one nobody could ask for one.
 *
 * @module
 */
import type { Tokens } from "../core/engine/runtime.ts";

/** Makes an admin token where there is none, and hands what is to be shown to `tell`. */
export async function ensureFirstToken(tokens: Tokens, tell: (text: string) => void): Promise<void> {
  if (await tokens.anyAdmin()) return;
  const { id, token } = await tokens.create({ name: "First token", scopes: ["admin"] });
  try {
    tell(`\nAn API token (scope admin), as there was none. Keep it: it is never shown again.\n\n  ${token}\n\n`);
  } catch (error) {
    // Nobody would ever know it, and the next start would make no other.
    await tokens.delete(id);
    throw error;
  }
}
