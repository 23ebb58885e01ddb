/**
 * Failures whose words are for whoever uses an account.
 *
 * @module
 */
import { Failure, type FailureOptions } from "../../contracts/failure.ts";

/**
 * A `Failure` of kind `transient` that partners may read: others of that kind tell of databases and disks, which are
 * nobody's business outside.
 */
export class AccountFailure extends Failure {
  /** `message` and hint say nothing of the machine. */
  constructor(message: string, options: FailureOptions = {}) {
    super("transient", message, options);
  }
}
