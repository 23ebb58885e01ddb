/**
 * The failures of zip archives, so that they read the same wherever they are found.
 *
 * @module
 */
import { Failure } from "../../contracts/failure.ts";

/** The archive does not hold together; `how` says what is wrong. */
export function damagedZip(name: string, how: string, cause?: unknown): Failure {
  return new Failure("data", `Zip archive "${name}" is damaged: ${how}`, {
    hint: "Have it packed and sent again",
    cause,
  });
}

/** The archive may be whole, but it is of a sort that is not read. */
export function refusedZip(name: string, what: string, hint: string): Failure {
  return new Failure("data", `Zip archive "${name}" ${what}`, { hint });
}
