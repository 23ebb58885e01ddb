/**
 * What is said of bzip2 that cannot be read.
 *
 * @module
 */
import { Failure } from "../contracts/failure.ts";

/** The failure of a damaged stream. */
export function damagedBzip2(): Failure {
  return new Failure("data", "The bzip2 data is damaged or cut short", { hint: "Have the sender make the file again" });
}
