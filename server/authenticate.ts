/**
 * Who calls: API tokens.
 *
 * @module
 */
import { Failure } from "../core/contracts/failure.ts";
import type { Caller, VerifyToken } from "../core/engine/token_check.ts";
import type { Target } from "./route_table.ts";

/**
 * Whose token a request brings: `Authorization: TOKEN`, `Authorization: Bearer TOKEN` or `?access_token=TOKEN`. The
 * header is looked at first. Failure `auth` (`unauthenticated`) for none, and for one that is not known.
 */
export async function callerOf(request: Request, { search }: Target, verify: VerifyToken): Promise<Caller> {
  const given = givenToken(request.headers.get("authorization"), search);
  if (given === undefined) {
    throw new Failure("auth", "The request has no API token", {
      code: "unauthenticated",
      hint: 'Send the header "Authorization: Bearer TOKEN"',
    });
  }
  const caller = await verify(given);
  if (caller === undefined) {
    throw new Failure("auth", "The API token is not known", {
      code: "unauthenticated",
      hint: "Check that the whole token was copied and that it belongs to this server",
    });
  }
  return caller;
}

function givenToken(header: string | null, search: string): string | undefined {
  const fromHeader = header?.trim().replace(/^Bearer +/i, "");
  if (fromHeader) return fromHeader;
  return (search === "" ? undefined : new URLSearchParams(search).get("access_token")) || undefined;
}
