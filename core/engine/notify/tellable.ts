/**
 * What of a failed run may be told outside of Waybill.
 *
 * @module
 */
import type { FailureJson } from "../../contracts/failure.ts";

/** Why a run failed, and what to do: what is wrong with data may quote it, and what a bug says may be anything. */
export function tellable(
  { kind, message, hint }: FailureJson,
  run: string,
): { readonly message: string; readonly hint: string | null } {
  if (kind !== "data" && kind !== "bug") return { message, hint };
  const what = kind === "data"
    ? "what came could not be taken in"
    : "something went wrong inside Waybill or the plugin";
  return { message: what, hint: `\`waybill run show ${run}\` tells why` };
}
