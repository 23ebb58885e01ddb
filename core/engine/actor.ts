/**
 * Who acts: every change is written down under somebody's name.
 *
 * @module
 */
import type { Scope } from "./scopes.ts";

/** Who acts. */
export interface Actor {
  /**
   * `token`: whoever calls the HTTP API; `apikey`: whoever calls the bulk APIs with an API key; `user`: whoever types commands; `system`: Waybill itself; `link`: whoever has a
   * signed link, which may fetch its file and nothing else.
   */
  readonly kind: "token" | "apikey" | "user" | "system" | "link";
  /** Id of the token or of the link's file, the API key (no secret), the user's number; null where there is none. */
  readonly id: string | null;
  /** The token's or user's name at that time. */
  readonly name: string;
  /** What it may do; commands and Waybill itself may do everything. */
  readonly scopes: readonly Scope[];
}

/** Waybill itself: the first token, a host key that a run pins, the mapping of a stream that an import brings. */
export const SYSTEM: Actor = { kind: "system", id: null, name: "Waybill", scopes: ["admin"] };

/** Whoever types commands, by the operating system's name for them. */
export function commandLineUser(id: string | null, name: string): Actor {
  return { kind: "user", id, name, scopes: ["admin"] };
}

/** The token that makes something, as it stands with what was made; null for everybody else. */
export function makerOf(
  { kind, id, name }: Actor,
): { readonly user_id: string | null; readonly user_name: string | null } {
  return kind === "token" ? { user_id: id, user_name: name } : { user_id: null, user_name: null };
}

/**
 * Whether what the actor makes may reach into Waybill's own network: whoever types commands, Waybill itself, and tokens
 * that may do everything (SPEC §2).
 */
export function isOperator({ kind, scopes }: Actor): boolean {
  return kind === "user" || kind === "system" || scopes.includes("admin");
}
