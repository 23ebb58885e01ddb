/**
 * Telling an address of the account's by POST.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { type ClientRequestArgs, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { Failure } from "../../contracts/failure.ts";
import type { JsonValue } from "../../contracts/records.ts";
import { resolveAddresses } from "../../files/address.ts";

/** How long the other side may take, in milliseconds. */
const PATIENCE = 10_000;

/** Signs bodies, where it is set. */
const SECRET = "WAYBILL_WEBHOOK_SECRET";

/** The node of an address, as `lookup` of a request gives it. */
interface Node {
  readonly address: string;
  readonly family: number;
}

/**
 * Posts a body as JSON; any answer of 200 to 299 will do. Where `WAYBILL_WEBHOOK_SECRET` is set, `X-Waybill-Signature`
 * is `sha256=` and the HMAC-SHA-256 of the body in hex. Redirects are not followed.
 *
 * The name is resolved once, and the address that was checked is dialled. Only operators set such an address, so it may
 * be a private one; link-local ones and those of metadata services are refused (`config`). Else `transient`.
 */
export async function postWebhook(to: string, body: JsonValue): Promise<void> {
  const url = new URL(to);
  const [address = ""] = await resolveAddresses(url.hostname, { allowPrivate: true });
  const node = { address, family: address.includes(":") ? 6 : 4 };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const secret = Deno.env.get(SECRET) ?? "";
  const status = await answerOf(url, bytes, {
    "content-type": "application/json",
    "content-length": bytes.length,
    "user-agent": "Waybill",
    ...(secret === ""
      ? {}
      : { "x-waybill-signature": `sha256=${createHmac("sha256", secret).update(bytes).digest("hex")}` }),
  }, node);
  if (status >= 200 && status < 300) return;
  throw new Failure("transient", `The webhook at "${url.host}" answers ${status}`, { hint: "Check its address" });
}

async function answerOf(
  url: URL,
  body: Uint8Array,
  headers: NonNullable<ClientRequestArgs["headers"]>,
  node: Node,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const sent = request(url, {
    method: "POST",
    headers,
    agent: false,
    lookup: (_host, options, found) => {
      if (options.all) found(null, [node]);
      else found(null, node.address, node.family);
    },
  }, (answer) => {
    answer.destroy();
    resolve(answer.statusCode ?? 0);
  });
  const late = setTimeout(() => sent.destroy(new Error(`it took longer than ${PATIENCE / 1000} s`)), PATIENCE);
  sent.on("error", (cause) => {
    reject(new Failure("transient", `The webhook at "${url.host}" does not answer: ${cause.message}`, { cause }));
  });
  sent.end(body);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
  }
}
