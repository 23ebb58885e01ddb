/**
 * Which addresses an auth may reach: by who configured it, by what the operator allows everybody, and Waybill's own
 * SFTP server.
 *
 * @module
 */
import type { AddressPolicy, ListeningAddress } from "../contracts/auth.ts";
import { Failure } from "../contracts/failure.ts";
import { hostname } from "node:os";
import type { Database } from "../database/database.ts";
import { isAllowedForm } from "../files/address/allowed.ts";
import { livingProcesses } from "./processes.ts";

/** Names, addresses and ranges, separated by commas. */
const ALLOW_HOSTS = "WAYBILL_ALLOW_HOSTS";

/**
 * The policy of an auth that an operator configured, or somebody else did. Failure `config` where `WAYBILL_ALLOW_HOSTS`
 * holds something that cannot be a host.
 */
export async function addressPolicy(
  byOperator: boolean,
  { ownServers }: { readonly ownServers?: (() => Promise<readonly ListeningAddress[]>) | undefined },
): Promise<AddressPolicy> {
  if (byOperator) return { allowPrivate: true };
  const allowHosts = (Deno.env.get(ALLOW_HOSTS) ?? "").split(",").map((host) => host.trim()).filter((host) => host);
  const wrong = allowHosts.find((host) => !isAllowedForm(host));
  if (wrong !== undefined) {
    throw new Failure("config", `"${wrong}" in ${ALLOW_HOSTS} is no host`, {
      hint: "Give names, names with all below them (*.example.com), addresses, or ranges such as 10.1.0.0/16",
    });
  }
  return { allowPrivate: false, allowHosts, own: await ownServers?.() ?? [] };
}

/** Where the SFTP servers of living processes on this machine listen. `folder` holds the lock files of processes. */
export async function ownServers(database: Database, folder: string): Promise<readonly ListeningAddress[]> {
  const rows = await database.kysely.selectFrom("processes").select(["id", "sftp_address"])
    .where("sftp_address", "is not", null).where("machine", "=", hostname()).execute();
  if (rows.length === 0) return [];
  const living = (await livingProcesses(database, folder)).map(({ id }) => id);
  return rows.flatMap(({ id, sftp_address }) =>
    living.includes(id) && sftp_address !== null ? [JSON.parse(sftp_address) as ListeningAddress] : []
  );
}
