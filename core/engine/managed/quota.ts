/**
 * An account that holds as much as it may.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** What more bytes than the quota are answered with. */
export function quotaFailure(quota: number): Failure {
  return new Failure("config", `The account is full: its files may have ${quota} bytes`, {
    code: "too_large",
    hint: "Remove files that are no longer needed, or have the quota raised",
  });
}
