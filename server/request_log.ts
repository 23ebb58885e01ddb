/**
 * One line of the log for each request. Queries are left out: they hold tokens and personal data.
 *
 * @module
 */
import type { Log } from "../core/contracts/log.ts";
import type { Target } from "./route_table.ts";

/** What follows in these paths names a person. */
const PERSONAL = /^(\/api\/(?:entity\/[^/]*|me))\/./;

/** The signature of a link: whoever sends its `?` as `%3F` has it in the path. */
const SIGNATURE = /v\d+\.[\w-]{43}/g;

/** Characters of the shortest one. */
const SHORTEST = 46;

/** Probes come every few seconds and say nothing. */
const QUIET = new Set(["/healthz", "/readyz"]);

/** A request that was answered. */
export interface Answered {
  /** Names it in the log and in errors. */
  readonly id: string;
  readonly method: string;
  readonly target: Target;
  readonly status: number;
  /** When it came, as `performance.now` tells it. */
  readonly since: number;
}

/** Writes a request down. */
export function logRequest(log: Log, { id, method, target, status, since }: Answered): void {
  const { parts } = target;
  // The commonest by far, without a detour.
  const isLookUp = parts.length === 5 && parts[1] === "entity" && parts[0] === "api" && !parts[2]!.includes("/");
  const path = isLookUp ? `/api/entity/${parts[2]}/…` : `/${parts.join("/")}`;
  const personal = isLookUp ? undefined : PERSONAL.exec(path)?.[1];
  const shown = personal === undefined ? path : `${personal}/…`;
  log[QUIET.has(path) ? "debug" : "info"]("Request", {
    request_id: id,
    method,
    path: shown.length < SHORTEST ? shown : shown.replaceAll(SIGNATURE, "…"),
    status,
    duration_ms: Math.round(performance.now() - since),
  });
}
