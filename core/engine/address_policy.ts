/**
 * Which addresses an auth may reach: by who configured it, and by what the operator allows everybody.
 *
 * @module
 */
import type { AddressPolicy } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import { isAllowedForm } from "../files/address/allowed.ts";

/** Names, addresses and ranges, separated by commas. */
const ALLOW_HOSTS = "WAYBILL_ALLOW_HOSTS";

/**
 * The policy of an auth that an operator configured, or somebody else did. Failure `config` where `WAYBILL_ALLOW_HOSTS`
 * holds something that cannot be a host.
 */
export function addressPolicy(byOperator: boolean): AddressPolicy {
  if (byOperator) return { allowPrivate: true };
  const allowHosts = (Deno.env.get(ALLOW_HOSTS) ?? "").split(",").map((host) => host.trim()).filter((host) => host);
  const wrong = allowHosts.find((host) => !isAllowedForm(host));
  if (wrong !== undefined) {
    throw new Failure("config", `"${wrong}" in ${ALLOW_HOSTS} is no host`, {
      hint: "Give names, names with all below them (*.example.com), addresses, or ranges such as 10.1.0.0/16",
    });
  }
  return { allowPrivate: false, allowHosts };
}
